# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""scheduler_mlflow_power against the local AWS: role and schedules made, changed, adopted, left alone and deleted."""

from __future__ import annotations

import json
import re
import typing as t

import pytest
import yaml
from local_callers import trust_of
from mlflow_account import make_servers, make_user

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _power as power
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _role as role
from ansible_collections.mlops.sagemaker_mlflow.plugins.modules import scheduler_mlflow_power

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

Json = dict[str, t.Any]
MODULE = "scheduler_mlflow_power"
ACCOUNT = "123456789012"
NAME = "mlflow-staging-mlflow"
ROLE = f"{NAME}-power-us-east-1"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
SERVER_ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:mlflow-tracking-server/{NAME}"
STOP = "arn:aws:scheduler:::aws-sdk:sagemaker:stopMlflowTrackingServer"
WORKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri"]
BASE: Json = {
    "name": NAME,
    "timezone": "Europe/Berlin",
    "start": {"days": WORKDAYS, "time": "07:30"},
    "stop": {"days": WORKDAYS, "time": "19:00"},
}
EXISTING: Json = {"role_arn": f"arn:aws:iam::{ACCOUNT}:role/existing"}


@pytest.fixture(autouse=True)
def _quick_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local IAM shows at once what was written."""
    monkeypatch.setattr(role, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(power, "ROLE_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(power, "ROLE_PAUSE", 0.05)


def schedule(region: LocalRegion, verb: str = "stop", group: str = "default") -> Json:
    """A schedule as Scheduler has it."""
    found: Json = region.client("scheduler").get_schedule(Name=f"{NAME}-{verb}", GroupName=group)
    return found


def schedules(region: LocalRegion) -> list[str]:
    return sorted(each["Name"] for each in region.client("scheduler").list_schedules()["Schedules"])


def roles(region: LocalRegion) -> list[str]:
    return [each["RoleName"] for each in region.client("iam").list_roles()["Roles"]]


def inline(region: LocalRegion, name: str = ROLE) -> Json:
    document: Json = region.client("iam").get_role_policy(RoleName=name, PolicyName="MLflowPower")["PolicyDocument"]
    return document


def make_role(region: LocalRegion, name: str = "existing", service: str = "scheduler.amazonaws.com") -> str:
    document = json.dumps(trust_of(service))
    return str(region.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])


def another_tool_made(region: LocalRegion, verb: str = "stop", server: str = NAME, **more: t.Any) -> None:
    """A schedule with a role of its own."""
    target = {"Arn": STOP, "RoleArn": make_role(region), "Input": f'{{ "TrackingServerName":"{server}" }}'}
    request = {
        "Name": f"{NAME}-{verb}",
        "ScheduleExpression": "cron(0 19 ? * 2-6 *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {**target, **more.pop("Target", {})},
    }
    region.client("scheduler").create_schedule(**{**request, **more})


class TestCreate:
    def test_role_and_schedules(self, modules: Modules, region: LocalRegion) -> None:
        run = modules.converge(MODULE, **BASE)
        assert run.result["action"] == "create"
        assert run.names == ["role", "role.inline_policies.MLflowPower", "start", "stop"]
        assert run.writes == ["iam:CreateRole", "iam:PutRolePolicy"] + ["scheduler:CreateSchedule"] * 2
        found = schedule(region, "start")
        assert found["ScheduleExpression"] == "cron(30 7 ? * MON-FRI *)"
        assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"
        assert found["State"] == "ENABLED"
        assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert found["Target"] == {
            "Arn": "arn:aws:scheduler:::aws-sdk:sagemaker:startMlflowTrackingServer",
            "RoleArn": ROLE_ARN,
            "Input": json.dumps({"TrackingServerName": NAME}),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185},
        }
        assert schedule(region)["Target"]["Arn"] == STOP
        assert run.result["stop"]["schedule_arn"] == schedule(region)["Arn"]
        assert run.result["role_arn"] == run.result["stop"]["role_arn"] == ROLE_ARN

    def test_the_role_may_switch_this_server_and_nothing_else(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        (statement,) = inline(region)["Statement"]
        assert statement["Action"] == ["sagemaker:StartMlflowTrackingServer", "sagemaker:StopMlflowTrackingServer"]
        assert statement["Resource"] == SERVER_ARN
        (trust,) = region.client("iam").get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        assert trust["Condition"] == {
            "ArnLike": {"aws:SourceArn": f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/default"},
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
        }

    def test_the_server_is_switched(self, modules: Modules, region: LocalRegion) -> None:
        make_servers(region, NAME)
        modules.run(MODULE, **{**BASE, "start": {"time": "07:30"}, "stop": {"time": "19:00"}})
        region.configure(iam_enforcement=True)
        region.admin("POST", "clock", {"advance": 86400})
        outcomes = {each["schedule"][-4:]: each["outcome"] for each in region.admin("GET", "schedules")["invocations"]}
        assert outcomes["stop"] == "carried out"
        # Whichever comes first: a server that runs cannot be started.
        assert outcomes["tart"] in ("carried out", "failed")

    def test_the_prediction_of_check_mode(self, modules: Modules, region: LocalRegion) -> None:
        check = modules.run(MODULE, check=True, **BASE).result
        assert (roles(region), schedules(region)) == ([], [])
        real = modules.run(MODULE, **BASE).result
        for result in (check, real):
            result["role"] = {**result["role"], "role_id": None, "create_date": None}
        assert check == real

    @pytest.mark.parametrize("verb", ["start", "stop"])
    def test_only_one_of_them(self, modules: Modules, region: LocalRegion, verb: str) -> None:
        run = modules.converge(MODULE, name=NAME, **{verb: {"time": "19:00"}})
        assert schedules(region) == [f"{NAME}-{verb}"]
        assert run.result["stop" if verb == "start" else "start"] is None
        assert run.result[verb]["schedule_expression"] == "cron(0 19 * * ? *)"

    def test_with_a_role_that_exists_iam_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        make_role(region)
        run = modules.converge(MODULE, **BASE, **EXISTING)
        assert not [call for call in run.calls if call.startswith(("iam:", "sts:"))]
        assert schedule(region)["Target"]["RoleArn"] == EXISTING["role_arn"]
        assert run.result["role"] is None

    def test_everything_else(self, modules: Modules, region: LocalRegion) -> None:
        boundary = region.client("iam").create_policy(
            PolicyName="b", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
        )["Policy"]["Arn"]  # fmt: skip
        modules.converge(
            MODULE,
            **BASE,
            enabled=False,
            schedule_group="mlflow",
            flexible_time_window=15,
            retry_policy={"maximum_event_age_in_seconds": 600, "maximum_retry_attempts": 3},
            role_name="power",
            role_path="/mlflow/",
            role_permissions_boundary=boundary,
            tags={"Team": "vision"},
        )
        found = schedule(region, group="mlflow")
        assert found["State"] == "DISABLED"
        assert found["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}
        assert found["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 600, "MaximumRetryAttempts": 3}
        assert found["Target"]["RoleArn"] == f"arn:aws:iam::{ACCOUNT}:role/mlflow/power"
        made = region.client("iam").get_role(RoleName="power")["Role"]
        assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
        assert made["Tags"] == [{"Key": "Team", "Value": "vision"}]
        group = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/mlflow"
        assert region.client("scheduler").list_tags_for_resource(ResourceArn=group)["Tags"] == made["Tags"]
        assert group in json.dumps(made["AssumeRolePolicyDocument"])

    def test_names_of_any_length_are_unlike(self, modules: Modules, region: LocalRegion) -> None:
        stem = "m" * 70
        for name in (f"{stem}a", f"{stem}b"):
            modules.run(MODULE, **{**BASE, "name": name})
        assert len(set(schedules(region))) == 4
        assert len(set(roles(region))) == 2
        assert max(len(name) for name in [*schedules(region), *roles(region)]) == 64
        assert not modules.run(MODULE, **{**BASE, "name": f"{stem}a"}).changed


UPDATES: dict[str, tuple[Json, list[str], int]] = {
    "stop": ({"stop": {"days": WORKDAYS, "time": "20:15"}}, ["stop"], 1),
    "start": ({"start": {"days": ["monday"], "time": "7:30"}}, ["start"], 1),
    "expression": ({"stop": {"schedule_expression": "cron(0 19 LW * ? *)"}}, ["stop"], 1),
    "once": ({"stop": {"schedule_expression": "at(2099-12-31T19:00:00)"}}, ["stop"], 1),
    "no start": ({"start": None}, ["start"], 1),
    "timezone": ({"timezone": "America/New_York"}, ["start", "stop"], 2),
    "enabled": ({"enabled": False}, ["start", "stop"], 2),
    "window": ({"flexible_time_window": 10}, ["start", "stop"], 2),
    "retry": ({"retry_policy": {"maximum_retry_attempts": 1}}, ["start", "stop"], 2),
    "trust": ({"confused_deputy_protection": False}, ["role.assume_role_policy_document"], 1),
    "tags": ({"tags": {"a": "b"}}, ["role.tags"], 1),
}


class TestUpdate:
    @pytest.mark.parametrize(("changes", "names", "writes"), UPDATES.values(), ids=UPDATES)
    def test_one_aspect(self, modules: Modules, changes: Json, names: list[str], writes: int) -> None:
        modules.run(MODULE, **BASE)
        run = modules.converge(MODULE, **{**BASE, **changes})
        assert run.names == names
        assert len(run.writes) == writes
        assert run.result["action"] == "update"
        differing = {
            key for key, value in run.result["diff"]["before"].items() if run.result["diff"]["after"].get(key) != value
        }
        assert differing == {name.partition(".")[0] for name in names}

    def test_an_update_sends_everything_that_others_have_set(self, modules: Modules, region: LocalRegion) -> None:
        dead = {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:lost"}
        another_tool_made(
            region, Description="theirs", ActionAfterCompletion="DELETE", Target={"DeadLetterConfig": dead}
        )
        modules.converge(MODULE, **{**BASE, "start": None})
        found = schedule(region)
        assert (found["Description"], found["ActionAfterCompletion"]) == ("theirs", "DELETE")
        assert found["Target"]["DeadLetterConfig"] == dead
        assert found["Target"]["RoleArn"] == ROLE_ARN

    def test_from_a_role_of_its_own_to_one_that_exists_and_back(self, modules: Modules, region: LocalRegion) -> None:
        make_role(region)
        modules.run(MODULE, **BASE)
        assert modules.converge(MODULE, **BASE, **EXISTING).names == ["start", "stop"]
        assert ROLE in roles(region)
        assert modules.converge(MODULE, **BASE).names == ["start", "stop"]

    def test_another_group_gets_its_own_schedules(self, modules: Modules, region: LocalRegion) -> None:
        region.client("scheduler").create_schedule_group(Name="mlflow", Tags=[{"Key": "Owner", "Value": "them"}])
        run = modules.converge(MODULE, **BASE, schedule_group="mlflow", tags={"Team": "vision"})
        assert run.names[0] == "schedule_group.tags"
        group = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/mlflow"
        found = region.client("scheduler").list_tags_for_resource(ResourceArn=group)["Tags"]
        assert {tag["Key"] for tag in found} == {"Owner", "Team"}

    def test_drift_of_the_role_is_repaired(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}]}
        region.client("iam").put_role_policy(RoleName=ROLE, PolicyName="MLflowPower", PolicyDocument=json.dumps(wide))
        assert modules.converge(MODULE, **BASE).names == ["role.inline_policies.MLflowPower"]


class TestAdopt:
    @pytest.mark.parametrize(
        "spelling",
        ["cron(0 19 ? * 2-6 *)", "cron(0  19 ? * mon,TUE,4,5-6 *)", "cron(00 19 ? * FRI,MON-THU *)"],
    )
    def test_another_spelling_of_the_same_times_is_no_change(
        self, modules: Modules, region: LocalRegion, spelling: str
    ) -> None:
        retry = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185}
        another_tool_made(region, ScheduleExpression=spelling, Target={"RetryPolicy": retry})
        run = modules.run(MODULE, **{**BASE, "start": None}, **EXISTING)
        assert (run.changed, run.writes) == (False, [])
        assert run.result["stop"]["schedule_expression"] == spelling

    def test_utc_has_many_names(self, modules: Modules, region: LocalRegion) -> None:
        make_role(region)
        wish: Json = {"name": NAME, "stop": {"time": "19:00"}, **EXISTING}
        modules.run(MODULE, **wish)
        assert not modules.run(MODULE, **wish, timezone="Etc/UTC").changed
        assert modules.run(MODULE, **wish, timezone="Europe/London").names == ["stop"]

    def test_a_schedule_of_somebody_else_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        another_tool_made(region, server="another")
        for wish in (BASE, {"name": NAME, "state": "absent"}):
            message = modules.fail(MODULE, **wish)
            assert f"the schedule '{NAME}-stop' in the group 'default' exists, but does not stop" in message
        assert region.writes() == []

    def test_a_role_of_somebody_else_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        make_role(region, ROLE, "lambda.amazonaws.com")
        message = modules.fail(MODULE, **BASE)
        assert message.startswith(f"role_name: the role '{ROLE}'")
        assert "EventBridge Scheduler may not take it (it trusts lambda.amazonaws.com)" in message
        assert region.writes() == []

    def test_the_role_of_another_server_is_left_alone(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **{**BASE, "name": "first"}, role_name="shared")
        wishes: list[Json] = [{**BASE, "name": "second"}, {"name": "second", "state": "absent"}]
        for wish in wishes:
            message = modules.fail(MODULE, **wish, role_name="shared")
            assert "role_name: the role 'shared' belongs to the timetable of" in message
            assert region.writes() == []


class TestDelete:
    def test_schedules_go_before_the_role(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        run = modules.converge(MODULE, name=NAME, state="absent")
        assert run.result["action"] == "delete"
        assert run.writes == ["scheduler:DeleteSchedule"] * 2 + ["iam:DeleteRolePolicy", "iam:DeleteRole"]
        assert (schedules(region), roles(region)) == ([], [])
        assert [run.result[key] for key in ("start", "stop", "role", "role_arn")] == [None] * 4

    def test_a_role_that_exists_and_a_group_stay(self, modules: Modules, region: LocalRegion) -> None:
        make_role(region)
        modules.run(MODULE, **BASE, **EXISTING, schedule_group="mlflow")
        modules.converge(MODULE, name=NAME, state="absent", schedule_group="mlflow", **EXISTING)
        assert (schedules(region), roles(region)) == ([], ["existing"])
        groups = region.client("scheduler").list_schedule_groups()["ScheduleGroups"]
        assert "mlflow" in [group["Name"] for group in groups]

    def test_what_an_interrupted_run_left_goes_too(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        region.client("scheduler").delete_schedule(Name=f"{NAME}-stop")
        region.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="MLflowPower")
        modules.converge(MODULE, name=NAME, state="absent")
        assert (schedules(region), roles(region)) == ([], [])


class TestFaults:
    def test_a_new_role_is_waited_for(self, modules: Modules, region: LocalRegion) -> None:
        region.configure(iam_propagation_seconds=0.4)
        run = modules.run(MODULE, **BASE)
        creations = run.calls.count("scheduler:CreateSchedule")
        assert creations > 2
        assert schedules(region) == [f"{NAME}-start", f"{NAME}-stop"]

    def test_a_role_that_never_works_is_an_error(self, modules: Modules, region: LocalRegion) -> None:
        make_role(region, service="lambda.amazonaws.com")
        message = modules.fail(MODULE, **BASE, **EXISTING, role_propagation_timeout=0)
        assert f"Scheduler cannot take the role {EXISTING['role_arn']}" in message
        assert "must let scheduler.amazonaws.com take it" in message

    @pytest.mark.parametrize("operation", ["CreateSchedule", "UpdateSchedule", "DeleteSchedule"])
    def test_a_lost_answer_is_no_failure(self, modules: Modules, region: LocalRegion, operation: str) -> None:
        wish = BASE
        if operation != "CreateSchedule":
            modules.run(MODULE, **BASE)
            wish = {**BASE, "enabled": False} if operation == "UpdateSchedule" else {"name": NAME, "state": "absent"}
        region.inject({"service": "scheduler", "operation": operation, "reset": True, "after": True, "times": 1})
        run = modules.run(MODULE, **wish)
        assert run.changed
        assert not modules.run(MODULE, **wish).changed

    def test_throttling_is_waited_out(self, modules: Modules, region: LocalRegion) -> None:
        region.inject({"service": "scheduler", "code": "ThrottlingException", "status": 429, "times": 2})
        modules.run(MODULE, **BASE)
        assert len(schedules(region)) == 2

    def test_a_schedule_that_is_gone_meanwhile_is_made_anew(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **BASE)
        gone = {
            "service": "scheduler",
            "operation": "UpdateSchedule",
            "code": "ResourceNotFoundException",
            "status": 404,
            "times": 1,
        }
        region.inject(gone)
        run = modules.run(MODULE, **{**BASE, "enabled": False})
        assert run.names == ["start", "stop"]
        assert schedule(region)["State"] == "DISABLED"

    def test_a_denial_tells_what_was_done_before(self, modules: Modules, region: LocalRegion) -> None:
        region.inject(
            {
                "service": "scheduler",
                "operation": "CreateSchedule",
                "code": "AccessDeniedException",
                "status": 403,
                "times": 1,
            }
        )
        message = modules.fail(MODULE, **BASE)
        assert f"changing start of the power schedule of the tracking server '{NAME}'" in message
        assert "Allow the action named above" in message
        assert modules.converge(MODULE, **BASE).names == ["start", "stop"]

    def test_a_quota(self, modules: Modules, region: LocalRegion) -> None:
        region.inject(
            {
                "service": "scheduler",
                "operation": "CreateSchedule",
                "code": "ServiceQuotaExceededException",
                "status": 402,
                "times": 1,
            }
        )
        assert "ServiceQuotaExceededException" in modules.fail(MODULE, **BASE)


BAD_INPUT: dict[str, Json] = {
    "name: 'a_b' is not allowed": {**BASE, "name": "a_b"},
    "start and stop: one of them at least must say when": {"name": NAME},
    "timezone: there is no time zone 'Europe/Berlim'. Give a name of the IANA database. Did you mean Europe/Berlin?": {
        **BASE,
        "timezone": "Europe/Berlim",
    },
    "Did you mean America/New_York?": {**BASE, "timezone": "america/new_york"},
    "timezone: '../Berlin' is not the name": {**BASE, "timezone": "../Berlin"},
    "stop.time: '1140' is not a time. Give hours and minutes in quotes": {**BASE, "stop": {"time": 1140}},
    "stop.time: '24:00' is not a time": {**BASE, "stop": {"time": "24:00"}},
    "stop: time is missing": {**BASE, "stop": {"days": ["Mon"]}},
    "stop.days: 'Funday' is not allowed; days are Mon": {**BASE, "stop": {"days": ["Funday"], "time": "19:00"}},
    "stop.days: an empty list is not allowed": {**BASE, "stop": {"days": [], "time": "19:00"}},
    "stop: schedule_expression says when": {
        **BASE,
        "stop": {"time": "19:00", "schedule_expression": "cron(0 19 * * ? *)"},
    },
    "A rate() makes no sense here": {**BASE, "stop": {"schedule_expression": "rate(1 day)"}},
    "needs six fields": {**BASE, "stop": {"schedule_expression": "cron(0 19 * * *)"}},
    "one of day of month and day of week must be ?": {**BASE, "stop": {"schedule_expression": "cron(0 19 * * * *)"}},
    "is not at(yyyy-mm-ddThh:mm:ss)": {**BASE, "stop": {"schedule_expression": "at(2027-02-30T19:00:00)"}},
    "schedule_group: 'a b' is not allowed": {**BASE, "schedule_group": "a b"},
    "flexible_time_window: 1441 is not allowed: 0 to 1440": {**BASE, "flexible_time_window": 1441},
    "retry_policy.maximum_event_age_in_seconds: 59": {**BASE, "retry_policy": {"maximum_event_age_in_seconds": 59}},
    "retry_policy.maximum_retry_attempts: 186": {**BASE, "retry_policy": {"maximum_retry_attempts": 186}},
    "role_arn: 'power' is not the ARN of a role": {**BASE, "role_arn": "power"},
    "role_arn names a role that is not touched, and role_name": {**BASE, **EXISTING, "role_name": "power"},
    "role_name: 'a b' is not allowed": {**BASE, "role_name": "a b"},
    "role_path: 'mlflow' is not allowed": {**BASE, "role_path": "mlflow"},
    "role_permissions_boundary: 'x' is not allowed": {**BASE, "role_permissions_boundary": "x"},
    "region: AWS offers no managed MLflow in China": {**BASE, "region": "cn-north-1"},
    "wait_timeout: 0 is not allowed": {**BASE, "wait_timeout": 0},
    "role_propagation_timeout: -1 is not allowed": {**BASE, "role_propagation_timeout": -1},
    "tags: the key 'aws:x' begins with 'aws:'": {**BASE, "tags": {"aws:x": "y"}},
}


@pytest.mark.parametrize(("message", "options"), BAD_INPUT.items(), ids=BAD_INPUT)
def test_bad_input_fails_before_the_first_call(
    modules: Modules, region: LocalRegion, message: str, options: Json
) -> None:
    region.clear_log()
    assert message in modules.fail(MODULE, **options)
    assert region.calls() == []


def test_the_path_of_a_role_cannot_change(modules: Modules) -> None:
    modules.run(MODULE, **BASE)
    assert "role_path: the role" in modules.fail(MODULE, **BASE, role_path="/mlflow/")


class TestPermissions:
    """What the documentation says is needed is enough, with IAM enforced."""

    notes: t.ClassVar[list[str]] = yaml.safe_load(scheduler_mlflow_power.DOCUMENTATION)["notes"]
    wish: t.ClassVar[Json] = {**BASE, "schedule_group": "mlflow", "tags": {"Team": "vision"}}

    def caller(self, region: LocalRegion, *beginnings: str) -> Json:
        """The credentials, as options, of a user who may do what these notes say and no more."""
        text = " ".join(note for note in self.notes if note.startswith(beginnings))
        return make_user(region, *sorted(set(re.findall(r"C\(((?:iam|scheduler):[A-Za-z]+)\)", text))))

    def test_to_read(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **self.wish)
        credentials = self.caller(region, "Needs")
        changed = {**self.wish, "enabled": False}
        assert modules.run(MODULE, check=True, **changed, **credentials).names == ["start", "stop"]
        assert "scheduler:UpdateSchedule" in modules.fail(MODULE, **changed, **credentials)

    def test_to_change(self, modules: Modules, region: LocalRegion) -> None:
        credentials = self.caller(region, "Needs", "To change")
        modules.converge(MODULE, **self.wish, **credentials)
        other = {**self.wish, "tags": {"Other": "x"}, "purge_tags": True, "start": None, "timezone": "UTC"}
        modules.converge(MODULE, **other, confused_deputy_protection=False, **credentials)
        modules.converge(MODULE, **self.wish, **credentials)

    def test_to_delete(self, modules: Modules, region: LocalRegion) -> None:
        modules.run(MODULE, **self.wish)
        credentials = self.caller(region, "Needs", "To delete")
        modules.converge(MODULE, name=NAME, state="absent", schedule_group="mlflow", **credentials)
        assert (schedules(region), roles(region)) == ([], [])
