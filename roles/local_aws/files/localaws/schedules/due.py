# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of moto's schedules is due when. What was carried out already is noted on moto's own objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from localaws.schedules import expressions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localaws.schedules.expressions import Expression

# Kept on moto's own object, so that they are saved, restored and deleted with it.
_BEGAN = "localaws_began"
_DONE_UNTIL = "localaws_done_until"
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Due:
    """One schedule at one moment."""

    moment: datetime
    schedule: Any  # moto's
    backend: Any  # moto's, of its account and region

    @property
    def group_arn(self) -> str:
        """The group of the schedule, also when somebody has just deleted it."""
        return str(self.schedule.arn.rpartition("/")[0].replace(":schedule/", ":schedule-group/"))

    def forget(self) -> None:
        """Delete the schedule, unless somebody has."""
        group = self.backend.schedule_groups.get(self.schedule.group_name)
        if group is not None:
            group.schedules.pop(self.schedule.name, None)


def begin(schedule: Any, now: datetime) -> None:
    """A schedule was made or changed: it is due from now on. A rate without a start date is due at once."""
    setattr(schedule, _BEGAN, now)
    setattr(schedule, _DONE_UNTIL, now - _INSTANT)


def done(schedule: Any, moment: datetime) -> None:
    """Whatever was due up to that moment has been carried out."""
    setattr(schedule, _DONE_UNTIL, moment)


def next_moment(schedule: Any) -> datetime | None:
    """When the schedule is due next; None when never again."""
    if schedule.state == "DISABLED":
        return None
    start, end = _moment(schedule.start_date), _moment(schedule.end_date)
    began: datetime = getattr(schedule, _BEGAN, None) or _at(schedule.last_modified_date)
    after: datetime = getattr(schedule, _DONE_UNTIL, None) or began
    if start is not None:
        began, after = start, max(after, start - _INSTANT)
    found = next(expression_of(schedule).moments(after, began), None)
    return None if found is None or (end is not None and found > end) else found


def expression_of(schedule: Any) -> Expression:
    """Its parsed expression."""
    return _parsed(schedule.schedule_expression, schedule.schedule_expression_timezone)


def schedules() -> Iterator[tuple[Any, Any]]:
    """Every schedule of every account and region, with the backend that has it."""
    from moto.scheduler.models import scheduler_backends

    for regions in list(scheduler_backends.values()):
        for backend in list(regions.values()):
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    yield schedule, backend


def next_due() -> Due | None:
    """The schedule that is due first."""
    coming = [
        Due(moment, schedule, backend)
        for schedule, backend in schedules()
        if (moment := next_moment(schedule)) is not None
    ]
    return min(coming, key=lambda due: (due.moment, due.schedule.arn), default=None)


@lru_cache(maxsize=256)
def _parsed(expression: str, zone: str) -> Expression:
    return expressions.parse(expression, expressions.zone_of(zone))


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else _at(seconds)


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
