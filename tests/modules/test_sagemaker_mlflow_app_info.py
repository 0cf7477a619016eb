# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which MLflow Apps there are, whoever made them."""

from __future__ import annotations

import json
import typing as t
from collections import Counter
from datetime import datetime, timezone

import boto3
import pytest
from local_region import ACCOUNT, REGION
from mlflow_account import BUCKET, make_app, make_servers, make_user

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_info import MLFLOW_APPS, STATUSES

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

INFO = "sagemaker_mlflow_app_info"
LIST = "sagemaker:ListMlflowApps"
DESCRIBE = "sagemaker:DescribeMlflowApp"
TAGS = "sagemaker:ListTags"
TAGGED = {"Tags": [{"Key": "Team", "Value": "vision"}]}
DOMAIN = "d-aaaaaaaaaaaa"
SOMEWHERE = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-app/app-ABCDEFGHIJKL"


def names(modules: Modules, **arguments: t.Any) -> list[str]:
    """The names of the Apps that are found."""
    return [app["name"] for app in modules.run(INFO, **arguments).result["mlflow_apps"]]


def delete(region: LocalRegion, arn: str) -> None:
    """What is left is a tombstone."""
    region.client("sagemaker").delete_mlflow_app(Arn=arn)


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("by", ["arn", "name"])
def test_one_app(modules: Modules, region: LocalRegion, by: str, check: bool) -> None:
    arn = make_app(region, "one", AccountDefaultStatus="ENABLED", DefaultDomainIdList=[DOMAIN], **TAGGED)
    make_app(region, "two")
    make_servers(region, "one")
    run = modules.run(INFO, check=check, **{by: {"arn": arn, "name": "one"}[by]})
    assert not run.changed
    assert sorted(run.calls) == ([DESCRIBE, TAGS] if by == "arn" else [DESCRIBE, LIST, TAGS])
    (found,) = run.result["mlflow_apps"]
    created = found.pop("creation_time")
    assert datetime.fromisoformat(created) <= datetime.now(timezone.utc)
    assert found.pop("last_modified_time") == created
    assert found.pop("created_by") == found.pop("last_modified_by")
    assert found == {
        "exists": True,
        "is_deleted": False,
        "tracking_uri": arn,
        "name": "one",
        "arn": arn,
        "status": "Created",
        "maintenance_status": None,
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/mlflow-of-others",
        "kms_key_id": None,
        "mlflow_version": "3.10.1",
        "artifact_store_uri": f"s3://{BUCKET}",
        "automatic_model_registration": False,
        "weekly_maintenance_window_start": found["weekly_maintenance_window_start"],
        "account_default": True,
        "default_domain_ids": [DOMAIN],
        "tags": {"Team": "vision"},
    }


@pytest.mark.parametrize(
    ("asked", "calls"), [({"arn": SOMEWHERE}, [DESCRIBE]), ({"name": "nobody"}, [LIST]), ({}, [LIST])]
)
def test_an_app_that_is_not_there(modules: Modules, asked: dict[str, t.Any], calls: list[str]) -> None:
    run = modules.run(INFO, **asked)
    assert run.result["mlflow_apps"] == []
    assert run.calls == calls


def test_every_app_of_a_name(modules: Modules, region: LocalRegion) -> None:
    region.configure(app_names_unique=False)
    arns = {make_app(region, "twin"), make_app(region, "twin")}
    make_app(region, "other")
    found = modules.run(INFO, name="twin").result["mlflow_apps"]
    assert {app["arn"] for app in found} == arns


def test_more_apps_than_a_page_holds(modules: Modules, region: LocalRegion) -> None:
    region.configure(app_quota=101)
    wanted = [f"app-{number:03}" for number in range(101)]
    for name in wanted:
        make_app(region, name, **TAGGED)
    run = modules.run(INFO, sort_by="Name", sort_order="Ascending")
    found = run.result["mlflow_apps"]
    assert [app["name"] for app in found] == wanted
    assert all(app["tags"] == {"Team": "vision"} for app in found)
    assert Counter(run.calls) == {LIST: 2, DESCRIBE: 101, TAGS: 101}
    assert run.calls[:2] == [LIST, LIST]
    run = modules.run(INFO, name="app-000")
    assert Counter(run.calls) == {LIST: 2, DESCRIBE: 1, TAGS: 1}


def test_without_tags(modules: Modules, region: LocalRegion) -> None:
    for name in ("one", "two"):
        make_app(region, name)
    run = modules.run(INFO, include_tags=False)
    assert [app["tags"] for app in run.result["mlflow_apps"]] == [None, None]
    assert sorted(run.calls) == [DESCRIBE, DESCRIBE, LIST]


def test_filters(modules: Modules, region: LocalRegion) -> None:
    make_app(region, "b", AccountDefaultStatus="ENABLED")
    make_app(region, "a", DefaultDomainIdList=[DOMAIN])
    updated = make_app(region, "c")
    region.client("sagemaker").update_mlflow_app(Arn=updated, WeeklyMaintenanceWindowStart="Tue:03:30")
    assert names(modules, sort_by="Name", sort_order="Ascending") == ["a", "b", "c"]
    assert names(modules, sort_by="Name", sort_order="Descending") == ["c", "b", "a"]
    assert names(modules, status="Updated") == ["c"]
    assert names(modules, status="Deleting") == []
    assert names(modules, account_default=True) == ["b"]
    assert names(modules, account_default=False, sort_by="Name") == ["c", "a"]
    assert names(modules, default_for_domain_id=DOMAIN) == ["a"]
    assert names(modules, default_for_domain_id="d-bbbbbbbbbbbb") == []
    assert names(modules, created_after="2100-01-01") == []
    assert names(modules, created_before="2100-01-01T00:00:00+02:00", sort_by="Name") == ["c", "b", "a"]
    assert names(modules, mlflow_version="3.10", name="b") == ["b"]
    assert names(modules, mlflow_version="3.1") == []
    assert names(modules, name="a", account_default=True) == []


def test_another_region_has_other_apps(modules: Modules, region: LocalRegion) -> None:
    arn = make_app(region, "here")
    assert names(modules, region="eu-west-1") == []
    message = modules.fail(INFO, region="eu-west-1", arn=arn)
    assert f"is in {REGION}, but the calls go to eu-west-1. Set region: {REGION}." in message


def test_a_deleted_app_is_left_out_and_costs_no_call(modules: Modules, region: LocalRegion) -> None:
    delete(region, make_app(region, "old"))
    make_app(region, "old")
    run = modules.run(INFO, name="old")
    assert [app["is_deleted"] for app in run.result["mlflow_apps"]] == [False]
    assert sorted(run.calls) == [DESCRIBE, LIST, TAGS]


def test_deleted_apps_are_told_apart(modules: Modules, region: LocalRegion) -> None:
    old = make_app(region, "mlflow", **TAGGED)
    delete(region, old)
    new = make_app(region, "mlflow", **TAGGED)
    run = modules.run(INFO, include_deleted=True)
    found = {app["arn"]: app for app in run.result["mlflow_apps"]}
    assert {arn: (app["is_deleted"], app["exists"]) for arn, app in found.items()} == {
        old: (True, False),
        new: (False, True),
    }
    assert (found[old]["tags"], found[new]["tags"]) == (None, {"Team": "vision"})
    assert found[old]["status"] == "Deleted"
    assert Counter(run.calls) == {LIST: 1, DESCRIBE: 2, TAGS: 1}
    assert [app["arn"] for app in modules.run(INFO, status="Deleted").result["mlflow_apps"]] == [old]


def test_a_deleted_app_by_its_arn(modules: Modules, region: LocalRegion) -> None:
    arn = make_app(region, "old")
    delete(region, arn)
    run = modules.run(INFO, arn=arn)
    assert (run.result["mlflow_apps"], run.calls) == ([], [DESCRIBE])
    run = modules.run(INFO, arn=arn, include_deleted=True)
    assert [app["is_deleted"] for app in run.result["mlflow_apps"]] == [True]
    assert run.calls == [DESCRIBE]


def test_a_deleted_app_that_is_listed_but_not_described(modules: Modules, region: LocalRegion) -> None:
    arn = make_app(region, "old")
    delete(region, arn)
    region.inject({"service": "sagemaker", "operation": "DescribeMlflowApp", **GONE})
    (found,) = modules.run(INFO, include_deleted=True).result["mlflow_apps"]
    assert (found["arn"], found["name"], found["is_deleted"], found["role_arn"]) == (arn, "old", True, None)


GONE = {"code": "ResourceNotFound", "message": "gone", "status": 400, "times": 1}


@pytest.mark.parametrize("operation", ["DescribeMlflowApp", "ListTags"])
def test_an_app_that_goes_away_meanwhile(modules: Modules, region: LocalRegion, operation: str) -> None:
    arn = make_app(region, "one")
    make_app(region, "two")
    region.inject({"service": "sagemaker", "operation": operation, "resource": arn, **GONE})
    assert names(modules) == ["two"]
    region.inject({"service": "sagemaker", "operation": operation, "resource": arn, **GONE})
    assert names(modules, arn=arn) == []


def test_the_documented_permissions_are_enough_and_needed(modules: Modules, region: LocalRegion) -> None:
    arn = make_app(region, "one")
    user: dict[str, t.Any] = make_user(region, DESCRIBE, LIST, TAGS)
    assert names(modules, **user) == ["one"]
    assert names(modules, name="one", **user) == ["one"]
    document = region.client("iam").get_user_policy(UserName="ana", PolicyName="only")["PolicyDocument"]
    document["Statement"][0]["Action"] = [DESCRIBE]
    region.client("iam").put_user_policy(UserName="ana", PolicyName="only", PolicyDocument=json.dumps(document))
    assert names(modules, arn=arn, include_tags=False, **user) == ["one"]
    assert "ListTags" in modules.fail(INFO, arn=arn, **user)
    assert "ListMlflowApps" in modules.fail(INFO, **user)


def test_whoever_may_not_read(modules: Modules, region: LocalRegion) -> None:
    arn = make_app(region, "one")
    denied = {"code": "AccessDeniedException", "message": "not authorized", "status": 400, "times": 1}
    for operation, doing in (
        ("ListTags", f"reading the tags of {arn} (include_tags: false does without)"),
        ("DescribeMlflowApp", f"reading the MLflow App '{arn}'"),
        ("ListMlflowApps", f"listing the MLflow Apps in {REGION}"),
    ):
        region.inject({"service": "sagemaker", "operation": operation, **denied})
        assert f"Failed while {doing} ({operation}): AccessDeniedException" in modules.fail(INFO)


@pytest.mark.parametrize("operation", ["ListMlflowApps", "DescribeMlflowApp", "ListTags"])
def test_throttling_passes(modules: Modules, region: LocalRegion, operation: str) -> None:
    make_app(region, "one")
    throttled = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400, "times": 2}
    region.inject({"service": "sagemaker", "operation": operation, **throttled})
    assert names(modules) == ["one"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"created_after": "yesterday"}, "created_after: 'yesterday' is not a time"),
        ({"mlflow_version": "3"}, "mlflow_version: '3' is not an MLflow version"),
        ({"name": "a b"}, "name: 'a b' is not allowed"),
        ({"arn": "app-ABC"}, "arn: 'app-ABC' is not the ARN of"),
        ({"arn": SOMEWHERE.replace("app/app-ABCDEFGHIJKL", "tracking-server/one")}, "is a tracking server, not an"),
        ({"default_for_domain_id": "studio"}, "default_for_domain_id: 'studio' is not the id of a SageMaker domain"),
        ({"status": "Stopped"}, "value of status must be one of"),
        ({"arn": SOMEWHERE, "name": "a"}, "mutually exclusive"),
        ({"arn": SOMEWHERE, "account_default": True}, "mutually exclusive"),
        ({"region": "cn-north-1"}, "China"),
    ],
)
def test_bad_input_makes_no_call(
    modules: Modules, region: LocalRegion, arguments: dict[str, t.Any], message: str
) -> None:
    assert message in modules.fail(INFO, **arguments)
    assert region.calls() == []


def test_every_filter_of_the_list_can_be_used() -> None:
    model: t.Any = boto3.client("sagemaker", region_name=REGION).meta.service_model
    asked = set(model.operation_model("ListMlflowApps").input_shape.members)
    assert set(MLFLOW_APPS.filters.values()) == asked - {"MlflowVersion", "NextToken", "MaxResults"}
    assert list(STATUSES) == model.shape_for("MlflowAppStatus").enum
