# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Timetables as Scheduler's expressions, and which spellings mean the same."""

from __future__ import annotations

import typing as t
import zoneinfo

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import LONGEST_NAME, shortened
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_timetable import (
    checked_timezone,
    expression_of,
    same_moments,
)

ENTRIES: dict[str, tuple[dict[str, t.Any], str]] = {
    "every day": ({"time": "19:00"}, "cron(0 19 * * ? *)"),
    "all days by name": (
        {"days": ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"], "time": "19:00"},
        "cron(0 19 * * ? *)",
    ),
    "working days": ({"days": ["Mon", "Tue", "Wed", "Thu", "Fri"], "time": "07:05"}, "cron(5 7 ? * MON-FRI *)"),
    "in any order": ({"days": ["Fri", "Mon", "Wed"], "time": "7:05"}, "cron(5 7 ? * MON,WED,FRI *)"),
    "twice": ({"days": ["Fri", "fri"], "time": "00:00"}, "cron(0 0 ? * FRI *)"),
    "two in a row": ({"days": ["SAT", "sunday"], "time": "23:59"}, "cron(59 23 ? * SAT,SUN *)"),
    "an expression": ({"schedule_expression": " cron(0  19 LW * ? *) "}, "cron(0 19 LW * ? *)"),
    "once": ({"schedule_expression": "at(2027-01-31T19:00:00)"}, "at(2027-01-31T19:00:00)"),
}


@pytest.mark.parametrize(("entry", "expression"), ENTRIES.values(), ids=ENTRIES)
def test_expressions(entry: dict[str, t.Any], expression: str) -> None:
    assert expression_of("stop", entry) == expression


SAME = [
    ("cron(0 19 ? * MON-FRI *)", "cron(0 19 ? * 2-6 *)"),
    ("cron(0 19 ? * MON-FRI *)", "cron(00  19 ? * fri,thu,wed,tue,mon *)"),
    ("cron(0 19 * * ? *)", "cron(0 19 ? * * *)"),
    ("cron(0 19 * * ? *)", "cron(0 19 ? * SUN-SAT *)"),
    ("cron(0 19 * * ? *)", "CRON(0 19 ? * 1-7 *)"),
    ("cron(0 19 ? * SAT-MON *)", "cron(0 19 ? * SUN,MON,SAT *)"),
    ("cron(0 19 L * ? *)", "cron(0 19 l * ? *)"),
    ("at(2027-01-31T19:00:00)", " at(2027-01-31T19:00:00)"),
]
UNLIKE = [
    ("cron(0 19 ? * MON-FRI *)", "cron(0 19 ? * MON-SAT *)"),
    ("cron(0 19 ? * MON-FRI *)", "cron(0 19 ? * 1-5 *)"),
    ("cron(0 19 ? * 6L *)", "cron(0 19 ? * 6 *)"),
    ("cron(0 19 1 * ? *)", "cron(0 19 * * ? *)"),
    ("cron(0 19 * * ? *)", "cron(0 20 * * ? *)"),
    ("cron(0 19 * * ? *)", "cron(0 19 * * ? 2027)"),
    ("cron(0 19 * * ? *)", "rate(1 day)"),
    ("at(2027-01-31T19:00:00)", "at(2027-01-31T19:00:01)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_the_same(one: str, other: str) -> None:
    assert same_moments(one, "Europe/Berlin", other, "Europe/Berlin")
    assert same_moments(other, "UTC", one, "Etc/UTC")


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_other_times(one: str, other: str) -> None:
    assert not same_moments(one, "UTC", other, "UTC")


def test_other_zones() -> None:
    assert not same_moments("cron(0 19 * * ? *)", "Europe/Berlin", "cron(0 19 * * ? *)", "Europe/Paris")


def test_where_no_zones_are_known_aws_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert checked_timezone("timezone", "Europe/Atlantis") == "Europe/Atlantis"
    with pytest.raises(MlflowError, match="is not the name of a time zone"):
        checked_timezone("timezone", "Europe/Berlin/")


def test_names_stay_unlike_when_they_are_cut() -> None:
    long = ["m" * 63 + letter for letter in "ab"]
    cut = [shortened(name, end) for name in long for end in ("-start", "-stop")]
    assert len(set(cut)) == 4
    assert {len(name) for name in cut} == {LONGEST_NAME}
    assert all("." in name for name in cut), "a server could have this name"
    assert shortened("m" * 59, "-stop") == "m" * 59 + "-stop"
