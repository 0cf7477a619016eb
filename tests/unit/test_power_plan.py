# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish makes of a timetable: its schedules, its group and its role; in which order; what is somebody else's."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._policies import (
    POWER_ACCESS,
    SCHEDULER_PRINCIPAL,
    power_access,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_options import Delivery, PowerWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_plan import plan_power
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._power_state import Group, PowerState, Schedule
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_options import RoleWish, TrustWish
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._role_state import RoleState

ACCOUNT = "123456789012"
REGION = "eu-central-1"
SERVER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/team-a"
GROUP_ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/ours"
THEIR_ROLE = f"arn:aws:iam::{ACCOUNT}:role/scheduler"
OUR_ROLE = f"arn:aws:iam::{ACCOUNT}:role/team-a-power"
STOP = "cron(0 19 ? * 2-6 *)"
START = "cron(0 7 ? * 2-6 *)"
ROLE = RoleWish(
    name="team-a-power",
    present=True,
    region=REGION,
    service=SCHEDULER_PRINCIPAL,
    own_policies={POWER_ACCESS: {}},
    trust=TrustWish(True, None, ()),
)
WISH = PowerWish(
    name="team-a",
    region=REGION,
    present=True,
    expressions={"stop": STOP, "start": START},
    timezone="Europe/Berlin",
    enabled=True,
    group="default",
    delivery=Delivery(0, 3600, 185),
    role_arn=THEIR_ROLE,
    role=ROLE,
    tags=None,
)
OWN_ROLE = replace(WISH, role_arn=None)
IN_GROUP = replace(WISH, group="ours", tags={"b": "2", "a": "1"})
NOTHING = PowerState("aws", ACCOUNT, schedules={}, role=None, group=None)


def schedule(verb: str, expression: str, **values: t.Any) -> Schedule:
    return Schedule(
        **{
            "expression": expression,
            "timezone": "Europe/Berlin",
            "enabled": True,
            "target_arn": f"arn:aws:scheduler:::aws-sdk:sagemaker:{verb}MlflowTrackingServer",
            "server": "team-a",
            "role_arn": THEIR_ROLE,
            "delivery": Delivery(0, 3600, 185),
            "kept": {"Description": f"Managed by Ansible: {verb} team-a"},
            **values,
        }
    )


BOTH = replace(NOTHING, schedules={"stop": schedule("stop", STOP), "start": schedule("start", START)})


def shown(expression: str, **values: t.Any) -> dict[str, t.Any]:
    return {
        "schedule_expression": expression,
        "timezone": "Europe/Berlin",
        "enabled": True,
        "role_arn": THEIR_ROLE,
        "flexible_time_window": 0,
        "retry_policy": {"maximum_event_age_in_seconds": 3600, "maximum_retry_attempts": 185},
        **values,
    }


def request(verb: str, expression: str, **values: t.Any) -> dict[str, t.Any]:
    return {
        "Name": f"team-a-{verb}",
        "GroupName": "default",
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "State": "ENABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": f"arn:aws:scheduler:::aws-sdk:sagemaker:{verb}MlflowTrackingServer",
            "RoleArn": THEIR_ROLE,
            "Input": json.dumps({"TrackingServerName": "team-a"}),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 185},
        },
        "Description": f"Managed by Ansible: {verb} team-a",
        **values,
    }


Step = tuple[str, t.Any, t.Any, str, str, dict[str, t.Any]]


def steps(wish: PowerWish, state: PowerState) -> list[Step]:
    return [
        (each.name, each.before, each.after, each.call.service, each.call.operation, dict(each.call.parameters))
        for each in plan_power(wish, state).changes
    ]


def test_a_timetable_with_a_role_of_others() -> None:
    plan = plan_power(WISH, NOTHING)
    assert steps(WISH, NOTHING) == [
        ("start", None, shown(START), "scheduler", "create_schedule", request("start", START)),
        ("stop", None, shown(STOP), "scheduler", "create_schedule", request("stop", STOP)),
    ]
    assert (plan.before, plan.after) == (None, {"start": shown(START), "stop": shown(STOP)})
    assert plan.predicted == BOTH


def test_a_second_run_finds_nothing() -> None:
    plan = plan_power(WISH, BOTH)
    both = {"start": shown(START), "stop": shown(STOP)}
    assert (plan.changes, plan.before, plan.after, plan.predicted) == ((), both, both, BOTH)


def test_a_long_name_fits_the_description() -> None:
    name = "a" * 256
    (stop, _start) = [each.call.parameters for each in plan_power(replace(WISH, name=name), NOTHING).changes]
    assert stop["Description"] == f"Managed by Ansible: start {name}"
    long = plan_power(replace(WISH, name="a" * 600), NOTHING).changes[0].call.parameters["Description"]
    assert (len(long), long[:30]) == (512, "Managed by Ansible: start aaaa")


EACH_ALONE: dict[str, tuple[dict[str, t.Any], dict[str, t.Any], dict[str, t.Any]]] = {
    "timezone": ({"timezone": "UTC"}, {"timezone": "UTC"}, {"ScheduleExpressionTimezone": "UTC"}),
    "enabled": ({"enabled": False}, {"enabled": False}, {"State": "DISABLED"}),
    "window": (
        {"delivery": Delivery(15, 3600, 185)},
        {"flexible_time_window": 15},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}},
    ),
    "when": (
        {"expressions": {"stop": "cron(0 20 ? * 2-6 *)", "start": START}},
        {"schedule_expression": "cron(0 20 ? * 2-6 *)"},
        {"ScheduleExpression": "cron(0 20 ? * 2-6 *)"},
    ),
}


@pytest.mark.parametrize("case", EACH_ALONE)
def test_each_setting_alone(case: str) -> None:
    options, differs, sent = EACH_ALONE[case]
    changed = steps(replace(WISH, **options), BOTH)
    stop: Step = (
        "stop",
        shown(STOP),
        {**shown(STOP), **differs},
        "scheduler",
        "update_schedule",
        {**request("stop", STOP), **sent},
    )
    assert changed[-1] == stop
    assert [step[0] for step in changed] == (["stop"] if case == "when" else ["start", "stop"])


def test_an_update_keeps_what_others_set() -> None:
    kept = {"Description": "Theirs", "KmsKeyArn": "arn:key", "Target": {"DeadLetterConfig": {"Arn": "arn:queue"}}}
    state = replace(NOTHING, schedules={"stop": schedule("stop", STOP, kept=kept, enabled=False)})
    ((_name, _before, _after, _service, _operation, sent),) = steps(replace(WISH, expressions={"stop": STOP}), state)
    assert sent["Description"] == "Theirs"
    assert sent["KmsKeyArn"] == "arn:key"
    assert sent["Target"] == {**request("stop", STOP)["Target"], "DeadLetterConfig": {"Arn": "arn:queue"}}


def test_the_same_moments_are_left_as_they_are_written() -> None:
    written = schedule("stop", "cron(00 19 ? * MON-FRI *)")
    state = replace(NOTHING, schedules={"stop": written})
    plan = plan_power(replace(WISH, expressions={"stop": STOP}), state)
    assert (plan.changes, plan.predicted) == ((), state)
    (_name, _before, after, *_call) = steps(replace(WISH, expressions={"stop": STOP}, enabled=False), state)[0]
    assert after == shown("cron(00 19 ? * MON-FRI *)", enabled=False)
    utc = replace(NOTHING, schedules={"stop": schedule("stop", "cron(00 19 ? * MON-FRI *)", timezone="Etc/UTC")})
    assert plan_power(replace(WISH, expressions={"stop": STOP}, timezone="UTC"), utc).predicted == utc


def test_a_verb_that_is_not_wished_goes() -> None:
    wish = replace(WISH, expressions={"start": START})
    gone = {"Name": "team-a-stop", "GroupName": "default"}
    assert steps(wish, BOTH) == [("stop", shown(STOP), None, "scheduler", "delete_schedule", gone)]
    assert plan_power(wish, BOTH).after == {"start": shown(START)}


OURS = {"name": "ours", "tags": {"a": "1", "b": "2"}}


def test_a_group_is_made_before_what_is_in_it() -> None:
    state = replace(NOTHING, group=Group(exists=False))
    create = {"Name": "ours", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}
    assert steps(IN_GROUP, state)[0] == (
        "schedule_group",
        None,
        OURS,
        "scheduler",
        "create_schedule_group",
        create,
    )
    assert [step[0] for step in steps(IN_GROUP, state)] == ["schedule_group", "start", "stop"]
    assert steps(IN_GROUP, state)[1][5]["GroupName"] == "ours"
    assert (plan_power(IN_GROUP, state).after or {})["schedule_group"] == OURS
    untagged = replace(IN_GROUP, tags=None)
    assert steps(untagged, state)[0][5] == {"Name": "ours"}
    assert plan_power(untagged, state).predicted.group == Group(exists=True)


def test_a_group_gets_the_tags_that_it_lacks() -> None:
    state = replace(BOTH, group=Group(exists=True, tags={"a": "0", "c": "3"}))
    before, after = {"a": "0", "c": "3"}, {"a": "1", "b": "2", "c": "3"}
    tagging = {"ResourceArn": GROUP_ARN, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}
    assert steps(IN_GROUP, state) == [
        ("schedule_group.tags", before, after, "scheduler", "tag_resource", tagging),
    ]
    plan = plan_power(IN_GROUP, state)
    assert (plan.before or {})["schedule_group"] == {"name": "ours", "tags": before}
    assert (plan.after or {})["schedule_group"] == {"name": "ours", "tags": after}
    assert plan_power(IN_GROUP, plan.predicted).changes == ()


def test_an_absent_group_is_no_difference_to_show() -> None:
    assert set(plan_power(IN_GROUP, replace(BOTH, group=Group(exists=False))).before or {}) == {"start", "stop"}


NO_ROLE = RoleState("aws", ACCOUNT, exists=False)


def test_our_role_comes_first_and_is_of_this_server_and_group_only() -> None:
    plan = plan_power(OWN_ROLE, replace(NOTHING, role=NO_ROLE))
    assert [change.name for change in plan.changes] == ["role", "role.inline_policies.MLflowPower", "start", "stop"]
    role = plan.predicted.role
    assert role is not None
    assert role.inline_policies == {POWER_ACCESS: power_access(SERVER)}
    (statement,) = (role.trust or {})["Statement"]
    assert statement["Condition"] == {
        "ArnLike": {"aws:SourceArn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/default"},
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
    }
    assert plan.predicted.schedules["stop"].role_arn == OUR_ROLE
    assert plan.before is None
    assert (plan.after or {})["role"]["name"] == "team-a-power"
    assert POWER_ACCESS in (plan.after or {})["role"]["inline_policies"]
    assert plan_power(OWN_ROLE, plan.predicted).changes == ()


def test_our_role_goes_last() -> None:
    there = plan_power(OWN_ROLE, replace(NOTHING, role=NO_ROLE)).predicted
    gone = replace(OWN_ROLE, present=False, expressions={}, role=replace(ROLE, present=False))
    plan = plan_power(gone, there)
    assert [change.name for change in plan.changes] == ["start", "stop", "role.inline_policies.MLflowPower", "role"]
    assert (plan.before or {})["role"]["name"] == "team-a-power"
    assert (plan.after, plan.predicted.schedules) == (None, {})
    assert plan_power(gone, plan.predicted).changes == ()


def test_a_role_without_schedules_is_shown() -> None:
    there = plan_power(OWN_ROLE, replace(NOTHING, role=NO_ROLE)).predicted
    assert set(plan_power(OWN_ROLE, replace(there, schedules={})).before or {}) == {"role"}


@pytest.mark.parametrize(
    "values",
    [{"server": "team-b"}, {"server": None}, {"target_arn": "arn:aws:scheduler:::aws-sdk:sns:publish"}],
    ids=["another server", "no server", "another target"],
)
@pytest.mark.parametrize("present", [True, False])
def test_a_schedule_of_others_is_left_alone(values: dict[str, t.Any], present: bool) -> None:
    theirs = schedule("stop", STOP, **values)
    wish = replace(WISH, present=present, expressions=WISH.expressions if present else {})
    with pytest.raises(MlflowError, match="belongs to somebody else and was left alone") as refused:
        plan_power(wish, replace(NOTHING, schedules={"stop": theirs}))
    assert f"(its target is {theirs.target_arn}, its tracking server {theirs.server or 'none'})" in str(refused.value)
    assert "'team-a-stop' in the group 'default' exists, but does not stop the" in str(refused.value)


def test_a_target_is_known_in_any_spelling() -> None:
    lower = schedule("stop", STOP, target_arn="arn:aws:scheduler:::aws-sdk:sagemaker:stopmlflowtrackingserver")
    assert [step[0] for step in steps(WISH, replace(BOTH, schedules={**BOTH.schedules, "stop": lower}))] == ["stop"]


def role_of(*servers: str) -> RoleState:
    there = plan_power(OWN_ROLE, replace(NOTHING, role=NO_ROLE)).predicted.role
    assert there is not None
    statements = [power_access(f"{SERVER.rpartition('/')[0]}/{name}")["Statement"][0] for name in servers]
    return replace(there, inline_policies={POWER_ACCESS: {"Version": "2012-10-17", "Statement": statements}})


def test_two_servers_have_two_roles() -> None:
    with pytest.raises(MlflowError, match="role_name: the role 'team-a-power' belongs to the timetable of") as refused:
        plan_power(OWN_ROLE, replace(NOTHING, role=role_of("team-a", "team-c", "team-b")))
    assert f"of {SERVER[:-1]}b, {SERVER[:-1]}c and was" in str(refused.value)
    for repaired in (role_of("team-*"), role_of("team-a"), replace(role_of(), inline_policies={})):
        predicted = plan_power(OWN_ROLE, replace(NOTHING, role=repaired)).predicted.role
        assert predicted is not None
        assert predicted.inline_policies == {POWER_ACCESS: power_access(SERVER)}


def test_rights_on_other_things_are_no_other_server() -> None:
    role = role_of("team-a")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b"}],
    }
    state = replace(NOTHING, role=replace(role, inline_policies={POWER_ACCESS: document}))
    assert plan_power(OWN_ROLE, state).predicted.role == role


def test_what_is_wrong_with_the_role_names_the_option_of_this_module() -> None:
    role = role_of("team-a")
    wish = replace(OWN_ROLE, role=replace(ROLE, path="/other/"))
    with pytest.raises(MlflowError, match=r"^role_path: "):
        plan_power(wish, replace(NOTHING, role=role))


def test_every_option_of_the_role_is_named_as_this_module_names_it() -> None:
    theirs = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    foreign = RoleState("aws", ACCOUNT, True, trust={"Version": "2012-10-17", "Statement": [theirs]})
    with pytest.raises(MlflowError, match=r"^role_name: the role 'team-a-power' .* belongs to somebody else"):
        plan_power(OWN_ROLE, replace(NOTHING, role=foreign))
    bounded = replace(OWN_ROLE, role=replace(ROLE, permissions_boundary=f"arn:aws-cn:iam::{ACCOUNT}:policy/b"))
    with pytest.raises(MlflowError, match=r"^role_permissions_boundary: "):
        plan_power(bounded, replace(NOTHING, role=NO_ROLE))
