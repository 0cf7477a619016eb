# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A timetable as Scheduler's expressions, and what two expressions or time zones have in common. Makes no call."""

from __future__ import annotations

import difflib
import re
import typing as t
import zoneinfo
from datetime import datetime

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_EXPRESSION = re.compile(r"\s*(cron|at)\((.+)\)\s*", re.IGNORECASE)
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_CRON_FIELD = re.compile(r"[0-9A-Z,*?/#-]+")
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
_UTC = frozenset(("UTC", "Etc/UTC", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"))
_SUNDAY_FIRST = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_EVERY_DAY = ("*", "?")
_RUN = 3
"""From so many days in a row on, a range is written: MON-FRI, but MON,TUE."""


def expression_of(option: str, entry: Mapping[str, t.Any]) -> str:
    """The expression of one entry of the timetable: days and a time, or an expression of the user's own."""
    days, time, own = entry.get("days"), entry.get("time"), entry.get("schedule_expression")
    if own is not None:
        if days is not None or time is not None:
            raise MlflowError(f"{option}: schedule_expression says when; give it alone, without days and time.")
        return _checked_expression(f"{option}.schedule_expression", own)
    if time is None:
        raise MlflowError(f'{option}: time is missing. Give it as in {{days: [Mon, Fri], time: "19:00"}}.')
    hour, minute = _checked_time(f"{option}.time", time)
    chosen = _checked_days(f"{option}.days", days)
    if len(chosen) == len(DAYS):
        return f"cron({minute} {hour} * * ? *)"
    return f"cron({minute} {hour} ? * {_days_field(chosen)} *)"


def checked_timezone(option: str, name: str) -> str:
    """The IANA name of a time zone; names with the usual mistakes get a hint."""
    if len(name) > 50 or not _ZONE.fullmatch(name):
        raise MlflowError(f"{option}: '{name[:60]}' is not the name of a time zone, as in Europe/Berlin or UTC.")
    known = zoneinfo.available_timezones()
    # Without a database of time zones on this machine, AWS is the one to refuse.
    if known and name not in known:
        by_letter_case = {zone.casefold(): zone for zone in known}
        near = difflib.get_close_matches(name.casefold(), by_letter_case, n=1, cutoff=0.6)
        hint = f" Did you mean {by_letter_case[near[0]]}?" if near else ""
        raise MlflowError(f"{option}: there is no time zone '{name}'. Give a name of the IANA database.{hint}")
    return name


def same_moments(expression: str, timezone: str, other: str, other_timezone: str) -> bool:
    """Whether two schedules are due at the same moments, as far as their spelling tells."""
    return _normal(expression) == _normal(other) and _normal_zone(timezone) == _normal_zone(other_timezone)


def _checked_time(option: str, value: str) -> tuple[int, int]:
    match = _TIME.fullmatch(value)
    if match is None:
        raise MlflowError(
            f'{option}: \'{value}\' is not a time. Give hours and minutes in quotes, as in "07:30" or "19:00"; without '
            "quotes, YAML makes a number of it."
        )
    return int(match[1]), int(match[2])


def _checked_days(option: str, days: Sequence[str] | None) -> list[str]:
    """The days in the order of the week; every day when there are none given."""
    if days is None:
        return list(DAYS)
    chosen = {day.strip()[:3].title() for day in days}
    wrong = [day for day in days if not _is_day(day)]
    if wrong or not chosen:
        raise MlflowError(
            f"{option}: {', '.join(repr(day) for day in wrong) or 'an empty list'} is not allowed; days are "
            f"{', '.join(DAYS)}. Leave days out for every day."
        )
    return [day for day in DAYS if day in chosen]


def _is_day(day: str) -> bool:
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    return day.strip().title() in (*DAYS, *names)


def _days_field(days: Sequence[str]) -> str:
    """C(MON-FRI) or C(MON,WED,SUN)."""
    places = [DAYS.index(day) for day in days]
    if len(places) >= _RUN and places[-1] - places[0] == len(places) - 1:
        return f"{days[0]}-{days[-1]}".upper()
    return ",".join(days).upper()


def _checked_expression(option: str, value: str) -> str:
    """An expression in a form that AWS may accept, without needless white space."""
    match = _EXPRESSION.fullmatch(value)
    if match is None:
        raise MlflowError(
            f"{option}: '{value}' is neither cron(minutes hours day-of-month month day-of-week year) nor "
            "at(yyyy-mm-ddThh:mm:ss). A rate() makes no sense here: it would stop or start a server at any time of the day."
        )
    kind, content = match[1].lower(), " ".join(match[2].split())
    if kind == "at":
        _check_at(option, content)
    else:
        _check_cron(option, content)
    return f"{kind}({content})"


def _check_at(option: str, content: str) -> None:
    try:
        if not _AT.fullmatch(content):
            raise ValueError("its form is another")
        datetime.fromisoformat(content)
    except ValueError as error:
        raise MlflowError(f"{option}: 'at({content})' is not at(yyyy-mm-ddThh:mm:ss): {error}.") from error


def _check_cron(option: str, content: str) -> None:
    fields = content.upper().split()
    if len(fields) != 6 or not all(_CRON_FIELD.fullmatch(field) for field in fields):
        raise MlflowError(
            f"{option}: 'cron({content})' needs six fields: minutes, hours, day of month, month, day of week and year."
        )
    if (fields[2] == "?") == (fields[4] == "?"):
        raise MlflowError(
            f"{option}: in 'cron({content})' one of day of month and day of week must be ?, and the other must not."
        )


def _normal(expression: str) -> tuple[str, ...]:
    """The same for every spelling of the same times; of what is not understood, the text itself."""
    match = _EXPRESSION.fullmatch(expression)
    fields = match[2].upper().split() if match else []
    if match is None or match[1].lower() != "cron" or len(fields) != 6:
        return (expression.strip(),)
    minutes, hours, day, month, weekday, year = fields
    days = _weekdays(weekday)
    if days is not None and len(days) == len(DAYS):
        day, weekday = _EVERY_DAY
    elif days is not None:
        weekday = ",".join(str(number) for number in sorted(days))
    return (_number(minutes), _number(hours), day, month, weekday, year)


def _number(field: str) -> str:
    return str(int(field)) if field.isdecimal() else field


def _weekdays(field: str) -> set[int] | None:
    """The days that a list of names, numbers and ranges means, Sunday being 1; None for anything else."""
    found: set[int] = set()
    for part in field.replace("*", "1-7").split(","):
        ends = [_weekday(end) for end in part.split("-")]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            return None
        found.update((first - 1 + step) % 7 + 1 for step in range((last - first) % 7 + 1))
    return found


def _weekday(text: str) -> int | None:
    if text in _SUNDAY_FIRST:
        return _SUNDAY_FIRST.index(text) + 1
    return int(text) if re.fullmatch(r"[1-7]", text) else None


def _normal_zone(name: str) -> str:
    return "UTC" if name in _UTC else name
