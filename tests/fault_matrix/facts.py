# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that a local AWS holds, as one value to compare: whatever was lost, doubled or left behind shows.

Left out is what two runs of the same calls do not share: times, and the ids that AWS draws.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime
from enum import Enum

from localaws import moto_pickle

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from in_process_aws.region import InProcessRegion

    from localaws.control_plane.store import MlflowResource

_SERVICES = ("iam", "s3", "scheduler", "kms", "ec2", "cloudtrail")
_DRAWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b(vpce|vpc|subnet|sg|sgr|rtb|igw|acl|eni|dopt)-[0-9a-z]{8,}"
    r"|\b(AROA|AIDA|ANPA|AGPA|AKIA)\w{8,}|\bapp-\w{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)?"
)
# New buckets of AWS block SSE-C; those of the local AWS do once their encryption is written.
_DRAWN_FIELD = re.compile(
    r"(^|_)(id|ids|date|time|etag|on|modified|md5|token|lock|ip_address|dns_entries|network_interface_ids|private_ip)$"
    r"|^(BlockedEncryptionTypes|created|updated|last_updated|latest_delivery|key_material|_key_version|hosted_zone)"
)
_MLFLOW = (
    "kind",
    "name",
    "artifact_store_uri",
    "role_arn",
    "weekly_maintenance_window_start",
    "tags",
    "automatic_model_registration",
    "size",
    "kms_key_id",
    "account_default",
    "default_domain_ids",
    "running",
)
"""Beside the status: C(Created) and C(Updated) are the same thing with another history."""


FINISHED = 600.0
"""Seconds in which every operation ends that is not stuck."""


def facts(aws: InProcessRegion) -> str:
    """The whole account, once AWS has finished what it is at."""
    aws.running.clock.advance(FINISHED)
    return facts_now(aws)


def facts_now(aws: InProcessRegion) -> str:
    """The whole account, with what AWS is at."""
    parts = [f"{name}\n{_text(dict(_backends(module)))}" for name, module in _modules()]
    return "\n".join([*parts, *sorted(_mlflow(each) for each in aws.running.store.all() if not each.is_deleted)])


def differences(one: str, other: str) -> list[str]:
    """What only one of two accounts has; for messages."""
    left, right = one.splitlines(), other.splitlines()
    return [f"- {line}" for line in left if line not in right] + [f"+ {line}" for line in right if line not in left]


def _mlflow(resource: MlflowResource) -> str:
    settled = "" if resource.transition is None else f" ({resource.status})"
    failed = f" {resource.status}" if resource.status.endswith("Failed") else ""
    return " ".join(f"{field}={getattr(resource, field)!r}" for field in _MLFLOW) + settled + failed


def _modules() -> list[tuple[str, str]]:
    used = moto_pickle.used_backends()
    return [(name, f"moto.{name}.models") for name in _SERVICES if f"moto.{name}.models" in used]


def _backends(module: str) -> Iterator[tuple[str, t.Any]]:
    for account, regions in moto_pickle.used_backends()[module].items():
        for region, backend in regions.items():
            yield f"{account} {region}", vars(backend)


def _text(value: t.Any) -> str:
    return "\n".join(_lines(value, "", frozenset()))


def _lines(value: t.Any, path: str, above: frozenset[int]) -> Iterator[str]:
    """One line for each plain value, with the way to it; of a set of equal things each has its line."""
    if value is None or isinstance(value, (bool, int, float, datetime, bytes)):
        if not isinstance(value, (datetime, float)) and value not in (None, False):
            yield f"{path} = {value!r}"
    elif isinstance(value, (str, Enum)):
        yield f"{path} = {_DRAWN.sub('*', str(value))}"
    elif id(value) in above or type(value).__module__.startswith(("cryptography", "_thread", "threading", "tempfile")):
        return
    else:
        for name, each in _members(value):
            yield from _lines(each, f"{path}/{name}", above | {id(value)})


def _members(value: t.Any) -> list[tuple[str, t.Any]]:
    if isinstance(value, dict):
        named = [(_DRAWN.sub("*", str(key)), each) for key, each in value.items()]
        return sorted(((name, each) for name, each in named if not _DRAWN_FIELD.search(name)), key=lambda pair: pair[0])
    if isinstance(value, (list, tuple, set, frozenset)):
        return [("", each) for each in value]
    from moto.core.base_backend import BaseBackend

    fields = {} if isinstance(value, BaseBackend) else getattr(value, "__dict__", {})
    return _members({name: each for name, each in fields.items() if not callable(each)})
