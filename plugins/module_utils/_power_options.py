# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What the user wishes for the timetable of a tracking server: the module's options, checked. Makes no call."""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker as sagemaker
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _tags as tags
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import POWER_ACCESS, SCHEDULER_PRINCIPAL
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_timetable import (
    checked_timezone,
    expression_of,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import (
    RoleWish,
    TrustWish,
    checked_boundary,
    checked_name,
    checked_path,
)

if t.TYPE_CHECKING:
    from collections.abc import Mapping

VERBS = ("start", "stop")
DEFAULT_GROUP = "default"
LONGEST_NAME = 64
_HASH = 10
_GROUP = re.compile(r"[0-9a-zA-Z_.-]{1,64}")


@dataclass(frozen=True)
class Delivery:
    """How Scheduler invokes the target.

    :param window: minutes within which it may do so, 0 for at once.
    """

    window: int
    maximum_event_age: int
    maximum_attempts: int


@dataclass(frozen=True)
class PowerWish:
    """The wished timetable.

    :param expressions: by verb; a verb that is missing has no schedule.
    :param role_arn: of a role that exists and is not touched; None for a role of our own.
    :param role: our own role, without what depends on the account.
    :param tags: of our own role, and of a group of schedules.
    """

    name: str
    region: str
    present: bool
    expressions: Mapping[str, str]
    timezone: str
    enabled: bool
    group: str
    delivery: Delivery
    role_arn: str | None
    role: RoleWish
    tags: Mapping[str, str] | None

    @property
    def owns_role(self) -> bool:
        """Whether the role is made and removed here."""
        return self.role_arn is None

    @property
    def names_group(self) -> bool:
        """Whether the schedules are in a group of the user's."""
        return self.group != DEFAULT_GROUP

    def schedule_name(self, verb: str) -> str:
        """The name of the schedule that starts, or stops, this server."""
        return shortened(self.name, f"-{verb}")


def shortened(name: str, end: str) -> str:
    """A name of at most 64 characters, another one for each server.

    A server's name has no dot, so a name with a dot and a hash is nobody's own.
    """
    if len(name) + len(end) <= LONGEST_NAME:
        return name + end
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH]
    return f"{name[: LONGEST_NAME - len(end) - _HASH - 1]}.{digest}{end}"


def wish_from(options: Mapping[str, t.Any], region: str | None) -> PowerWish:
    """The wish from the module's options. Raises MlflowError for what AWS would refuse."""
    name = sagemaker.checked_name("name", options["name"])
    region = sagemaker.checked_region(region)
    present = options["state"] == "present"
    return PowerWish(
        name=name,
        region=region,
        present=present,
        expressions=_expressions(options) if present else {},
        timezone=checked_timezone("timezone", options["timezone"]),
        enabled=options["enabled"],
        group=_group(options["schedule_group"]),
        delivery=_delivery(options),
        role_arn=_role_arn(options),
        role=_role(options, name, region),
        tags=tags.wished(options["tags"]),
    )


def _expressions(options: Mapping[str, t.Any]) -> dict[str, str]:
    found = {verb: expression_of(verb, options[verb]) for verb in VERBS if options[verb] is not None}
    if not found:
        raise MlflowError(
            'start and stop: one of them at least must say when, as in stop: {days: [Fri], time: "19:00"}. To remove '
            "the timetable, set state to absent."
        )
    return found


def _group(name: str) -> str:
    if not _GROUP.fullmatch(name):
        raise MlflowError(f"schedule_group: '{name[:80]}' is not allowed: 1 to 64 letters, digits and _.-")
    return name


def _delivery(options: Mapping[str, t.Any]) -> Delivery:
    retry = options["retry_policy"] or {}
    age = retry.get("maximum_event_age_in_seconds")
    attempts = retry.get("maximum_retry_attempts")
    return Delivery(
        window=_within("flexible_time_window", options["flexible_time_window"], 0, 1440),
        maximum_event_age=_within(
            "retry_policy.maximum_event_age_in_seconds", 3600 if age is None else age, 60, 86_400
        ),
        maximum_attempts=_within("retry_policy.maximum_retry_attempts", 185 if attempts is None else attempts, 0, 185),
    )


def _within(option: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise MlflowError(f"{option}: {value} is not allowed: {least} to {most}.")
    return value


def _role_arn(options: Mapping[str, t.Any]) -> str | None:
    arn: str | None = options["role_arn"]
    if arn is None:
        return None
    given = [name for name in ("role_name", "role_path", "role_permissions_boundary") if options[name] is not None]
    if given:
        raise MlflowError(
            f"role_arn names a role that is not touched, and {', '.join(given)} describes one that is made. Set either."
        )
    return sagemaker.checked_role_arn("role_arn", arn)


def _role(options: Mapping[str, t.Any], name: str, region: str) -> RoleWish:
    """Roles are global and servers are not, so the region is in the derived name."""
    derived = shortened(name, f"-power-{region}")
    return RoleWish(
        name=checked_name("role_name", derived if options["role_name"] is None else options["role_name"]),
        present=options["state"] == "present",
        region=region,
        service=SCHEDULER_PRINCIPAL,
        own_policies={POWER_ACCESS: {}},
        trust=TrustWish(options["confused_deputy_protection"], None, ()),
        permissions_boundary=checked_boundary("role_permissions_boundary", options["role_permissions_boundary"]),
        path=checked_path("role_path", options["role_path"]),
        tags=tags.wished(options["tags"]),
        purge_tags=options["purge_tags"],
    )
