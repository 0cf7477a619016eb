# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tracking servers there are, whoever made them."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime, timezone

import pytest
from local_region import ACCOUNT, REGION
from mlflow_account import BUCKET, make_app, make_servers, make_user

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

INFO = "sagemaker_mlflow_server_info"
LIST = "sagemaker:ListMlflowTrackingServers"
DESCRIBE = "sagemaker:DescribeMlflowTrackingServer"
TAGS = "sagemaker:ListTags"
TAGGED = {"Tags": [{"Key": "Team", "Value": "vision"}]}


def names(modules: Modules, **arguments: t.Any) -> list[str]:
    """The names of the servers that are found."""
    return [server["tracking_server_name"] for server in modules.run(INFO, **arguments).result["tracking_servers"]]


@pytest.mark.parametrize("check", [False, True])
def test_one_server(modules: Modules, region: LocalRegion, check: bool) -> None:
    (arn,) = make_servers(region, "one", TrackingServerSize="Medium", MlflowVersion="3.0", **TAGGED)
    make_app(region, "one")
    run = modules.run(INFO, name="one", check=check)
    assert not run.changed
    assert run.calls == [DESCRIBE, TAGS]
    (found,) = run.result["tracking_servers"]
    created = found.pop("creation_time")
    assert datetime.fromisoformat(created) <= datetime.now(timezone.utc)
    assert found.pop("last_modified_time") == created
    assert found.pop("created_by") == found.pop("last_modified_by")
    assert found.pop("tracking_server_url").startswith("https://t-")
    assert found == {
        "exists": True,
        "tracking_uri": arn,
        "tracking_server_arn": arn,
        "tracking_server_name": "one",
        "tracking_server_status": "Created",
        "tracking_server_maintenance_status": None,
        "is_active": True,
        "role_arn": f"arn:aws:iam::{ACCOUNT}:role/mlflow-of-others",
        "mlflow_version": "3.0.0",
        "artifact_store_uri": f"s3://{BUCKET}",
        "tracking_server_size": "Medium",
        "automatic_model_registration": False,
        "weekly_maintenance_window_start": found["weekly_maintenance_window_start"],
        "s3_bucket_owner_account_id": ACCOUNT,
        "s3_bucket_owner_verification": True,
        "tags": {"Team": "vision"},
    }


def test_the_words_are_those_of_the_state_module(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one")
    managed = modules.run("sagemaker_mlflow_server", name="one", check=True, tags={}).result
    (found,) = modules.run(INFO, name="one").result["tracking_servers"]
    assert found == {key: managed[key] for key in found}


def test_a_server_that_is_not_there(modules: Modules) -> None:
    run = modules.run(INFO, name="nobody")
    assert run.result["tracking_servers"] == []
    assert run.calls == [DESCRIBE]


def test_an_empty_account(modules: Modules) -> None:
    run = modules.run(INFO)
    assert run.result["tracking_servers"] == []
    assert run.calls == [LIST]


def test_more_servers_than_a_page_holds(modules: Modules, region: LocalRegion) -> None:
    region.configure(tracking_server_quota=101)
    wanted = [f"server-{number:03}" for number in range(101)]
    make_servers(region, *wanted, **TAGGED)
    run = modules.run(INFO, sort_by="Name", sort_order="Ascending")
    found = run.result["tracking_servers"]
    assert [server["tracking_server_name"] for server in found] == wanted
    assert all(server["tags"] == {"Team": "vision"} for server in found)
    assert {call: run.calls.count(call) for call in run.calls} == {LIST: 2, DESCRIBE: 101, TAGS: 101}
    assert run.calls[:2] == [LIST, LIST]


def test_without_tags(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one", "two")
    run = modules.run(INFO, include_tags=False)
    assert [server["tags"] for server in run.result["tracking_servers"]] == [None, None]
    assert sorted(run.calls) == [DESCRIBE, DESCRIBE, LIST]


def test_filters(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "b", "a", "c")
    region.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="c")
    assert names(modules, sort_by="Name", sort_order="Ascending") == ["a", "b", "c"]
    assert names(modules, sort_by="Name", sort_order="Descending") == ["c", "b", "a"]
    assert names(modules, tracking_server_status="Stopped") == ["c"]
    assert names(modules, tracking_server_status="Deleting") == []
    assert names(modules, created_after="2100-01-01") == []
    assert names(modules, created_before="2100-01-01T00:00:00+02:00", sort_by="Name") == ["c", "b", "a"]
    assert names(modules, created_before="2020-01-01") == []


def test_filter_on_the_version(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "old", MlflowVersion="2.16")
    make_servers(region, "new", MlflowVersion="3.0")
    for version in ("2.16", "2.16.2", "2.16.0"):
        assert names(modules, mlflow_version=version) == ["old"]
    assert names(modules, mlflow_version="3.0") == ["new"]
    assert names(modules, mlflow_version="3.1") == []


def test_another_region_has_other_servers(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "here")
    assert names(modules, region="eu-west-1") == []
    assert names(modules, region=REGION) == ["here"]


@pytest.mark.parametrize("operation", ["DescribeMlflowTrackingServer", "ListTags"])
def test_a_server_that_goes_away_meanwhile(modules: Modules, region: LocalRegion, operation: str) -> None:
    arns = make_servers(region, "one", "two")
    gone = {"code": "ResourceNotFound", "message": "gone", "status": 400, "times": 1}
    region.inject({"service": "sagemaker", "operation": operation, "resource": arns[0], **gone})
    assert names(modules) == ["two"]


def test_the_documented_permissions_are_enough_and_needed(modules: Modules, region: LocalRegion) -> None:
    make_servers(region, "one")
    user: dict[str, t.Any] = make_user(region, DESCRIBE, LIST, TAGS)
    assert names(modules, **user) == ["one"]
    assert names(modules, name="one", **user) == ["one"]
    document = region.client("iam").get_user_policy(UserName="ana", PolicyName="only")["PolicyDocument"]
    document["Statement"][0]["Action"] = [DESCRIBE]
    region.client("iam").put_user_policy(UserName="ana", PolicyName="only", PolicyDocument=json.dumps(document))
    assert names(modules, name="one", include_tags=False, **user) == ["one"]
    assert "ListTags" in modules.fail(INFO, name="one", **user)
    assert "ListMlflowTrackingServers" in modules.fail(INFO, **user)


def test_whoever_may_not_read_tags(modules: Modules, region: LocalRegion) -> None:
    (arn,) = make_servers(region, "one")
    denied = {"code": "AccessDeniedException", "message": "not authorized", "status": 400, "times": 1}
    region.inject({"service": "sagemaker", "operation": "ListTags", **denied})
    message = modules.fail(INFO)
    assert f"reading the tags of {arn} (include_tags: false does without)" in message
    assert "AccessDeniedException" in message


@pytest.mark.parametrize("operation", ["ListMlflowTrackingServers", "DescribeMlflowTrackingServer"])
def test_throttling_passes(modules: Modules, region: LocalRegion, operation: str) -> None:
    make_servers(region, "one")
    throttled = {"code": "ThrottlingException", "message": "Rate exceeded", "status": 400, "times": 2}
    region.inject({"service": "sagemaker", "operation": operation, **throttled})
    assert names(modules) == ["one"]


def test_a_denied_list_names_the_region(modules: Modules, region: LocalRegion) -> None:
    denied = {"code": "AccessDeniedException", "message": "not authorized", "status": 400, "times": 1}
    region.inject({"service": "sagemaker", "operation": "ListMlflowTrackingServers", **denied})
    assert f"Failed while listing the tracking servers in {REGION}" in modules.fail(INFO)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"created_after": "yesterday"}, "created_after: 'yesterday' is not a time"),
        ({"mlflow_version": "3"}, "mlflow_version: '3' is not an MLflow version"),
        ({"name": "a b"}, "name: 'a b' is not allowed"),
        ({"tracking_server_status": "Running"}, "value of tracking_server_status must be one of"),
        ({"name": "a", "mlflow_version": "3.0"}, "mutually exclusive"),
        ({"region": "cn-north-1"}, "China"),
    ],
)
def test_bad_input_makes_no_call(
    modules: Modules, region: LocalRegion, arguments: dict[str, t.Any], message: str
) -> None:
    assert message in modules.fail(INFO, **arguments)
    assert region.calls() == []
