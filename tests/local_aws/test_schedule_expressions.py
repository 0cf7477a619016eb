# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When AWS's schedule expressions are due."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from localaws.schedules import expressions

BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def moments(expression: str, after: str, count: int, zone: str = "UTC", began: str | None = None) -> list[str]:
    """The next moments in UTC."""
    parsed = expressions.parse(expression, expressions.zone_of(zone))
    found = islice(parsed.moments(utc(after), utc(began or after)), count)
    return [f"{moment:%Y-%m-%dT%H:%M}" for moment in found]


# 2026-11-01 is a Sunday, 2027-01-01 a Friday, 2028 a leap year.
CRON = {
    "0 10 * * ? *": ["2026-11-01T10:00", "2026-11-02T10:00"],
    "15 12 * * ? 2027": ["2027-01-01T12:15", "2027-01-02T12:15"],
    "0 18 ? * MON-FRI *": ["2026-11-02T18:00", "2026-11-03T18:00"],
    "0 18 ? * mon,fri *": ["2026-11-02T18:00", "2026-11-06T18:00"],
    "0 18 ? * FRI-MON *": ["2026-11-01T18:00", "2026-11-02T18:00", "2026-11-06T18:00"],
    "0 8 1 * ? *": ["2026-11-01T08:00", "2026-12-01T08:00"],
    "0/20 9-10 * * ? *": ["2026-11-01T09:00", "2026-11-01T09:20", "2026-11-01T09:40", "2026-11-01T10:00"],
    "*/30 9 * * ? *": ["2026-11-01T09:00", "2026-11-01T09:30", "2026-11-02T09:00"],
    "0 0 ? * 1 *": ["2026-11-08T00:00", "2026-11-15T00:00"],
    "0 0 L * ? *": ["2026-11-30T00:00", "2026-12-31T00:00"],
    "0 0 L 2 ? *": ["2027-02-28T00:00", "2028-02-29T00:00"],
    "0 0 LW * ? *": ["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-29T00:00"],
    "0 0 1W * ? *": ["2026-11-02T00:00", "2026-12-01T00:00", "2027-01-01T00:00", "2027-02-01T00:00"],
    "0 0 15W * ? *": ["2026-11-16T00:00", "2026-12-15T00:00", "2027-01-15T00:00"],
    "0 0 31W * ? *": ["2026-12-31T00:00", "2027-01-29T00:00", "2027-03-31T00:00"],
    "0 9 ? * 2#1 *": ["2026-11-02T09:00", "2026-12-07T09:00"],
    "0 9 ? * TUE#5 *": ["2026-12-29T09:00", "2027-03-30T09:00"],
    "0 9 ? * 6L *": ["2026-11-27T09:00", "2026-12-25T09:00"],
    "0 9 ? * L *": ["2026-11-07T09:00", "2026-11-14T09:00"],
    "0 0 29 2 ? *": ["2028-02-29T00:00", "2032-02-29T00:00"],
    "0 0 1 JAN-FEB ? *": ["2027-01-01T00:00", "2027-02-01T00:00", "2028-01-01T00:00"],
    "0 0 1 1 ? 2026": [],
    "0 0 30 2 ? *": [],
}


@pytest.mark.parametrize(("content", "expected"), CRON.items(), ids=CRON)
def test_cron(content: str, expected: list[str]) -> None:
    assert moments(f"cron({content})", "2026-11-01T00:00", max(1, len(expected))) == expected


def test_a_moment_that_is_now_is_over() -> None:
    assert moments("cron(0 10 * * ? *)", "2026-11-01T10:00", 1) == ["2026-11-02T10:00"]


WEEKENDS = {
    "spring 2027": ("2027-03-25T12:00", "2027-03-26T18:00", "2027-03-29T05:30"),
    "autumn 2026": ("2026-10-22T12:00", "2026-10-23T17:00", "2026-10-26T06:30"),
    "autumn 2027": ("2027-10-28T12:00", "2027-10-29T17:00", "2027-11-01T06:30"),
}


@pytest.mark.parametrize(("after", "stop", "start"), WEEKENDS.values(), ids=WEEKENDS)
def test_wall_clock_times_over_weekends_that_change_the_clocks(after: str, stop: str, start: str) -> None:
    assert moments("cron(0 19 ? * FRI *)", after, 1, BERLIN) == [stop]
    assert moments("cron(30 7 ? * MON *)", after, 1, BERLIN) == [start]


def test_a_time_that_spring_leaves_out_does_not_happen() -> None:
    assert moments("cron(30 2 * * ? *)", "2027-03-27T00:00", 2, BERLIN) == ["2027-03-27T01:30", "2027-03-29T00:30"]
    assert moments("at(2027-03-28T02:30:00)", "2027-03-27T00:00", 1, BERLIN) == []


def test_a_time_that_autumn_repeats_happens_once() -> None:
    assert moments("cron(30 2 * * ? *)", "2027-10-30T12:00", 2, BERLIN) == ["2027-10-31T00:30", "2027-11-01T01:30"]
    # Between the two half past two of that night nothing is left of that day.
    assert moments("cron(30 2 * * ? *)", "2027-10-31T01:00", 1, BERLIN) == ["2027-11-01T01:30"]


def test_zones_with_odd_offsets_and_across_the_date_line() -> None:
    assert moments("cron(0 9 ? * MON *)", "2026-11-01T00:00", 1, "Asia/Kathmandu") == ["2026-11-02T03:15"]
    assert moments("cron(0 9 ? * MON *)", "2026-11-01T00:00", 1, "Pacific/Kiritimati") == ["2026-11-01T19:00"]
    assert moments("cron(45 1 * * ? *)", "2027-04-03T12:00", 1, "Australia/Lord_Howe") == ["2027-04-03T14:45"]


def test_rates_begin_at_once_and_count_hours_of_the_clock_in_utc() -> None:
    before, began = "2027-03-27T11:59", "2027-03-27T12:00"
    assert moments("rate(1 day)", before, 3, BERLIN, began) == [began, "2027-03-28T12:00", "2027-03-29T12:00"]
    assert moments("rate(90 minutes)", "2027-03-27T13:00", 2, BERLIN, began) == ["2027-03-27T13:30", "2027-03-27T15:00"]
    assert moments("rate(2 hours)", began, 1, BERLIN, began) == ["2027-03-27T14:00"]


def test_once() -> None:
    assert moments("at(2027-07-01T19:00:00)", "2026-11-01T00:00", 2, BERLIN) == ["2027-07-01T17:00"]
    assert moments("at(2025-07-01T19:00:00)", "2026-11-01T00:00", 2) == []


INVALID = [
    "0 19 * * ? *",
    "cron(0 19 * * *)",
    "cron(0 19 * * * *)",
    "cron(0 19 ? * ? *)",
    "cron(60 19 * * ? *)",
    "cron(0 24 * * ? *)",
    "cron(0 19 32 * ? *)",
    "cron(0 19 ? * 0 *)",
    "cron(0 19 ? * 8 *)",
    "cron(0 19 ? * MOO *)",
    "cron(0 19 ? * MON#6 *)",
    "cron(0 19 ? * FOOL *)",
    "cron(0 19 40W * ? *)",
    "cron(0 19 * 13 ? *)",
    "cron(0 19 * * ? 1969)",
    "cron(0/0 19 * * ? *)",
    "cron(0/x 19 * * ? *)",
    "cron(, 19 * * ? *)",
    "cron(-1 19 * * ? *)",
    "rate(0 days)",
    "rate(1.5 hours)",
    "rate(5 weeks)",
    "rate(5)",
    "at(2027-02-30T10:00:00)",
    "at(2027-02-28 10:00:00)",
    "at(2027-02-28T10:00:00Z)",
    "every(1 day)",
    "",
]


@pytest.mark.parametrize("expression", INVALID)
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(expressions.InvalidExpressionError):
        expressions.parse(expression, ZoneInfo("UTC"))


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "/etc/localtime", "Europe"])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(expressions.InvalidExpressionError):
        expressions.zone_of(name)
