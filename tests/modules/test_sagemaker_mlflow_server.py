# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a tracking server through the module: create, adopt, change, stop, start, delete."""

from __future__ import annotations

import typing as t

import pytest
from tracking_server_account import BUCKET, NAME, OTHER_BUCKET, ROLE, ROLE_NAME, URI, Account

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

PREFIX = "sagemaker:"
DESCRIBE = PREFIX + "DescribeMlflowTrackingServer"
LIST_TAGS = PREFIX + "ListTags"
CREATE = PREFIX + "CreateMlflowTrackingServer"
UPDATE = PREFIX + "UpdateMlflowTrackingServer"
START = PREFIX + "StartMlflowTrackingServer"
STOP = PREFIX + "StopMlflowTrackingServer"
DELETE = PREFIX + "DeleteMlflowTrackingServer"
ADD_TAGS = PREFIX + "AddTags"
DELETE_TAGS = PREFIX + "DeleteTags"


@pytest.fixture
def account(region: LocalRegion, modules: Modules) -> Account:
    """An account with a role and two buckets."""
    return Account(region, modules)


def test_create_with_the_least(account: Account) -> None:
    run = account.converge(artifact_store_uri=URI, role_arn=ROLE)
    assert (run.writes, run.result["action"]) == ([CREATE], "create")
    held = account.described()
    assert (held["TrackingServerSize"], held["AutomaticModelRegistration"], held["RoleArn"]) == ("Small", False, ROLE)
    assert run.result["tracking_uri"] == run.result["tracking_server_arn"] == held["TrackingServerArn"]
    assert run.result["tracking_server_url"].startswith("https://")
    assert (run.result["mlflow_version"], run.result["tags"]) == ("3.0.0", None)


def test_create_with_everything(account: Account) -> None:
    run = account.converge(
        **account.full(
            tracking_server_size="Medium",
            automatic_model_registration=True,
            weekly_maintenance_window_start="TUE:03:30",
            s3_bucket_owner_account_id="123456789012",
            s3_bucket_owner_verification=True,
            tags={"Team": "ml", "Protected": True},
        )
    )
    held = account.described()
    assert held["WeeklyMaintenanceWindowStart"] == "Tue:03:30"
    assert (held["TrackingServerSize"], held["AutomaticModelRegistration"]) == ("Medium", True)
    assert (held["S3BucketOwnerAccountId"], held["S3BucketOwnerVerification"]) == ("123456789012", True)
    assert account.tags() == run.result["tags"] == {"Team": "ml", "Protected": "true"}


def test_check_mode_predicts_what_the_run_then_returns(account: Account) -> None:
    options = account.full(tags={"Team": "ml"}, weekly_maintenance_window_start="Tue:03:30")
    predicted = account.run(check=True, **options).result
    assert not account.exists()
    real = account.run(**options).result
    aws_alone_knows = {"tracking_server_url", "creation_time", "created_by", "last_modified_time", "last_modified_by"}
    for key in aws_alone_knows:
        assert predicted[key] is None
    different = {key for key in real if real[key] != predicted[key]} - aws_alone_knows - {"invocation"}
    assert different == {"mlflow_version"}, "AWS adds the patch"


@pytest.mark.parametrize(("options", "calls"), [({}, [DESCRIBE]), ({"tags": {"Team": "ml"}}, [DESCRIBE, LIST_TAGS])])
def test_a_second_run_makes_one_round_of_reads(account: Account, options: dict[str, t.Any], calls: list[str]) -> None:
    account.run(**account.full(**options))
    assert sorted(account.run(**account.full(**options)).calls) == calls


@pytest.mark.parametrize(
    ("option", "aws_field", "value"),
    [
        ("artifact_store_uri", "ArtifactStoreUri", f"s3://{OTHER_BUCKET}/prefix/"),
        ("tracking_server_size", "TrackingServerSize", "Large"),
        ("automatic_model_registration", "AutomaticModelRegistration", False),
        ("weekly_maintenance_window_start", "WeeklyMaintenanceWindowStart", "Sun:01:00"),
        ("s3_bucket_owner_verification", "S3BucketOwnerVerification", False),
    ],
)
def test_each_setting_changes_alone(account: Account, option: str, aws_field: str, value: t.Any) -> None:
    """Registration true to false too; and what was not asked about stays, although AWS's update has defaults."""
    account.create(
        AutomaticModelRegistration=True, WeeklyMaintenanceWindowStart="Mon:02:00", TrackingServerSize="Medium"
    )
    before = account.described()
    run = account.converge(**{option: value})
    assert (run.writes, run.names) == ([UPDATE], ["settings"])
    assert list(run.result["changes"][0]["after"]) == [option]
    after = account.described()
    assert after[aws_field] == value
    settings = {"ArtifactStoreUri", "AutomaticModelRegistration", "TrackingServerSize", "S3BucketOwnerAccountId"}
    for untouched in (settings | {"WeeklyMaintenanceWindowStart", "S3BucketOwnerVerification"}) - {aws_field}:
        assert after[untouched] == before[untouched]


def test_the_owner_of_the_bucket_changes_with_it(account: Account) -> None:
    account.region.configure(foreign_buckets=["their-artifacts"])
    account.create()
    run = account.converge(artifact_store_uri="s3://their-artifacts", s3_bucket_owner_account_id="999988887777")
    assert run.writes == [UPDATE]
    assert account.described()["S3BucketOwnerAccountId"] == "999988887777"


def test_three_settings_change_in_one_call(account: Account) -> None:
    account.create()
    run = account.converge(
        automatic_model_registration=True, tracking_server_size="Medium", weekly_maintenance_window_start="sun:01:00"
    )
    assert run.writes == [UPDATE]
    assert len(run.result["changes"][0]["after"]) == 3


@pytest.mark.parametrize(
    "options",
    [
        {"artifact_store_uri": URI + "/"},
        {"mlflow_version": "3.0"},
        {"mlflow_version": "3.0.0"},
        {"weekly_maintenance_window_start": "TUE:03:30"},
        {"role_arn": ROLE},
        {"tags": {}},
        {"s3_bucket_owner_account_id": "123456789012"},
        {"state": "started"},
    ],
)
def test_what_exists_is_adopted_unchanged(account: Account, options: dict[str, t.Any]) -> None:
    account.create(WeeklyMaintenanceWindowStart="Tue:03:30", Tags=[{"Key": "Theirs", "Value": "1"}])
    run = account.converge(**options)
    assert not run.changed
    assert account.tags() == {"Theirs": "1"}


@pytest.mark.parametrize("given", ["2.16", "2.16.2"])
def test_a_version_with_or_without_its_patch(account: Account, given: str) -> None:
    run = account.converge(**account.full(mlflow_version=given))
    assert (account.described()["MlflowVersion"], run.result["mlflow_version"]) == ("2.16.2", "2.16.2")


@pytest.mark.parametrize(
    ("wished", "purge", "after", "writes"),
    [
        ({"A": "1"}, False, {"A": "1", "B": "2", "sagemaker:x": "y"}, []),
        ({"A": "new"}, False, {"A": "new", "B": "2", "sagemaker:x": "y"}, [ADD_TAGS]),
        ({"C": "3"}, False, {"A": "1", "B": "2", "C": "3", "sagemaker:x": "y"}, [ADD_TAGS]),
        ({"A": "1", "C": "3"}, True, {"A": "1", "C": "3", "sagemaker:x": "y"}, [ADD_TAGS, DELETE_TAGS]),
        ({}, True, {"sagemaker:x": "y"}, [DELETE_TAGS]),
    ],
)
def test_tags(account: Account, wished: dict[str, str], purge: bool, after: dict[str, str], writes: list[str]) -> None:
    account.create(Tags=[{"Key": key, "Value": value} for key, value in (("A", "1"), ("B", "2"), ("sagemaker:x", "y"))])
    run = account.converge(tags=wished, purge_tags=purge)
    assert run.writes == writes
    assert account.tags() == run.result["tags"] == after


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mlflow_version": "2.16"}, "mlflow_version is 3.0.0, wished is 2.16"),
        ({"role_arn": ROLE + "-2"}, f"role_arn is {ROLE}, wished is {ROLE}-2"),
    ],
)
def test_what_cannot_change_is_refused_before_anything_changes(
    account: Account, options: dict[str, str], words: str, check: bool
) -> None:
    account.create()
    account.region.clear_log()
    message = account.fail(check=check, tracking_server_size="Large", tags={"A": "1"}, **options)
    assert words in message
    assert account.region.writes() == []


def test_a_server_that_disappeared_is_created_again(account: Account) -> None:
    account.run(**account.full())
    account.sagemaker.delete_mlflow_tracking_server(TrackingServerName=NAME)
    assert account.run(check=True, **account.full()).result["action"] == "create"
    assert account.converge(**account.full()).writes == [CREATE]


def test_stop_and_start(account: Account) -> None:
    account.create()
    stopped = account.converge(state="stopped")
    assert (stopped.writes, stopped.result["tracking_server_status"]) == ([STOP], "Stopped")
    assert stopped.result["diff"]["after"] == {"name": NAME, "state": "stopped"}
    assert not account.converge(state="present", artifact_store_uri=URI).changed, "present leaves the power alone"
    assert account.described()["IsActive"] == "Inactive"
    started = account.converge(state="started")
    assert (started.writes, started.result["is_active"]) == ([START], True)


def test_create_stopped(account: Account) -> None:
    run = account.converge(**account.full(state="stopped"))
    assert (run.writes, run.names) == ([CREATE, STOP], ["server", "state"])
    assert (run.result["tracking_server_status"], run.result["is_active"]) == ("Stopped", False)


def test_everything_at_once_goes_in_order(account: Account) -> None:
    account.region.configure(delays={"update": 0.2, "stop": 0.2})
    account.create()
    run = account.converge(state="stopped", tracking_server_size="Large", tags={"A": "1"})
    assert run.writes == [ADD_TAGS, UPDATE, STOP]


def test_an_option_that_is_taken_out_of_the_variables_is_left_alone(account: Account) -> None:
    """Where a default would stand in for what is not said, the server would shrink."""
    account.run(**account.full(tracking_server_size="Large", automatic_model_registration=True))
    assert not account.converge(**account.full()).changed
    run = account.converge(**account.full(weekly_maintenance_window_start="Sun:01:00"))
    held = account.described()
    assert (held["TrackingServerSize"], held["AutomaticModelRegistration"]) == ("Large", True)
    assert list(run.result["changes"][0]["after"]) == ["weekly_maintenance_window_start"]


def test_the_artifact_store_of_a_stopped_server_changes(account: Account) -> None:
    account.run(**account.full(state="stopped"))
    run = account.converge(artifact_store_uri=f"s3://{OTHER_BUCKET}/prefix")
    assert (run.writes, run.result["is_active"]) == ([UPDATE], False)
    assert account.described()["ArtifactStoreUri"] == f"s3://{OTHER_BUCKET}/prefix"


def test_an_https_location_is_one_too(account: Account) -> None:
    uri = f"https://{BUCKET}.s3.us-east-1.amazonaws.com/prefix"
    assert account.converge(**account.full(artifact_store_uri=uri)).writes == [CREATE]
    assert account.described()["ArtifactStoreUri"] == uri


def test_a_stopped_server_is_updated_where_aws_allows_it(account: Account) -> None:
    account.run(**account.full(state="stopped"))
    run = account.converge(tracking_server_size="Large")
    assert run.writes == [UPDATE]
    assert not run.result["is_active"]


def test_a_stopped_server_is_started_first_where_aws_wants_that(account: Account) -> None:
    account.region.configure(update_stopped_allowed=False, delays={"start": 0.2, "update": 0.2})
    account.run(**account.full(state="stopped"))
    message = account.fail(tracking_server_size="Large")
    assert "update_stopped=start_first" in message
    run = account.converge(tracking_server_size="Large", update_stopped="start_first")
    assert run.writes == [START, UPDATE, STOP]
    assert not run.result["is_active"]
    run = account.converge(tracking_server_size="Small", update_stopped="start_first", state="started")
    assert (run.writes, run.result["is_active"]) == ([START, UPDATE], True)


def test_delete_and_delete_again(account: Account) -> None:
    account.region.configure(delays={"delete": 0.2})
    account.create()
    message = account.fail(state="absent")
    assert "delete_data=true" in message
    assert account.exists()
    run = account.converge(state="absent", delete_data=True)
    assert (run.writes, run.result["action"], run.result["exists"]) == ([DELETE], "delete", False)
    assert not account.exists()


def test_absent_from_the_start(account: Account) -> None:
    run = account.converge(state="absent")
    assert (run.changed, run.result["exists"], run.calls) == (False, False, [DESCRIBE])


@pytest.mark.parametrize("state", ["present", "started", "stopped"])
def test_a_server_that_does_not_exist_cannot_be_made_of_nothing(account: Account, state: str) -> None:
    message = account.fail(check=True, state=state)
    assert message.endswith("creating it needs artifact_store_uri and role_arn.")


def test_another_region_than_the_environments(account: Account) -> None:
    account.region.client("s3", region_name="eu-west-1").create_bucket(
        Bucket="artifacts-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    run = account.converge(region="eu-west-1", artifact_store_uri="s3://artifacts-eu", role_arn=ROLE, tags={"A": "1"})
    assert run.result["tracking_uri"] == f"arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/{NAME}"
    assert not account.exists(), "nothing in the region of the environment"


def test_without_wait_it_returns_at_once(account: Account) -> None:
    account.region.configure(delays={"create": 60, "delete": 60})
    run = account.run(**account.full(wait=False))
    assert (run.result["tracking_server_status"], run.calls.count(DESCRIBE)) == ("Creating", 2)
    account.region.admin("POST", "clock", {"advance": 61})
    run = account.run(state="absent", delete_data=True, wait=False)
    assert (run.result["tracking_server_status"], run.result["exists"]) == ("Deleting", True)


def test_aliases(account: Account) -> None:
    account.run(
        tracking_server_name=NAME,
        artifact_store_uri=f"s3://{BUCKET}/p",
        role_arn=f"arn:aws:iam::123456789012:role/{ROLE_NAME}",
        size="Large",
        version="2.13",
        maintenance_window="fri:22:15",
        resource_tags={"A": "1"},
    )
    held = account.described()
    assert (held["TrackingServerSize"], held["MlflowVersion"]) == ("Large", "2.13.2")
    assert (held["WeeklyMaintenanceWindowStart"], account.tags()) == ("Fri:22:15", {"A": "1"})
