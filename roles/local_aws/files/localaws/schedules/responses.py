# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scheduler as moto knows it, with what moto takes for granted: expressions, zones, dates, groups and roles."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import JsonRESTError
from moto.scheduler.exceptions import ScheduleGroupNotFound, ValidationException
from moto.scheduler.responses import EventBridgeSchedulerResponse

from localaws import instance
from localaws.iam_resources import role_of
from localaws.moto_repairs import role_age, trust
from localaws.schedules import due, expressions

if TYPE_CHECKING:
    from moto.scheduler.models import Schedule

SERVICE = "scheduler.amazonaws.com"
_TOKEN = "localaws_client_token"
_EARLIEST_START = timedelta(minutes=5)


def role_problem(role_arn: str, group_arn: str) -> str | None:
    """Why Scheduler cannot assume the role, in AWS's words; None when it can. It asks for the schedule's group."""
    role, running = role_of(role_arn), instance.current()
    context = {"aws:SourceAccount": group_arn.split(":")[4], "aws:SourceArn": group_arn}
    if (
        role is not None
        and role_age.seconds(role) >= running.settings.iam_propagation_seconds
        and trust.service_may_assume(role, SERVICE, context)
    ):
        return None
    return "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."


class RepairedSchedulerResponse(EventBridgeSchedulerResponse):  # type: ignore[misc]  # moto has no type information
    """moto's Scheduler behind Scheduler's checks, on the clock that can be moved."""

    def create_schedule(self) -> str:
        group, name = self._group(self._get_param("GroupName")), self._name()
        self._check(group)
        present = group.schedules.get(name)
        token = self._get_param("ClientToken")
        if present is not None and token and getattr(present, _TOKEN, None) == token:
            return json.dumps({"ScheduleArn": present.arn})
        answer: str = super().create_schedule()
        schedule = group.schedules[name]
        setattr(schedule, _TOKEN, token)
        self._begin(schedule, created=True)
        return answer

    def update_schedule(self) -> str:
        group = self._group(self._get_param("GroupName"))
        schedule = group.get_schedule(self._name())
        self._check(group)
        answer: str = super().update_schedule()
        # What is left out goes back to its default: moto keeps the one and stores nothing for the other.
        schedule.state = schedule.state or "ENABLED"
        schedule.action_after_completion = self._get_param("ActionAfterCompletion")
        self._begin(schedule, created=False)
        return answer

    def delete_schedule(self) -> str:
        answer: str = super().delete_schedule()
        instance.current().invocations.wake()
        return answer

    def create_schedule_group(self) -> str:
        name = self._name()
        if name in self.scheduler_backend.schedule_groups:
            raise JsonRESTError("ConflictException", f"Schedule group {name} already exists.")
        group = self.scheduler_backend.create_schedule_group(name=name, tags=self._get_param("Tags") or [])
        group.created_on = group.last_modified = instance.current().clock.time()
        return json.dumps({"ScheduleGroupArn": group.arn})

    def delete_schedule_group(self) -> str:
        name = self._name()
        self._group(name)
        if name == "default":
            raise ValidationException("Cannot delete the default schedule group.")
        answer: str = super().delete_schedule_group()
        instance.current().invocations.wake()
        return answer

    def _name(self) -> str:
        return str(self.uri.split("?")[0].split("/")[-1])

    def _group(self, name: str | None) -> Any:
        """moto would fail with a KeyError for a group that does not exist."""
        groups = self.scheduler_backend.schedule_groups
        if (name or "default") not in groups:
            raise ScheduleGroupNotFound(name or "default")
        return groups[name or "default"]

    def _check(self, group: Any) -> None:
        """What AWS refuses. Only the wording about the expression, the role and the start date is known from AWS."""
        text = self._get_param("ScheduleExpression")
        zone_name = self._get_param("ScheduleExpressionTimezone") or "UTC"
        try:
            zone = expressions.zone_of(zone_name)
        except expressions.InvalidExpressionError:
            raise ValidationException(f"Invalid Schedule Expression Timezone {zone_name}.") from None
        try:
            expressions.parse(text, zone)
        except expressions.InvalidExpressionError:
            raise ValidationException(f"Invalid Schedule Expression {text}.") from None
        self._check_dates()
        self._check_window()
        problem = role_problem(self._get_param("Target")["RoleArn"], group.arn)
        if problem:
            raise ValidationException(problem)

    def _check_dates(self) -> None:
        start, end = self._get_param("StartDate"), self._get_param("EndDate")
        now = instance.current().clock.now()
        if start is not None and datetime.fromtimestamp(start, timezone.utc) < now - _EARLIEST_START:
            raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
        if end is not None and end <= (now.timestamp() if start is None else start):
            raise ValidationException("The EndDate you specify must come after the StartDate and after now.")

    def _check_window(self) -> None:
        window = self._get_param("FlexibleTimeWindow")
        if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
            raise ValidationException("MaximumWindowInMinutes is needed for, and only for, the mode FLEXIBLE.")

    def _begin(self, schedule: Schedule, *, created: bool) -> None:
        running = instance.current()
        now = running.clock.now()
        schedule.last_modified_date = now.timestamp()
        if created:
            schedule.creation_date = now.timestamp()
        due.begin(schedule, now)
        running.invocations.wake()
