# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a wish makes of a trail: one that is made here, or one of others that also records MLflow."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _trail_selectors as selectors
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._trail_plan import (
    SETTINGS,
    TrailState,
    TrailWish,
    plan_trail,
    settings_from_aws,
)

Json = dict[str, t.Any]
REGION = "eu-west-1"
OWNER = f"{REGION} mlflow-tracking-server/one"
ARN = f"arn:aws:cloudtrail:{REGION}:123456789012:trail/audit"
OURS = selectors.api_selector(OWNER, "AWS::SageMaker::MlflowTrackingServer", "arn:one", "all")
THEIRS: Json = {"Name": "Theirs", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
MANAGEMENT = selectors.management_selector()
DEFAULT: tuple[Json, ...] = ({"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []},)
NARROW: tuple[Json, ...] = ({"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True},)
OPTIONS: Json = {
    "s3_bucket_name": "logs",
    "s3_key_prefix": "",
    "kms_key_id": "",
    "is_multi_region_trail": False,
    "enable_log_file_validation": True,
}
WISH = TrailWish("audit", REGION, True, OWNER, selectors=(OURS,))
MAKING = replace(WISH, settings=OPTIONS)
ABSENT = replace(WISH, present=False, selectors=())
DELETED = replace(ABSENT, delete_trail=True)
NOTHING = TrailState(False)
HELD = TrailState(True, ARN, REGION, settings=OPTIONS, is_logging=True, advanced=(MANAGEMENT, OURS))
Step = tuple[str, t.Any, t.Any, str, Json]


def steps(wish: TrailWish, state: TrailState) -> list[Step]:
    changes = plan_trail(wish, state).changes
    assert {change.call.service for change in changes} <= {"cloudtrail"}
    return [
        (change.name, change.before, change.after, change.call.operation, dict(change.call.parameters))
        for change in changes
    ]


def put(before: t.Sequence[Json], after: t.Sequence[Json], name: str = ARN) -> Step:
    basic = [each for each in before if "FieldSelectors" not in each]
    old = basic or [selectors.normal(each) for each in before]
    new = [selectors.normal(each) for each in after]
    sent = {"TrailName": name, "AdvancedEventSelectors": list(after)}
    return "event_selectors", old, new, "put_event_selectors", sent


def test_a_trail_is_made_filled_and_started() -> None:
    create = {"Name": "audit", "S3BucketName": "logs", "IsMultiRegionTrail": False, "EnableLogFileValidation": True}
    assert steps(MAKING, NOTHING) == [
        ("trail", None, OPTIONS, "create_trail", create),
        put([], [MANAGEMENT, OURS], "audit"),
        ("is_logging", False, True, "start_logging", {"Name": "audit"}),
    ]
    plan = plan_trail(MAKING, NOTHING)
    shown = {
        "is_logging": True,
        "event_selectors": [],
        "advanced_event_selectors": [selectors.normal(MANAGEMENT), selectors.normal(OURS)],
        **OPTIONS,
    }
    assert (plan.before, plan.after) == (None, shown)
    assert plan.predicted == replace(HELD, arn="", home_region="")


def test_a_trail_with_a_key_tags_and_no_management_events() -> None:
    options = {**OPTIONS, "s3_key_prefix": "a", "kms_key_id": "arn:key"}
    wish = replace(MAKING, settings=options, tags={"b": "2", "a": "1"}, management_events=False)
    create, fill, _start = steps(wish, NOTHING)
    assert create[4] == {
        "Name": "audit",
        "S3BucketName": "logs",
        "S3KeyPrefix": "a",
        "KmsKeyId": "arn:key",
        "IsMultiRegionTrail": False,
        "EnableLogFileValidation": True,
        "TagsList": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    }
    assert create[2] == {**options, "tags": {"a": "1", "b": "2"}}
    assert fill == put([], [OURS], "audit")
    assert (plan_trail(wish, NOTHING).after or {})["tags"] == {"a": "1", "b": "2"}
    untagged = plan_trail(replace(wish, tags={}), NOTHING)
    assert "TagsList" not in untagged.changes[0].call.parameters
    assert (untagged.after or {})["tags"] == untagged.changes[0].after["tags"] == {}


def test_a_trail_that_is_not_there() -> None:
    with pytest.raises(MlflowError, match=rf"^name: there is no trail 'audit' in {REGION}"):
        plan_trail(WISH, NOTHING)
    for wish in (ABSENT, DELETED):
        plan = plan_trail(wish, NOTHING)
        assert (plan.changes, plan.before, plan.after, plan.predicted) == ((), None, None, NOTHING)


@pytest.mark.parametrize("wish", [WISH, MAKING], ids=["of others", "of ours"])
def test_a_second_run_finds_nothing(wish: TrailWish) -> None:
    plan = plan_trail(wish, HELD)
    assert (plan.changes, plan.predicted, plan.before) == ((), HELD, plan.after)
    assert "tags" not in (plan.before or {})


def test_the_home_region_is_where_it_is_changed() -> None:
    for wish in (WISH, ABSENT, DELETED):
        with pytest.raises(
            MlflowError, match=r"home Region of the trail 'audit' is us-east-1, .* Set region: us-east-1\.$"
        ):
            plan_trail(wish, replace(HELD, home_region="us-east-1"))


def test_ours_come_beside_those_of_others() -> None:
    state = replace(HELD, advanced=(THEIRS,), is_logging=False)
    assert steps(WISH, state) == [put([THEIRS], [THEIRS, OURS])]
    assert plan_trail(WISH, state).predicted == replace(state, advanced=(THEIRS, OURS))
    assert steps(ABSENT, replace(HELD, advanced=(THEIRS, OURS))) == [put([THEIRS, OURS], [THEIRS])]


@pytest.mark.parametrize("option", OPTIONS)
def test_each_setting_alone(option: str) -> None:
    before = {**OPTIONS, option: "other"}
    change: Step = (
        "settings",
        {option: "other"},
        {option: OPTIONS[option]},
        "update_trail",
        {"Name": ARN, SETTINGS[option]: OPTIONS[option]},
    )
    assert steps(MAKING, replace(HELD, settings=before)) == [change]
    assert steps(WISH, replace(HELD, settings=before)) == []
    assert steps(replace(ABSENT, settings=OPTIONS), replace(HELD, settings=before, advanced=(THEIRS,))) == []


def test_a_trail_of_ours_records() -> None:
    start: Step = ("is_logging", False, True, "start_logging", {"Name": ARN})
    assert steps(MAKING, replace(HELD, is_logging=False)) == [start]
    assert steps(WISH, replace(HELD, is_logging=False)) == []


def test_tags() -> None:
    held = replace(HELD, tags={"c": "3", "a": "0"})
    wish = replace(MAKING, tags={"a": "1", "b": "2"}, purge_tags=True)
    added = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    between = {"a": "1", "b": "2", "c": "3"}
    assert steps(wish, held) == [
        ("tags", {"c": "3", "a": "0"}, between, "add_tags", {"ResourceId": ARN, "TagsList": added}),
        (
            "removed_tags",
            between,
            {"a": "1", "b": "2"},
            "remove_tags",
            {"ResourceId": ARN, "TagsList": [{"Key": "c", "Value": "3"}]},
        ),
    ]
    plan = plan_trail(wish, held)
    assert ((plan.before or {})["tags"], (plan.after or {})["tags"]) == ({"c": "3", "a": "0"}, {"a": "1", "b": "2"})
    assert [step[0] for step in steps(replace(wish, purge_tags=False), held)] == ["tags"]
    assert steps(replace(MAKING, tags={}), held) == []
    assert (
        plan_trail(replace(wish, present=False, selectors=()), replace(held, advanced=(THEIRS,))).predicted.tags
        == held.tags
    )


def test_basic_selectors_that_record_what_every_trail_does_are_converted() -> None:
    state = replace(HELD, advanced=(), basic=DEFAULT)
    plan = plan_trail(WISH, state)
    assert steps(WISH, state) == [put(DEFAULT, [MANAGEMENT, OURS])]
    assert plan.predicted == HELD
    assert (plan.before or {})["event_selectors"] == list(DEFAULT)
    assert (plan.after or {})["event_selectors"] == []


def test_other_basic_selectors_are_converted_when_it_is_asked_for() -> None:
    state = replace(HELD, advanced=(), basic=NARROW)
    with pytest.raises(MlflowError, match=r"^convert_basic_selectors: the trail 'audit' has basic event selectors"):
        plan_trail(WISH, state)
    converting = replace(WISH, convert_basic_selectors=True)
    assert steps(converting, state) == [put(NARROW, [*selectors.as_advanced(NARROW), OURS])]
    assert steps(ABSENT, state) == []


def test_a_trail_without_selectors_does_not_exist() -> None:
    with pytest.raises(MlflowError, match=r"^state: the trail 'audit' records nothing else"):
        plan_trail(ABSENT, replace(HELD, advanced=(OURS,)))


def test_a_trail_takes_so_many_values() -> None:
    fields = [{"Field": "resources.ARN", "StartsWith": [str(number) for number in range(selectors.LIMIT)]}]
    with pytest.raises(MlflowError, match=r"^name: the selectors of the trail 'audit' would have"):
        plan_trail(WISH, replace(HELD, advanced=({"Name": "Many", "FieldSelectors": fields},)))


@pytest.mark.parametrize("state", [HELD, replace(HELD, advanced=(), basic=DEFAULT)], ids=["advanced", "basic"])
def test_a_trail_that_records_for_nobody_else_is_deleted(state: TrailState) -> None:
    shown = state.shown(with_tags=False)
    plan = plan_trail(DELETED, state)
    assert steps(DELETED, state) == [("trail", shown, None, "delete_trail", {"Name": ARN})]
    assert (plan.before, plan.after, plan.predicted) == (shown, None, NOTHING)


def test_a_trail_that_records_for_others_is_left_alone() -> None:
    unnamed = {"FieldSelectors": THEIRS["FieldSelectors"]}
    with pytest.raises(
        MlflowError, match=r"^delete_trail: .* has selectors of others \(Theirs, without a name\) and was"
    ):
        plan_trail(DELETED, replace(HELD, advanced=(THEIRS, OURS, unnamed)))
    with pytest.raises(MlflowError, match=r"has selectors of others \(basic event selectors\)"):
        plan_trail(DELETED, replace(HELD, advanced=(), basic=NARROW))


def test_settings_as_aws_describes_them() -> None:
    nothing = {
        "s3_bucket_name": "",
        "s3_key_prefix": "",
        "kms_key_id": "",
        "is_multi_region_trail": False,
        "enable_log_file_validation": False,
    }
    assert settings_from_aws({}) == nothing
    assert settings_from_aws({"S3BucketName": "logs", "LogFileValidationEnabled": True}) == {
        **nothing,
        "s3_bucket_name": "logs",
        "enable_log_file_validation": True,
    }
