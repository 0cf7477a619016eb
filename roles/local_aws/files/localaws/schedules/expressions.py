# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a schedule is due: ``cron()``, ``rate()`` and ``at()`` in a time zone, as moments in UTC.

Wall-clock times that daylight saving leaves out do not happen; those that it repeats happen once, at their first
occurrence. A day of ``rate(1 day)`` is 24 hours. All three as AWS documents them ("Schedule types").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from localaws.schedules import cron

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORM = re.compile(r"(cron|rate|at)\((.+)\)")
_RATE = re.compile(r"([1-9][0-9]{0,8}) (minute|hour|day)s?")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


class InvalidExpressionError(ValueError):
    """Scheduler would refuse this."""


class Expression(Protocol):
    """Something that is due at certain moments."""

    def moments(self, after: datetime, began: datetime) -> Iterator[datetime]:
        """The moments after that one, in UTC and in order.

        :param began: what a rate is counted from.
        """


@dataclass(frozen=True)
class CronExpression:
    """At times of the wall clock."""

    cron: cron.Cron
    zone: tzinfo

    def moments(self, after: datetime, began: datetime) -> Iterator[datetime]:  # noqa: ARG002  # the protocol's
        """See Expression."""
        for local in self.cron.moments(after.astimezone(self.zone).date()):
            moment = in_utc(local, self.zone)
            if moment is not None and moment > after:
                yield moment


@dataclass(frozen=True)
class RateExpression:
    """At even distances."""

    period: timedelta

    def moments(self, after: datetime, began: datetime) -> Iterator[datetime]:
        """See Expression."""
        number = max(0, (after - began) // self.period + 1)
        while True:
            yield began + number * self.period
            number += 1


@dataclass(frozen=True)
class AtExpression:
    """Once."""

    local: datetime
    zone: tzinfo

    def moments(self, after: datetime, began: datetime) -> Iterator[datetime]:  # noqa: ARG002  # the protocol's
        """See Expression."""
        moment = in_utc(self.local, self.zone)
        if moment is not None and moment > after:
            yield moment


def parse(text: str, zone: tzinfo) -> Expression:
    """Read an expression as Scheduler does."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise InvalidExpressionError(text)
    kind, content = form.groups()
    if kind == "cron":
        try:
            return CronExpression(cron.parse(content), zone)
        except cron.InvalidCronError as error:
            raise InvalidExpressionError(str(error)) from error
    return _rate(content) if kind == "rate" else _at(content, zone)


def zone_of(name: str) -> tzinfo:
    """The zone with this IANA name. UTC is known also where no database of zones is installed."""
    try:
        return timezone.utc if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidExpressionError(name) from error


def in_utc(local: datetime, zone: tzinfo) -> datetime | None:
    """The moment of a wall-clock time; None when the clocks jump over it."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(timezone.utc)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


def _rate(content: str) -> RateExpression:
    match = _RATE.fullmatch(content)
    if match is None:
        raise InvalidExpressionError(content)
    return RateExpression(int(match[1]) * _UNITS[match[2]])


def _at(content: str, zone: tzinfo) -> AtExpression:
    if not _AT.fullmatch(content):
        raise InvalidExpressionError(content)
    try:
        return AtExpression(datetime.fromisoformat(content), zone)
    except ValueError as error:
        raise InvalidExpressionError(content) from error
