# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""EventBridge Scheduler of the local AWS carries schedules out, as the clock runs and as it is moved."""

from __future__ import annotations

import calendar
import json
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import local_region
import pytest
from local_callers import LocalAws, policy, refused, trust_of
from mlflow_account import make_servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = "123456789012"
SERVER = "mlflow"
SERVER_ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/{SERVER}"
GROUP_ARN = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/default"
STOP = "arn:aws:scheduler:::aws-sdk:sagemaker:stopMlflowTrackingServer"
START = "arn:aws:scheduler:::aws-sdk:sagemaker:startMlflowTrackingServer"
MAY_SWITCH = {
    "Effect": "Allow",
    "Action": ["sagemaker:StopMlflowTrackingServer", "sagemaker:StartMlflowTrackingServer"],
    "Resource": SERVER_ARN,
}


@dataclass
class World:
    """A local AWS with one server, and a role that Scheduler may take to switch it."""

    aws: LocalAws
    role: str

    def now(self) -> datetime:
        """The clock that can be moved."""
        return datetime.fromisoformat(self.aws.admin("GET", "clock")["now"])

    def move_to(self, moment: datetime) -> None:
        """Move the clock to a moment in the future."""
        self.aws.admin("POST", "clock", {"advance": (moment - self.now()).total_seconds()})

    def schedule(self, name: str, expression: str, target: str = STOP, **more: Any) -> None:
        """A schedule that somebody makes."""
        self.aws.client("scheduler").create_schedule(Name=name, **self.request(expression, target, **more))

    def request(self, expression: str, target: str = STOP, role: str | None = None, **more: Any) -> dict[str, Any]:
        """What Create and Update need."""
        whom = json.dumps({"TrackingServerName": SERVER})
        return {
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": target, "RoleArn": role or self.role, "Input": whom},
            **more,
        }

    def status(self) -> str:
        """The server's."""
        found = self.aws.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName=SERVER)
        return str(found["TrackingServerStatus"])

    def invocations(self) -> list[tuple[str, str, str]]:
        """Moment, schedule and outcome of what was due."""
        found = self.aws.admin("GET", "schedules")["invocations"]
        return [(each["due"][:16], each["schedule"].rpartition("/")[2], each["outcome"]) for each in found]

    def reasons(self) -> list[str]:
        """Why, where something was not carried out."""
        return [each["reason"] for each in self.aws.admin("GET", "schedules")["invocations"]]

    def next_of(self, name: str) -> str | None:
        """When a schedule is due next."""
        found = self.aws.admin("GET", "schedules")["schedules"]
        moment: str | None = next(each["next"] for each in found if each["schedule"].endswith(f"/{name}"))
        return moment


def populate(aws: LocalAws) -> World:
    make_servers(aws.region, SERVER)
    role = aws.role("power", trust_of("scheduler.amazonaws.com"))
    aws.client("iam").put_role_policy(RoleName="power", PolicyName="power", PolicyDocument=policy(MAY_SWITCH))
    aws.region.clear_log()
    return World(aws, role)


@pytest.fixture
def world(local_aws: LocalAws) -> World:
    return populate(local_aws)


def last_sunday(year: int, month: int) -> date:
    last = date(year, month, calendar.monthrange(year, month)[1])
    return last - timedelta(days=(last.weekday() + 1) % 7)


def next_change_of_clocks(now: datetime, month: int) -> date:
    """The Sunday of the next weekend on which the European Union changes its clocks, more than a week ahead."""
    years = (now.year, now.year + 1)
    return next(day for year in years if (day := last_sunday(year, month)) > (now + timedelta(days=8)).date())


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=timezone.utc)


# Stop on Friday at 19:00, start on Monday at 07:30, both in Berlin: the hours in UTC.
@pytest.mark.parametrize(("month", "stop_hour", "start_hour"), [(3, 18, 5), (10, 17, 6)], ids=["spring", "autumn"])
def test_a_weekend_that_changes_the_clocks(world: World, month: int, stop_hour: int, start_hour: int) -> None:
    sunday = next_change_of_clocks(world.now(), month)
    friday, monday = sunday - timedelta(days=2), sunday + timedelta(days=1)
    world.move_to(at(friday - timedelta(days=1), 12))
    zone = {"ScheduleExpressionTimezone": "Europe/Berlin"}
    world.schedule("stop", "cron(0 19 ? * FRI *)", STOP, **zone)
    world.schedule("start", "cron(30 7 ? * MON *)", START, **zone)

    world.move_to(at(friday, stop_hour) - timedelta(minutes=1))
    assert (world.status(), world.invocations()) == ("Created", [])
    world.move_to(at(friday, stop_hour, 1))
    assert world.status() == "Stopped"
    world.move_to(at(monday, start_hour, 29))
    assert world.status() == "Stopped"
    world.move_to(at(monday, start_hour, 31))
    assert world.status() == "Started"
    assert world.invocations() == [
        (f"{friday}T{stop_hour:02}:00", "stop", "carried out"),
        (f"{monday}T{start_hour:02}:30", "start", "carried out"),
    ]


def test_weeks_at_once_are_carried_out_in_order_each_at_its_time(world: World) -> None:
    """Also when a stop and a start take longer than the time between two calls."""
    world.aws.region.configure(delays={"stop": 600, "start": 1500})
    sunday = next_change_of_clocks(world.now(), 3)
    friday = sunday - timedelta(days=2)
    world.move_to(at(friday - timedelta(days=1), 12))
    world.schedule("stop", "cron(0 19 ? * FRI *)", STOP, ScheduleExpressionTimezone="Europe/Berlin")
    world.schedule("start", "cron(30 7 ? * MON *)", START, ScheduleExpressionTimezone="Europe/Berlin")
    world.aws.region.clear_log()
    world.move_to(at(friday + timedelta(days=15), 12))
    weeks = [friday + timedelta(days=7 * number) for number in range(3)]
    expected = [
        ("StopMlflowTrackingServer", at(weeks[0], 18)),
        ("StartMlflowTrackingServer", at(weeks[0] + timedelta(days=3), 5, 30)),
    ]
    expected += [
        ("StopMlflowTrackingServer", at(weeks[1], 17)),
        ("StartMlflowTrackingServer", at(weeks[1] + timedelta(days=3), 5, 30)),
    ]
    expected += [("StopMlflowTrackingServer", at(weeks[2], 17))]
    logged = [entry for entry in world.aws.region.log() if entry["service"] == "sagemaker"]
    assert [(entry["operation"], entry["status"]) for entry in logged] == [(name, 200) for name, _moment in expected]
    late = [entry["t"] - moment.timestamp() for entry, (_name, moment) in zip(logged, expected, strict=True)]
    assert all(0 <= seconds < 30 for seconds in late)
    assert world.status() == "Stopped"
    changed = world.aws.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName=SERVER)
    assert changed["LastModifiedBy"]["IamIdentity"]["Arn"].endswith("assumed-role/power/Scheduler")


def test_the_clock_moves_as_far_as_it_is_told(world: World) -> None:
    world.schedule("stop", "rate(1 hour)")
    before = world.aws.admin("GET", "clock")["offset"]
    world.aws.admin("POST", "clock", {"advance": 86400})
    assert world.aws.admin("GET", "clock")["offset"] == pytest.approx(before + 86400, abs=0.001)
    assert len(world.invocations()) == 25


def wait_for(world: World, count: int) -> None:
    limit = time.monotonic() + 15
    while len(world.invocations()) < count and time.monotonic() < limit:
        time.sleep(0.02)


def test_a_schedule_is_due_as_the_clock_runs(world: World) -> None:
    due = world.now().replace(microsecond=0) + timedelta(seconds=3600)
    world.schedule("stop", f"at({due:%Y-%m-%dT%H:%M:%S})")
    world.move_to(due - timedelta(seconds=0.5))
    wait_for(world, 1)
    assert world.invocations() == [(f"{due:%Y-%m-%dT%H:%M}", "stop", "carried out")]
    assert world.status() == "Stopped"
    assert world.next_of("stop") is None


def test_a_rate_is_due_at_once(world: World) -> None:
    world.schedule("stop", "rate(1 day)")
    wait_for(world, 1)
    assert world.status() == "Stopped"


def test_what_is_disabled_is_not_carried_out(world: World) -> None:
    world.schedule("stop", "rate(1 hour)", State="DISABLED")
    assert world.next_of("stop") is None
    world.aws.admin("POST", "clock", {"advance": 7200})
    assert (world.invocations(), world.status()) == ([], "Created")
    world.aws.client("scheduler").update_schedule(Name="stop", **world.request("cron(0 12 * * ? *)"))
    world.aws.admin("POST", "clock", {"advance": 86400})
    assert [outcome for _due, _name, outcome in world.invocations()] == ["carried out"]


def test_start_and_end_dates(world: World) -> None:
    day = (world.now() + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    dates: dict[str, Any] = {"StartDate": day + timedelta(hours=12), "EndDate": day + timedelta(days=2, hours=12)}
    world.schedule("cron", "cron(0 12 * * ? *)", **dates)
    world.schedule("rate", "rate(36 hours)", **dates)
    world.move_to(day + timedelta(days=10))
    due = [(moment, name) for moment, name, _outcome in world.invocations()]
    days = [f"{day + timedelta(days=number):%Y-%m-%d}" for number in range(3)]
    assert due == [
        (f"{days[0]}T12:00", "cron"),
        (f"{days[0]}T12:00", "rate"),
        (f"{days[1]}T12:00", "cron"),
        (f"{days[2]}T00:00", "rate"),
        (f"{days[2]}T12:00", "cron"),
    ]


def test_a_flexible_window_begins_with_its_first_minute(world: World) -> None:
    due = world.now().replace(second=0, microsecond=0) + timedelta(hours=2)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 30}
    world.schedule("stop", f"at({due:%Y-%m-%dT%H:%M:%S})", FlexibleTimeWindow=window)
    world.move_to(due + timedelta(seconds=1))
    assert world.invocations() == [(f"{due:%Y-%m-%dT%H:%M}", "stop", "carried out")]


@pytest.mark.parametrize(("after", "left"), [("DELETE", []), ("NONE", ["stop"])])
def test_what_is_completed_goes_when_told(world: World, after: str, left: list[str]) -> None:
    due = world.now() + timedelta(hours=2)
    world.schedule("stop", f"at({due:%Y-%m-%dT%H:%M:%S})", ActionAfterCompletion=after)
    world.move_to(due + timedelta(minutes=1))
    found = world.aws.client("scheduler").list_schedules()["Schedules"]
    assert [each["Name"] for each in found] == left
    assert world.status() == "Stopped"


def test_what_the_target_refuses_has_failed(world: World) -> None:
    world.schedule("start", "cron(0 12 * * ? *)", START)
    world.aws.admin("POST", "clock", {"advance": 86400})
    assert [outcome for _due, _name, outcome in world.invocations()] == ["failed"]
    assert "ConflictException: Tracking Server with ARN" in world.reasons()[0]


def test_another_target_is_taken_and_not_carried_out(world: World) -> None:
    others = {
        "lambda": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        "read": "arn:aws:scheduler:::aws-sdk:sagemaker:listMlflowTrackingServers",
        "ec2": "arn:aws:scheduler:::aws-sdk:ec2:stopInstances",
    }
    for name, target in others.items():
        world.schedule(name, "cron(0 12 * * ? *)", target)
    world.aws.region.clear_log()
    world.aws.admin("POST", "clock", {"advance": 86400})
    assert {(name, outcome) for _due, name, outcome in world.invocations()} == {
        (name, "not carried out") for name in others
    }
    assert world.aws.region.calls() == []


class TestRole:
    def test_its_policies_count_when_iam_is_enforced(self, world: World) -> None:
        world.schedule("stop", "cron(0 12 * * ? *)")
        iam = world.aws.client("iam")
        iam.delete_role_policy(RoleName="power", PolicyName="power")
        world.aws.region.configure(iam_enforcement=True)
        world.aws.region.clear_log()
        world.aws.admin("POST", "clock", {"advance": 86400})
        assert [outcome for _due, _name, outcome in world.invocations()] == ["refused"]
        (entry,) = world.aws.region.log()
        assert (entry["operation"], entry["denied"], entry["resource"]) == (
            "StopMlflowTrackingServer",
            True,
            SERVER_ARN,
        )
        assert "assumed-role/power/Scheduler is not authorized to perform: sagemaker:Stop" in world.reasons()[0]
        assert world.status() == "Created"
        iam.put_role_policy(RoleName="power", PolicyName="power", PolicyDocument=policy(MAY_SWITCH))
        world.aws.admin("POST", "clock", {"advance": 86400})
        assert world.status() == "Stopped"

    def test_a_policy_for_another_server_is_none(self, world: World) -> None:
        other = {**MAY_SWITCH, "Resource": f"{SERVER_ARN}-2"}
        world.aws.client("iam").put_role_policy(RoleName="power", PolicyName="power", PolicyDocument=policy(other))
        world.schedule("stop", "cron(0 12 * * ? *)")
        world.aws.region.configure(iam_enforcement=True)
        world.aws.admin("POST", "clock", {"advance": 86400})
        assert (world.invocations()[0][2], world.status()) == ("refused", "Created")

    def test_a_role_that_is_gone_or_trusts_no_more(self, world: World) -> None:
        world.schedule("stop", "cron(0 12 * * ? *)")
        world.aws.client("iam").update_assume_role_policy(
            RoleName="power", PolicyDocument=json.dumps(trust_of("lambda.amazonaws.com"))
        )
        world.aws.region.clear_log()
        world.aws.admin("POST", "clock", {"advance": 86400})
        assert (world.invocations()[0][2], world.status()) == ("refused", "Created")
        entry = world.aws.region.log()[0]
        assert (entry["service"], entry["operation"], entry["denied"]) == ("sts", "AssumeRole", True)

    @pytest.mark.parametrize(
        ("condition", "accepted"),
        [
            ({"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": GROUP_ARN}}, True),
            ({"StringEquals": {"aws:SourceAccount": "999988887777"}}, False),
            # Scheduler asks for the group, never for the schedule.
            ({"ArnLike": {"aws:SourceArn": f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/*"}}, False),
        ],
    )
    def test_the_conditions_of_its_trust(self, world: World, condition: dict[str, Any], accepted: bool) -> None:
        role = world.aws.role("other", trust_of("scheduler.amazonaws.com", **condition))
        request = world.request("rate(1 day)", role=role, State="DISABLED")
        scheduler = world.aws.client("scheduler")
        if accepted:
            scheduler.create_schedule(Name="stop", **request)
            return
        code, status, message = refused(lambda: scheduler.create_schedule(Name="stop", **request))
        assert (code, status) == ("ValidationException", 400)
        assert message == "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."

    def test_a_new_role_needs_its_time(self, world: World) -> None:
        world.aws.region.configure(iam_propagation_seconds=30)
        role = world.aws.role("young", trust_of("scheduler.amazonaws.com"))
        request = world.request("cron(0 12 * * ? *)", role=role)
        scheduler = world.aws.client("scheduler")
        assert "to assume the role" in refused(lambda: scheduler.create_schedule(Name="stop", **request))[2]
        world.aws.admin("POST", "clock", {"advance": 31})
        scheduler.create_schedule(Name="stop", **request)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "expression": ({"ScheduleExpression": "cron(0 19 * * *)"}, "Invalid Schedule Expression cron(0 19 * * *)."),
    "zone": (
        {"ScheduleExpressionTimezone": "Europe/Atlantis"},
        "Invalid Schedule Expression Timezone Europe/Atlantis.",
    ),
    "start": (
        {"StartDate": datetime(2020, 1, 1, tzinfo=timezone.utc)},
        "The StartDate you specify cannot be earlier than 5 minutes ago.",
    ),
    "end": ({"EndDate": datetime(2020, 1, 1, tzinfo=timezone.utc)}, "The EndDate you specify must come after"),
    "window": ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes is needed"),
}


class TestApi:
    @pytest.mark.parametrize(("changes", "words"), WRONG.values(), ids=WRONG)
    def test_what_aws_refuses(self, world: World, changes: dict[str, Any], words: str) -> None:
        scheduler = world.aws.client("scheduler")
        world.schedule("there", "cron(0 12 * * ? *)")
        request = {**world.request("cron(0 12 * * ? *)"), **changes}
        for call in (scheduler.create_schedule, scheduler.update_schedule):
            name = "there" if call == scheduler.update_schedule else "new"
            code, status, message = refused(lambda call=call, name=name: call(Name=name, **request))  # type: ignore[misc]  # bound at once
            assert (code, status) == ("ValidationException", 400)
            assert words in message

    def test_an_update_replaces_everything(self, world: World) -> None:
        scheduler = world.aws.client("scheduler")
        world.schedule(
            "stop",
            "rate(1 day)",
            State="DISABLED",
            Description="d",
            ScheduleExpressionTimezone="Europe/Berlin",
            ActionAfterCompletion="DELETE",
        )
        scheduler.update_schedule(Name="stop", **world.request("cron(0 12 * * ? *)"))
        found = scheduler.get_schedule(Name="stop")
        assert (found["State"], found["ScheduleExpressionTimezone"]) == ("ENABLED", "UTC")
        assert "Description" not in found
        assert "ActionAfterCompletion" not in found
        assert found["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
        assert found["LastModificationDate"] > found["CreationDate"]

    def test_the_same_token_is_the_same_request(self, world: World) -> None:
        scheduler = world.aws.client("scheduler")
        request = world.request("cron(0 12 * * ? *)", ClientToken="once")
        made = scheduler.create_schedule(Name="stop", **request)
        assert scheduler.create_schedule(Name="stop", **request)["ScheduleArn"] == made["ScheduleArn"]
        code, _status, _message = refused(
            lambda: scheduler.create_schedule(Name="stop", **{**request, "ClientToken": "twice"})
        )
        assert code == "ConflictException"

    def test_groups(self, world: World) -> None:
        scheduler = world.aws.client("scheduler")

        def make() -> None:
            world.schedule("stop", "cron(0 12 * * ? *)", GroupName="mlflow")

        assert refused(make)[:2] == ("ResourceNotFoundException", 404)
        assert refused(lambda: scheduler.delete_schedule_group(Name="mlflow"))[0] == "ResourceNotFoundException"
        arn = scheduler.create_schedule_group(Name="mlflow", Tags=[{"Key": "a", "Value": "b"}])["ScheduleGroupArn"]
        assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
        assert refused(lambda: scheduler.create_schedule_group(Name="mlflow"))[0] == "ConflictException"
        make()
        scheduler.delete_schedule_group(Name="mlflow")
        assert scheduler.list_schedules()["Schedules"] == []
        assert refused(lambda: scheduler.delete_schedule_group(Name="default"))[0] == "ValidationException"


def test_too_many_at_once_are_left_out_and_noted(world: World) -> None:
    target = "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
    world.schedule("often", "rate(1 minute)", target)
    world.aws.admin("POST", "clock", {"advance": 86400 * 5})
    assert "more than 5000 were due at once" in world.reasons()[-1]
    count = len(world.invocations())
    world.aws.admin("POST", "clock", {"advance": 90})
    assert "more than 5000" not in world.reasons()[-1]
    assert count == 5000


@pytest.fixture
def home(tmp_path: Path) -> Iterator[list[Any]]:
    """Instances on one home, one after the other."""
    running: list[Any] = [tmp_path / "home"]
    yield running
    for region in running[1:]:
        if region.process.poll() is None:
            local_region.stop(region)


def test_schedules_survive_a_restart(home: list[Any]) -> None:
    home.append(local_region.start(home[0], "--mlflow", "off"))
    world = populate(LocalAws(home[-1]))
    due = world.now().replace(microsecond=0) + timedelta(hours=2)
    world.schedule("stop", f"at({due:%Y-%m-%dT%H:%M:%S})")
    world.move_to(due + timedelta(seconds=1))
    world.schedule("start", f"at({due + timedelta(hours=2):%Y-%m-%dT%H:%M:%S})", START)
    before = world.invocations()
    local_region.stop(home[-1])
    home.append(local_region.start(home[0], "--mlflow", "off"))
    world = World(LocalAws(home[-1]), world.role)
    assert world.invocations() == before
    assert world.status() == "Stopped"
    world.move_to(due + timedelta(hours=3))
    assert world.status() == "Started"
    assert [name for _due, name, _outcome in world.invocations()] == ["stop", "start"]


def test_a_real_mlflow_is_up_before_it_is_stopped_again(home: list[Any]) -> None:
    """The clock passes the seconds that it takes to start in no time."""
    home.append(local_region.start(home[0]))
    world = populate(LocalAws(home[-1]))
    limit = time.monotonic() + 120
    while world.status() != "Created" and time.monotonic() < limit:
        time.sleep(0.1)
    world.move_to(at((world.now() + timedelta(days=1)).date(), 12))
    world.schedule("stop", "cron(0 13 * * ? *)")
    world.schedule("start", "cron(0 14 * * ? *)", START)
    world.aws.admin("POST", "clock", {"advance": 86400 * 3})
    found = [(name, outcome) for _due, name, outcome in world.invocations()]
    assert found == [("stop", "carried out"), ("start", "carried out")] * 3, world.reasons()


def test_reset_forgets_schedules(world: World) -> None:
    world.schedule("stop", "rate(1 hour)")
    world.aws.admin("POST", "clock", {"advance": 60})
    world.aws.admin("POST", "reset")
    assert world.aws.admin("GET", "schedules") == {"schedules": [], "invocations": []}
    world.aws.admin("POST", "clock", {"advance": 7200})
    assert world.aws.admin("GET", "schedules")["invocations"] == []
