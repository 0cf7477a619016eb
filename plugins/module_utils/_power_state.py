# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The timetable of a tracking server as it is and as it will be: plain values. Pure."""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import VERBS, Delivery
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import describe as describe_role

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import PowerWish
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import RoleState

KEPT = ("Description", "StartDate", "EndDate", "KmsKeyArn", "ActionAfterCompletion")
"""What this collection does not decide. An update that leaves it out would take it away."""
UTC = "UTC"
_AWS_DELIVERY = Delivery(window=0, maximum_event_age=86_400, maximum_attempts=185)


@dataclass(frozen=True)
class Schedule:
    """One schedule.

    :param server: the tracking server in the target's input; None when it names none.
    :param kept: the other settings as AWS has them, and the target's under C(Target).
    """

    expression: str
    timezone: str
    enabled: bool
    target_arn: str
    server: str | None
    role_arn: str
    delivery: Delivery
    kept: Mapping[str, t.Any] = field(default_factory=dict)

    def shown(self) -> dict[str, t.Any]:
        """For the reader of a diff, in the words of the options."""
        return {
            "schedule_expression": self.expression,
            "timezone": self.timezone,
            "enabled": self.enabled,
            "role_arn": self.role_arn,
            "flexible_time_window": self.delivery.window,
            "retry_policy": {
                "maximum_event_age_in_seconds": self.delivery.maximum_event_age,
                "maximum_retry_attempts": self.delivery.maximum_attempts,
            },
        }


@dataclass(frozen=True)
class Group:
    """A group of schedules that the user named; its tags only when they were asked about."""

    exists: bool
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PowerState:
    """Everything about the timetable.

    :param schedules: by verb; a verb without a schedule is missing.
    :param role: our own role; None when the user named one.
    :param group: None for the default group, and when the timetable is to go.
    """

    partition: str
    account_id: str
    schedules: Mapping[str, Schedule]
    role: RoleState | None
    group: Group | None

    @property
    def exists(self) -> bool:
        """Whether there is anything of it."""
        return bool(self.schedules) or (self.role is not None and self.role.exists)


def server_arn(wish: PowerWish, state: PowerState) -> str:
    """The tracking server."""
    return f"arn:{state.partition}:sagemaker:{wish.region}:{state.account_id}:mlflow-tracking-server/{wish.name}"


def group_arn(wish: PowerWish, state: PowerState) -> str:
    """The group of the schedules, on whose behalf Scheduler takes the role."""
    return f"arn:{state.partition}:scheduler:{wish.region}:{state.account_id}:schedule-group/{wish.group}"


def target_arn(partition: str, verb: str) -> str:
    """The universal target that starts, or stops, a tracking server."""
    return f"arn:{partition}:scheduler:::aws-sdk:sagemaker:{verb}MlflowTrackingServer"


def role_arn(wish: PowerWish, state: PowerState) -> str:
    """The role that Scheduler takes."""
    if wish.role_arn is not None:
        return wish.role_arn
    return "" if state.role is None else state.role.arn(wish.role.name)


def from_aws(answer: Mapping[str, t.Any]) -> Schedule:
    """The answer of GetSchedule."""
    target, window = answer["Target"], answer.get("FlexibleTimeWindow", {})
    retry = target.get("RetryPolicy", {})
    kept = {name: answer[name] for name in KEPT if answer.get(name) is not None}
    others = {name: target[name] for name in target.keys() - {"Arn", "RoleArn", "Input", "RetryPolicy"}}
    return Schedule(
        expression=answer["ScheduleExpression"],
        timezone=answer.get("ScheduleExpressionTimezone") or UTC,
        enabled=answer.get("State") != "DISABLED",
        target_arn=target["Arn"],
        server=_server(target.get("Input")),
        role_arn=target["RoleArn"],
        delivery=Delivery(
            window=window.get("MaximumWindowInMinutes", 0) if window.get("Mode") == "FLEXIBLE" else 0,
            maximum_event_age=retry.get("MaximumEventAgeInSeconds", _AWS_DELIVERY.maximum_event_age),
            maximum_attempts=retry.get("MaximumRetryAttempts", _AWS_DELIVERY.maximum_attempts),
        ),
        kept={**kept, **({"Target": others} if others else {})},
    )


def to_aws(wish: PowerWish, verb: str, schedule: Schedule) -> dict[str, t.Any]:
    """The request of CreateSchedule and UpdateSchedule, with every setting: what is left out is reset."""
    kept = dict(schedule.kept)
    window = schedule.delivery.window
    return {
        "Name": wish.schedule_name(verb),
        "GroupName": wish.group,
        "ScheduleExpression": schedule.expression,
        "ScheduleExpressionTimezone": schedule.timezone,
        "State": "ENABLED" if schedule.enabled else "DISABLED",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": window} if window else {"Mode": "OFF"},
        "Target": {
            **kept.pop("Target", {}),
            "Arn": schedule.target_arn,
            "RoleArn": schedule.role_arn,
            "Input": json.dumps({"TrackingServerName": wish.name}),
            "RetryPolicy": {
                "MaximumEventAgeInSeconds": schedule.delivery.maximum_event_age,
                "MaximumRetryAttempts": schedule.delivery.maximum_attempts,
            },
        },
        **kept,
    }


def describe(wish: PowerWish, state: PowerState) -> dict[str, t.Any]:
    """The module's return values."""
    return {
        "name": wish.name,
        "tracking_server_arn": server_arn(wish, state),
        "account_id": state.account_id,
        "schedule_group": wish.group,
        "role_arn": role_arn(wish, state) if state.exists else None,
        "role": describe_role(wish.role.name, state.role) if state.role is not None and state.role.exists else None,
        **{verb: _described(wish, state, verb) for verb in VERBS},
    }


def _described(wish: PowerWish, state: PowerState, verb: str) -> dict[str, t.Any] | None:
    schedule = state.schedules.get(verb)
    if schedule is None:
        return None
    name = wish.schedule_name(verb)
    arn = f"arn:{state.partition}:scheduler:{wish.region}:{state.account_id}:schedule/{wish.group}/{name}"
    return {"schedule_name": name, "schedule_arn": arn, **schedule.shown()}


def _server(text: str | None) -> str | None:
    """The tracking server that a target's input names, in JSON of any spelling."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return None
    name = found.get("TrackingServerName") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None
