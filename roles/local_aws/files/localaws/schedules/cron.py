# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS's cron: six fields, with ``?``, ``L``, ``W`` and ``#``. Days are found here, in wall-clock time; zones are not.

``cron(minutes hours day-of-month month day-of-week year)``; Sunday is 1.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIRST_YEAR, LAST_YEAR = 1970, 2199
_SATURDAY = 7
_NEAREST_WEEKDAY = re.compile(r"([0-9]{1,2})W")
_LAST_OF_KIND = re.compile(r"([1-7]|[A-Z]{3})L")
_NTH_OF_KIND = re.compile(r"([1-7]|[A-Z]{3})#([1-5])")


class InvalidCronError(ValueError):
    """Not a cron expression of AWS's."""


@dataclass(frozen=True)
class Field:
    """The values that one field may have."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    first_name: int = 1

    def values(self, text: str) -> frozenset[int]:
        """What ``1,5-7,0/15,MON-FRI`` stands for."""
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def number(self, text: str) -> int:
        """One value, given as number or by name."""
        if text in self.names:
            return self.names.index(text) + self.first_name
        if not re.fullmatch(r"[0-9]{1,4}", text) or not self.least <= int(text) <= self.most:
            raise InvalidCronError(f"{self.name}: {text}")
        return int(text)

    def _part(self, part: str) -> range | list[int]:
        base, slash, step = part.partition("/")
        if slash and (not re.fullmatch(r"[0-9]{1,4}", step) or int(step) == 0):
            raise InvalidCronError(f"{self.name}: {part}")
        first, dash, last = base.partition("-")
        if base == "*":
            low, high = self.least, self.most
        else:
            low = self.number(first)
            high = self.number(last) if dash else self.most if slash else low
        increment = int(step) if slash else 1
        if low <= high:
            return range(low, high + 1, increment)
        # FRI-MON goes over the end of the week.
        around = [*range(low, self.most + 1), *range(self.least, high + 1)]
        return around[::increment]


_MINUTES = Field("minutes", 0, 59)
_HOURS = Field("hours", 0, 23)
_DAYS = Field("day of month", 1, 31)
_MONTHS = Field("month", 1, 12, MONTHS)
_WEEKDAYS = Field("day of week", 1, 7, WEEKDAYS)
_YEARS = Field("year", FIRST_YEAR, LAST_YEAR)


@dataclass(frozen=True)
class Cron:
    """A parsed expression."""

    times: tuple[time, ...]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    def days(self, start: date) -> Iterator[date]:
        """The days of the expression from this one on, in order."""
        for year in range(start.year, LAST_YEAR + 1):
            if year not in self.years:
                continue
            for month in sorted(self.months):
                if (year, month) >= (start.year, start.month):
                    yield from (day for day in self._in_month(year, month) if day >= start)

    def moments(self, start: date) -> Iterator[datetime]:
        """The wall-clock times of the expression from that day on, in order."""
        for day in self.days(start):
            for each in self.times:
                yield datetime.combine(day, each)

    def _in_month(self, year: int, month: int) -> list[date]:
        length = calendar.monthrange(year, month)[1]
        days = [date(year, month, day) for day in range(1, length + 1)]
        if self.day_of_month != "?":
            chosen = _days_of_month(self.day_of_month, days)
            return [day for day in days if day in chosen]
        chosen = _days_of_week(self.day_of_week, days)
        return [day for day in days if day in chosen]


def parse(text: str) -> Cron:
    """The expression between the parentheses."""
    fields = text.upper().split()
    if len(fields) != 6:
        raise InvalidCronError(f"{len(fields)} fields")
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise InvalidCronError("one of day of month and day of week must be ?, the other must not")
    month_of_31_days = [date(2027, 1, day) for day in range(1, 32)]
    # Looked up once to refuse what is no day at all.
    if day_of_month != "?":
        _days_of_month(day_of_month, month_of_31_days)
    else:
        _days_of_week(day_of_week, month_of_31_days)
    return Cron(
        times=tuple(
            time(hour, minute) for hour in sorted(_HOURS.values(hours)) for minute in sorted(_MINUTES.values(minutes))
        ),
        day_of_month=day_of_month,
        months=_MONTHS.values(month),
        day_of_week=day_of_week,
        years=_YEARS.values(year),
    )


def _days_of_month(field: str, days: list[date]) -> set[date]:
    """The days of one month that the field means; ``L`` is the last one, ``15W`` the working day nearest to the 15th."""
    found: set[date] = set()
    for part in field.split(","):
        nearest = _NEAREST_WEEKDAY.fullmatch(part)
        if part in ("L", "LW"):
            found.add(days[-1] if part == "L" else _nearest_weekday(days, len(days)))
        elif nearest:
            day = _DAYS.number(nearest[1])
            if day <= len(days):
                found.add(_nearest_weekday(days, day))
        else:
            wanted = _DAYS.values(part)
            found.update(day for day in days if day.day in wanted)
    return found


def _nearest_weekday(days: list[date], number: int) -> date:
    """Monday to Friday, and never in another month."""
    day = days[number - 1]
    if day.weekday() < 5:
        return day
    saturday = day.weekday() == 5
    near = day + timedelta(days=-1 if saturday else 1)
    return near if near in days else day + timedelta(days=2 if saturday else -2)


def _days_of_week(field: str, days: list[date]) -> set[date]:
    """The days of one month that the field means; ``6L`` is the last Friday, ``3#2`` the second Tuesday."""
    found: set[date] = set()
    for part in field.split(","):
        last, nth = _LAST_OF_KIND.fullmatch(part), _NTH_OF_KIND.fullmatch(part)
        if last:
            found.add(_of_kind(last[1], days)[-1])
        elif nth:
            found.update(_of_kind(nth[1], days)[int(nth[2]) - 1 : int(nth[2])])
        else:
            wanted = {_SATURDAY} if part == "L" else _WEEKDAYS.values(part)
            found.update(day for day in days if _weekday(day) in wanted)
    return found


def _of_kind(text: str, days: list[date]) -> list[date]:
    number = _WEEKDAYS.number(text)
    return [day for day in days if _weekday(day) == number]


def _weekday(day: date) -> int:
    """As AWS counts: Sunday is 1."""
    return day.isoweekday() % 7 + 1
