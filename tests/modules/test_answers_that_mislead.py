# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of AWS that broke off on their way, that lag behind what was written, or that refuse what is one too many."""

from __future__ import annotations

import typing as t

import pytest
from mlflow_app_account import Account as AppAccount
from tracking_server_account import BUCKET, NAME, ROLE, URI, trust
from tracking_server_account import Account as ServerAccount

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules, Run

ROLE_WISH: dict[str, t.Any] = {"name": "mlflow-staging-mlflow-role", "artifact_store_uri": URI, "propagation_delay": 0}
BUCKET_WISH: dict[str, t.Any] = {
    "name": BUCKET,
    "versioning": "Enabled",
    "cors_rules": [{"allowed_methods": ["GET"], "allowed_origins": ["https://example.com"]}],
}
MLFLOW_WISH: dict[str, t.Any] = {
    "name": NAME,
    "artifact_store_uri": URI,
    "role_arn": ROLE,
    "wait_delay": 0.05,
    "role_propagation_timeout": 1,
}


@pytest.fixture
def apps(region: LocalRegion, modules: Modules) -> AppAccount:
    """An account with what an App needs."""
    return AppAccount(region, modules)


def once(operation: str, **fields: t.Any) -> dict[str, t.Any]:
    return {"operation": operation, "times": 1, **fields}


def run_or_words(modules: Modules, module: str, **wish: t.Any) -> Run | str:
    """The run, or the message of its failure."""
    try:
        return modules.run(module, **wish)
    except AssertionError as failure:
        return str(failure)


@pytest.mark.parametrize(
    ("module", "wish", "operation"),
    [
        ("iam_mlflow_role", ROLE_WISH, "CreateRole"),
        ("iam_mlflow_role", ROLE_WISH, "ListRolePolicies"),
        ("s3_mlflow_bucket", BUCKET_WISH, "GetBucketPolicy"),
        ("sagemaker_mlflow_server", MLFLOW_WISH, "DescribeMlflowTrackingServer"),
        ("sagemaker_mlflow_server", MLFLOW_WISH, "CreateMlflowTrackingServer"),
    ],
)
def test_an_answer_that_broke_off_is_told_in_words(
    region: LocalRegion, modules: Modules, module: str, wish: dict[str, t.Any], operation: str
) -> None:
    if module == "sagemaker_mlflow_server":
        ServerAccount(region, modules)
    region.inject(once(operation, malformed=True, skip=int(not operation.startswith("Create"))))
    done = run_or_words(modules, module, **wish)
    assert not isinstance(done, str) or "repeat the run" in done.lower()
    modules.run(module, **wish)
    assert not modules.run(module, **wish).changed


def test_what_did_not_arrive_whole_is_not_shown(region: LocalRegion, modules: Modules) -> None:
    """It may be half of a link that opens the UI."""
    ServerAccount(region, modules)
    modules.run("sagemaker_mlflow_server", **MLFLOW_WISH)
    region.inject({"operation": "CreatePresigned*", "malformed": True})
    message = modules.fail("sagemaker_mlflow_presigned_url", name=NAME, kind="tracking_server")
    assert "invalid JSON" in message
    assert "http:" not in message


def test_an_error_without_a_code_does_not_mean_that_there_is_no_bucket(region: LocalRegion, modules: Modules) -> None:
    """In us-east-1 S3 would let one that exists be made anew, without its tags."""
    modules.run("s3_mlflow_bucket", **BUCKET_WISH)
    region.client("s3").delete_bucket_cors(Bucket=BUCKET)
    region.inject(once("GetBucketCors", malformed=True))
    assert "did not arrive whole" in modules.fail("s3_mlflow_bucket", **BUCKET_WISH)
    assert region.writes() == []
    assert modules.run("s3_mlflow_bucket", **BUCKET_WISH).names == ["cors_rules"]


@pytest.mark.parametrize(
    ("module", "wish", "operation", "code"),
    [
        ("iam_mlflow_role", ROLE_WISH, "CreateRole", "LimitExceeded"),
        ("sagemaker_mlflow_server", MLFLOW_WISH, "CreateMlflowTrackingServer", "ResourceLimitExceeded"),
        ("sagemaker_mlflow_app", MLFLOW_WISH, "CreateMlflowApp", "ResourceLimitExceeded"),
    ],
)
def test_a_quota_is_told_with_what_could_not_be_made_and_what_to_do(
    region: LocalRegion, modules: Modules, module: str, wish: dict[str, t.Any], operation: str, code: str
) -> None:
    region.client("iam").create_role(RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument=trust())
    region.inject({"operation": operation, "code": code})
    message = modules.fail(module, **wish)
    assert str(wish["name"]) in message
    assert "ask for more" in message.replace("\n", " ")


def test_of_two_apps_made_at_the_same_moment_the_younger_goes(apps: AppAccount) -> None:
    """Another run made one after this one had looked; names are not unique in AWS."""
    apps.run(check=True, **apps.full())
    older = apps.create()
    apps.region.inject(once("ListMlflowApps", stale=True))
    met = apps.run(**apps.full())
    assert met.result["arn"] == older
    (warning,) = met.result["warnings"]
    assert older in str(warning)
    assert "removed the one that it had just created" in str(warning)
    listed = apps.sagemaker.list_mlflow_apps(MaxResults=100)["Summaries"]
    assert [each["Arn"] for each in listed if each["Status"] not in ("Deleted", "Deleting")] == [older]
    assert not apps.run(**apps.full()).changed
