# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of an App through the module: create, adopt, change, delete."""

from __future__ import annotations

import re
import typing as t

import pytest
from mlflow_app_account import DOMAIN, MODULE, NAME, OTHER_DOMAIN, Account
from tracking_server_account import BUCKET, OTHER_BUCKET, ROLE, ROLE_NAME, URI

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

PREFIX = "sagemaker:"
LIST = PREFIX + "ListMlflowApps"
DESCRIBE = PREFIX + "DescribeMlflowApp"
LIST_TAGS = PREFIX + "ListTags"
CREATE = PREFIX + "CreateMlflowApp"
UPDATE = PREFIX + "UpdateMlflowApp"
DELETE = PREFIX + "DeleteMlflowApp"
ADD_TAGS = PREFIX + "AddTags"
DELETE_TAGS = PREFIX + "DeleteTags"


@pytest.fixture
def account(region: LocalRegion, modules: Modules) -> Account:
    """An account with a role and two buckets."""
    return Account(region, modules)


def test_create_with_the_least(account: Account) -> None:
    run = account.converge(**account.full(artifact_store_uri=URI + "/"))
    assert (run.writes, run.result["action"], run.names) == ([CREATE], "create", ["app"])
    held = account.described()
    assert (held["Name"], held["RoleArn"], held["ArtifactStoreUri"]) == (NAME, ROLE, URI + "/")
    assert held["ModelRegistrationMode"] == "AutoModelRegistrationDisabled"
    assert re.search(r":mlflow-app/app-.+", run.result["arn"])
    assert run.result["tracking_uri"] == run.result["arn"] == held["Arn"]
    assert (run.result["mlflow_version"], run.result["tags"], account.tags()) == ("3.10.1", None, {})


def test_create_with_everything(account: Account) -> None:
    key = account.region.client("kms").create_key()["KeyMetadata"]["Arn"]
    run = account.converge(
        **account.full(
            kms_key_id=key,
            automatic_model_registration=True,
            weekly_maintenance_window_start="TUE:03:30",
            account_default=True,
            default_domain_ids=[OTHER_DOMAIN, DOMAIN],
            tags={"Team": "ml", "Protected": True},
        )
    )
    held = account.described()
    assert held["WeeklyMaintenanceWindowStart"] == "Tue:03:30"
    assert (held["ModelRegistrationMode"], held["KmsKeyId"]) == ("AutoModelRegistrationEnabled", key)
    assert (held["AccountDefaultStatus"], held["DefaultDomainIdList"]) == ("ENABLED", [DOMAIN, OTHER_DOMAIN])
    assert account.tags() == run.result["tags"] == {"Team": "ml", "Protected": "true"}


def test_check_mode_predicts_what_the_run_then_returns(account: Account) -> None:
    options = account.full(
        tags={"Team": "ml"}, weekly_maintenance_window_start="Tue:03:30", default_domain_ids=[OTHER_DOMAIN, DOMAIN]
    )
    predicted = account.run(check=True, **options).result
    assert account.apps() == []
    real = account.run(**options).result
    aws_alone_knows = {"arn", "tracking_uri", "mlflow_version", "creation_time", "created_by"}
    aws_alone_knows |= {"last_modified_time", "last_modified_by"}
    for key in aws_alone_knows:
        assert predicted[key] is None
        assert real[key] is not None
    assert {key for key in real if real[key] != predicted[key]} - aws_alone_knows - {"invocation"} == set()


@pytest.mark.parametrize("tags", [None, {"Team": "ml"}])
@pytest.mark.parametrize("by_arn", [False, True])
def test_a_second_run_reads_once_and_no_more(account: Account, by_arn: bool, tags: dict[str, str] | None) -> None:
    options = account.full(account_default=True, default_domain_ids=[DOMAIN], tags=tags)
    arn = account.run(**options).result["arn"]
    again = account.run(**options, **({"arn": arn} if by_arn else {}))
    expected = {*([] if by_arn else [LIST]), DESCRIBE, *([LIST_TAGS] if tags else [])}
    assert (sorted(again.calls), again.changed) == (sorted(expected), False)


@pytest.mark.parametrize(
    ("option", "aws_field", "value", "held"),
    [
        ("artifact_store_uri", "ArtifactStoreUri", f"s3://{OTHER_BUCKET}/prefix/", f"s3://{OTHER_BUCKET}/prefix/"),
        ("automatic_model_registration", "ModelRegistrationMode", False, "AutoModelRegistrationDisabled"),
        ("weekly_maintenance_window_start", "WeeklyMaintenanceWindowStart", "Sun:01:00", "Sun:01:00"),
        ("account_default", "AccountDefaultStatus", False, "DISABLED"),
        ("default_domain_ids", "DefaultDomainIdList", [OTHER_DOMAIN], [OTHER_DOMAIN]),
        ("default_domain_ids", "DefaultDomainIdList", [], []),
        ("new_name", "Name", "renamed", "renamed"),
    ],
)
def test_each_setting_changes_alone(account: Account, option: str, aws_field: str, value: t.Any, held: t.Any) -> None:
    """Registration and default true to false too; and what was not asked about stays, although AWS's update has defaults."""
    account.create(
        ModelRegistrationMode="AutoModelRegistrationEnabled",
        WeeklyMaintenanceWindowStart="Mon:02:00",
        AccountDefaultStatus="ENABLED",
        DefaultDomainIdList=[DOMAIN],
    )
    before = account.described()
    run = account.converge(**{option: value})
    assert (run.writes, run.names) == ([UPDATE], ["settings"])
    assert list(run.result["changes"][0]["after"]) == ["name" if option == "new_name" else option]
    after = account.described()
    assert after[aws_field] == held
    settings = {"Arn", "Name", "ArtifactStoreUri", "ModelRegistrationMode", "WeeklyMaintenanceWindowStart", "RoleArn"}
    for untouched in (settings | {"AccountDefaultStatus", "DefaultDomainIdList"}) - {aws_field}:
        assert after[untouched] == before[untouched]


def test_the_artifact_store_there_and_back_keeps_the_app(account: Account) -> None:
    arn = account.run(**account.full(artifact_store_uri=f"s3://{BUCKET}/")).result["arn"]
    for uri in (f"s3://{BUCKET}/updated/", f"s3://{BUCKET}/"):
        run = account.converge(**account.full(artifact_store_uri=uri))
        assert (run.writes, run.result["action"], run.result["arn"]) == ([UPDATE], "update", arn)
        assert account.described()["ArtifactStoreUri"] == uri


def test_several_settings_change_in_one_call(account: Account) -> None:
    account.create()
    run = account.converge(
        automatic_model_registration=True, weekly_maintenance_window_start="sun:01:00", tags={"A": "1"}
    )
    assert run.writes == [ADD_TAGS, UPDATE]
    assert len(run.result["changes"][-1]["after"]) == 2


@pytest.mark.parametrize(
    "options",
    [
        {"artifact_store_uri": URI + "/"},
        {"weekly_maintenance_window_start": "TUE:03:30"},
        {"role_arn": ROLE},
        {"tags": {}},
        {"automatic_model_registration": False},
        {"account_default": False},
        {"default_domain_ids": [OTHER_DOMAIN, DOMAIN, DOMAIN]},
        {"new_name": NAME},
    ],
)
def test_what_exists_is_adopted_unchanged(account: Account, options: dict[str, t.Any]) -> None:
    account.create(
        WeeklyMaintenanceWindowStart="Tue:03:30",
        DefaultDomainIdList=[DOMAIN, OTHER_DOMAIN],
        Tags=[{"Key": "Theirs", "Value": "1"}],
    )
    assert not account.converge(**options).changed
    assert account.tags() == {"Theirs": "1"}


@pytest.mark.parametrize(
    ("wished", "purge", "after", "writes"),
    [
        ({"A": "1"}, False, {"A": "1", "B": "2", "sagemaker:x": "y"}, []),
        ({"A": "new", "C": "3"}, False, {"A": "new", "B": "2", "C": "3", "sagemaker:x": "y"}, [ADD_TAGS]),
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
        ({"role_arn": ROLE + "-2"}, f"role_arn is {ROLE}, wished is {ROLE}-2"),
        ({"kms_key_id": "alias/ours"}, "kms_key_id is a key that AWS owns, wished is alias/ours"),
    ],
)
def test_what_cannot_change_is_refused_before_anything_changes(
    account: Account, options: dict[str, str], words: str, check: bool
) -> None:
    account.create()
    account.region.clear_log()
    message = account.fail(check=check, automatic_model_registration=True, tags={"A": "1"}, **options)
    for word in (words, "left alone", "migrate"):
        assert word in message
    assert account.region.writes() == []


def test_an_app_that_disappeared_is_created_again(account: Account) -> None:
    arn = account.run(**account.full()).result["arn"]
    account.sagemaker.delete_mlflow_app(Arn=arn)
    assert account.described(arn)["Status"] == "Deleted", "its ghost is still described"
    assert account.run(check=True, **account.full()).result["action"] == "create"
    run = account.converge(**account.full())
    assert run.writes == [CREATE]
    assert run.result["arn"] != arn


@pytest.mark.parametrize("by_arn", [False, True])
def test_delete_and_delete_again(account: Account, by_arn: bool) -> None:
    account.region.configure(delays={"app_delete": 0.2})
    arn = account.create()
    identity: dict[str, t.Any] = {"arn": arn} if by_arn else {}
    message = account.fail(state="absent", **identity)
    assert "delete_data=true" in message
    assert account.apps()
    run = account.converge(state="absent", delete_data=True, **identity)
    assert (run.writes, run.result["action"], run.result["exists"]) == ([DELETE], "delete", False)
    assert (run.result["arn"], run.result["tracking_uri"], account.apps()) == (None, None, [])
    account.region.admin("POST", "clock", {"advance": 90000})
    assert not account.converge(state="absent", **identity).changed, "now Describe says not found"


def test_absent_from_the_start(account: Account) -> None:
    run = account.converge(state="absent")
    assert (run.changed, run.result["exists"], run.calls) == (False, False, [LIST])


def test_an_app_that_does_not_exist_cannot_be_made_of_nothing(account: Account) -> None:
    assert account.fail(check=True).endswith("creating it needs artifact_store_uri and role_arn.")
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-{NAME}"
    assert "AWS chooses the ARN of a new App" in account.fail(check=True, **account.full(arn=arn))


def test_another_region_than_the_environments(account: Account) -> None:
    account.region.client("s3", region_name="eu-west-1").create_bucket(
        Bucket="artifacts-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    run = account.converge(region="eu-west-1", artifact_store_uri="s3://artifacts-eu", role_arn=ROLE, tags={"A": "1"})
    arn = run.result["arn"]
    assert arn.startswith("arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-")
    assert account.apps() == [], "nothing in the region of the environment"
    assert not account.converge(region="eu-west-1", arn=arn, tags={"A": "1"}).changed
    account.region.clear_log()
    assert "Set region: eu-west-1" in account.fail(arn=arn)
    assert account.region.calls() == []


def test_without_wait_it_returns_at_once(account: Account) -> None:
    account.region.configure(delays={"app_create": 60, "app_delete": 60})
    run = account.run(**account.full(wait=False))
    assert (run.result["status"], run.calls.count(DESCRIBE)) == ("Creating", 1)
    assert run.result["arn"] == account.apps()[0]["Arn"]
    account.region.admin("POST", "clock", {"advance": 61})
    run = account.run(state="absent", delete_data=True, wait=False)
    assert (run.result["status"], run.result["exists"]) == ("Deleting", True)


def test_aliases(account: Account) -> None:
    account.run(
        artifact_store_uri=URI,
        role_arn=f"arn:aws:iam::123456789012:role/{ROLE_NAME}",
        maintenance_window="fri:22:15",
        resource_tags={"A": "1"},
    )
    assert (account.described()["WeeklyMaintenanceWindowStart"], account.tags()) == ("Fri:22:15", {"A": "1"})


def test_neither_name_nor_arn_is_refused(account: Account) -> None:
    account.region.clear_log()
    message = account.modules.fail(MODULE, state="absent")
    assert message == "one of the following is required: name, arn"
    assert account.region.calls() == []
