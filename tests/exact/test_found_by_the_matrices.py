# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Defects that the matrices of faults, kills and meetings have found, each with the run that shows it."""

from __future__ import annotations

import typing as t

import pytest
from fault_matrix.removal import remove_bucket
from fault_matrix.scenarios import (
    APP_WISH,
    BUCKET,
    BUCKET_WISH,
    DELAYS,
    NAME,
    ROLE,
    ROLE_WISH,
    SERVER_WISH,
    foundations,
)
from module_run import ModuleFailedError, Modules

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from in_process_aws.region import InProcessRegion
    from module_run import Run


@pytest.fixture
def region(aws: InProcessRegion) -> InProcessRegion:
    """An empty account in which the operations of SageMaker take two seconds."""
    aws.configure(delays=DELAYS)
    return aws


def run(region: InProcessRegion, module: str, **options: t.Any) -> Run:
    return Modules(region, in_controller=True).run(module, **options)


def fail(region: InProcessRegion, module: str, **options: t.Any) -> str:
    with pytest.raises(ModuleFailedError) as caught:
        run(region, module, **options)
    return str(caught.value)


class Before:
    """Does something before the first request of an operation, once."""

    def __init__(self, region: InProcessRegion, number: int, act: Callable[[], object]) -> None:
        self._left, self._act = number, act
        region.interposed = self

    def before(self) -> None:
        """A request begins."""
        self._left -= 1
        if self._left == 0:
            self._act()

    def after(self) -> None:
        """Nothing."""


def apps(region: InProcessRegion) -> list[str]:
    found = region.client("sagemaker").list_mlflow_apps(MaxResults=100)["Summaries"]
    return [each["Arn"] for each in found if each["Status"] not in ("Deleted", "Deleting")]


@pytest.mark.parametrize(
    ("module", "wish", "operation"),
    [
        ("iam_mlflow_role", ROLE_WISH, "CreateRole"),
        ("iam_mlflow_role", ROLE_WISH, "ListRolePolicies"),
        ("s3_mlflow_bucket", BUCKET_WISH, "GetBucketPolicy"),
        ("sagemaker_mlflow_server", SERVER_WISH, "DescribeMlflowTrackingServer"),
        ("sagemaker_mlflow_server", SERVER_WISH, "CreateMlflowTrackingServer"),
    ],
)
def test_an_answer_that_broke_off_is_told_in_words_and_was_a_traceback(
    region: InProcessRegion, module: str, wish: dict[str, t.Any], operation: str
) -> None:
    if module == "sagemaker_mlflow_server":
        foundations(region)
    region.inject(
        {"operation": operation, "malformed": True, "times": 1, "skip": int(not operation.startswith("Create"))}
    )
    try:
        run(region, module, **wish)
    except ModuleFailedError as failure:
        assert "repeat the run" in str(failure).lower()
    run(region, module, **wish)
    assert not run(region, module, **wish).changed


def test_what_did_not_arrive_whole_is_not_shown(region: InProcessRegion) -> None:
    """It may be half of a link that opens the UI."""
    foundations(region)
    run(region, "sagemaker_mlflow_server", **SERVER_WISH)
    region.inject({"operation": "CreatePresigned*", "malformed": True})
    message = fail(region, "sagemaker_mlflow_presigned_url", name=NAME, kind="tracking_server")
    assert "invalid JSON" in message
    assert "http:" not in message


def test_an_error_without_a_code_does_not_mean_that_there_is_no_bucket(region: InProcessRegion) -> None:
    """It was taken for a bucket that does not exist, which was made anew: in us-east-1 S3 allows that, without the tags."""
    run(region, "s3_mlflow_bucket", **BUCKET_WISH)
    region.client("s3").delete_bucket_cors(Bucket=BUCKET)
    region.inject({"operation": "GetBucketCors", "malformed": True, "times": 1})
    message = fail(region, "s3_mlflow_bucket", **BUCKET_WISH)
    assert "did not arrive whole" in message
    assert region.writes() == []
    assert run(region, "s3_mlflow_bucket", **BUCKET_WISH).names == ["cors_rules"]


def test_a_change_that_a_lagging_read_hid_is_made_in_the_same_run(region: InProcessRegion) -> None:
    """The run found it at the end, waited for it for half a minute, and said that AWS had accepted it."""
    run(region, "s3_mlflow_bucket", **BUCKET_WISH)
    run(region, "s3_mlflow_bucket", **BUCKET_WISH)
    s3 = region.client("s3")
    s3.delete_bucket_cors(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    region.inject({"operation": "GetBucketCors", "stale": True, "times": 1})
    repaired = run(region, "s3_mlflow_bucket", **BUCKET_WISH)
    assert repaired.names == ["versioning", "cors_rules"]
    assert "warnings" not in repaired.result
    assert s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"]


@pytest.mark.parametrize("number", [6, 9, 13])
def test_a_bucket_that_is_deleted_while_it_is_made_is_made_again(region: InProcessRegion, number: int) -> None:
    """The run made 180 calls and told of another change in progress, or succeeded without a bucket."""
    calls = len(run(region, "s3_mlflow_bucket", **BUCKET_WISH).calls)
    region.reset()
    Before(region, number, lambda: remove_bucket(region))
    made = run(region, "s3_mlflow_bucket", **BUCKET_WISH)
    assert len(made.calls) < calls + 150
    assert [each["Name"] for each in region.client("s3").list_buckets()["Buckets"]] == [BUCKET]
    assert not run(region, "s3_mlflow_bucket", **BUCKET_WISH).changed


def test_a_role_that_is_deleted_while_it_is_waited_for_costs_few_looks(region: InProcessRegion) -> None:
    """It was looked at every two seconds, with five calls each time."""
    begun = len(run(region, "iam_mlflow_role", **ROLE_WISH).calls)
    region.reset()
    iam = region.client("iam")
    region.inject({"operation": "GetRole", "code": "NoSuchEntity", "skip": 1})
    message = fail(region, "iam_mlflow_role", **ROLE_WISH)
    assert "does not show all of them after 120 s" in message
    assert len(region.calls()) < begun + 100
    region.clear_faults()
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == [ROLE]


@pytest.mark.parametrize(
    ("module", "wish", "operation", "code"),
    [
        ("iam_mlflow_role", ROLE_WISH, "CreateRole", "LimitExceeded"),
        ("sagemaker_mlflow_server", SERVER_WISH, "CreateMlflowTrackingServer", "ResourceLimitExceeded"),
        ("sagemaker_mlflow_app", APP_WISH, "CreateMlflowApp", "ResourceLimitExceeded"),
    ],
)
def test_a_quota_is_told_with_what_could_not_be_made_and_what_to_do(
    region: InProcessRegion, module: str, wish: dict[str, t.Any], operation: str, code: str
) -> None:
    foundations(region, with_role=module != "iam_mlflow_role")
    region.inject({"operation": operation, "code": code})
    message = fail(region, module, **wish)
    assert wish["name"] in message
    assert "ask for more" in message.replace("\n", " ")


def test_an_app_that_the_list_does_not_show_yet_is_not_made_twice(region: InProcessRegion) -> None:
    foundations(region)
    run(region, "sagemaker_mlflow_app", **APP_WISH)
    (first,) = apps(region)
    region.inject({"operation": "ListMlflowApps", "stale": True, "times": 1})
    # What was answered before the App was there.
    again = run(region, "sagemaker_mlflow_app", **APP_WISH)
    assert again.result["arn"] == first
    assert apps(region) == [first]


def test_of_two_apps_made_at_the_same_moment_the_younger_goes(region: InProcessRegion) -> None:
    foundations(region)
    others = Modules(region, in_controller=True)
    Before(region, 2, lambda: others.run("sagemaker_mlflow_app", **APP_WISH))
    met = run(region, "sagemaker_mlflow_app", **APP_WISH)
    (kept,) = apps(region)
    assert met.result["arn"] == kept
    (warning,) = met.result["warnings"]
    assert kept in warning
    assert "removed the one that it had just created" in warning
    assert not run(region, "sagemaker_mlflow_app", **APP_WISH).changed


def test_an_app_that_somebody_makes_after_ours_stays(region: InProcessRegion) -> None:
    """It is not ours to delete, and the older one is the one that all go on with."""
    foundations(region)
    request = {"Name": NAME, "ArtifactStoreUri": APP_WISH["artifact_store_uri"], "RoleArn": APP_WISH["role_arn"]}
    Before(region, 3, lambda: _a_second_later(region, request))
    run(region, "sagemaker_mlflow_app", **APP_WISH)
    assert len(apps(region)) == 2
    message = fail(region, "sagemaker_mlflow_app", **APP_WISH)
    assert all(arn in message for arn in apps(region))


def _a_second_later(region: InProcessRegion, request: dict[str, str]) -> None:
    region.running.clock.advance(1)
    region.client("sagemaker").create_mlflow_app(**request)
