# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timetable of an environment: deployed, changed, removed, kept when the environment is protected."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from playbook_run import Project

SERVER = "mlflow-test-mlflow"
WEEK: dict[str, t.Any] = {
    "timezone": "Europe/Berlin",
    "start": {"days": ["Mon"], "time": "07:30"},
    "stop": {"days": ["Fri"], "time": "19:00"},
}
UNPROTECTED = {"mlflow_server_protect": False}


def schedules(project: Project) -> dict[str, str]:
    """Name and expression."""
    scheduler = project.region.client("scheduler")
    names = [each["Name"] for each in scheduler.list_schedules()["Schedules"]]
    return {name: scheduler.get_schedule(Name=name)["ScheduleExpression"] for name in sorted(names)}


def roles(project: Project) -> list[str]:
    return sorted(each["RoleName"] for each in project.region.client("iam").list_roles()["Roles"])


def test_from_the_first_deployment_to_the_last(project: Project) -> None:
    with_schedule = {"mlflow_server_power_schedule": WEEK}
    preview = project.check("deploy", **with_schedule)
    deployed = project.succeed("deploy", **with_schedule)
    assert deployed.summary == preview.summary
    assert deployed.summary[-1] == f"+ power schedule {SERVER}"
    assert schedules(project) == {f"{SERVER}-start": "cron(30 7 ? * MON *)", f"{SERVER}-stop": "cron(0 19 ? * FRI *)"}
    tags = project.region.client("iam").list_role_tags(RoleName=f"{SERVER}-power-us-east-1")["Tags"]
    assert {"Key": "Environment", "Value": "test"} in tags
    again = project.succeed("deploy", **with_schedule)
    assert (again.changed, again.writes) == (0, [])

    refused = project.run("destroy", **with_schedule)
    assert (refused.code != 0, refused.writes) == (True, [])

    untouched = project.succeed("deploy")
    assert (untouched.changed, untouched.writes) == (0, [])
    assert not [line for line in untouched.summary if "power schedule" in line]
    assert len(schedules(project)) == 2

    destroyed = project.succeed("destroy", **with_schedule, **UNPROTECTED)
    assert destroyed.summary[0] == f"- power schedule {SERVER}"
    order = [call.split(":")[1] for call in destroyed.writes]
    assert order.index("DeleteSchedule") < order.index("DeleteMlflowTrackingServer")
    assert (schedules(project), roles(project)) == ({}, [])
    again = project.succeed("destroy", **with_schedule, **UNPROTECTED)
    assert (again.changed, again.writes) == (0, [])


def test_it_is_changed_and_removed_without_the_server(project: Project) -> None:
    project.succeed("deploy", mlflow_server_power_schedule=WEEK)
    changed = project.succeed("deploy", mlflow_server_power_schedule={**WEEK, "enabled": False})
    assert changed.summary[-1] == f"~ power schedule {SERVER} (start, stop)"
    assert changed.writes == ["scheduler:UpdateSchedule"] * 2
    removed = project.succeed("deploy", mlflow_server_power_schedule={"state": "absent"})
    assert removed.summary[-1] == f"- power schedule {SERVER}"
    assert schedules(project) == {}
    assert roles(project) == ["mlflow-test-mlflow-role"]


WRONG: dict[str, tuple[dict[str, t.Any], str]] = {
    "nothing": ({"timezone": "UTC"}, "does not say when"),
    "no time": ({"stop": {"days": ["Fri"]}}, "need a time in quotes"),
    "number": ({"stop": {"time": 1140}}, "need a time in quotes"),
    "day": ({"stop": {"days": ["Funday"], "time": "19:00"}}, "days are Mon, Tue"),
    "timezone": ({**WEEK, "timezone": "Berlin time"}, "timezone is 'Berlin time'"),
    "unknown": ({**WEEK, "sotp": {"time": "19:00"}}, "sotp"),
}


@pytest.mark.parametrize(("value", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_before_the_first_call(project: Project, value: dict[str, t.Any], words: str) -> None:
    run = project.run("deploy", mlflow_server_power_schedule=value)
    assert run.code != 0
    assert words in " ".join(run.output.split())
    assert run.calls == []
