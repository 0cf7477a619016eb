# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An App where something goes wrong: busy, failed, interrupted, refused, lost."""

from __future__ import annotations

import json
import typing as t

import pytest
from mlflow_account import make_user
from mlflow_app_account import DOMAIN, NAME, Account
from tracking_server_account import ROLE, ROLE_NAME, URI, trust

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

LIST = "sagemaker:ListMlflowApps"
DESCRIBE = "sagemaker:DescribeMlflowApp"
LIST_TAGS = "sagemaker:ListTags"
CREATE = "sagemaker:CreateMlflowApp"
UPDATE = "sagemaker:UpdateMlflowApp"
DELETE = "sagemaker:DeleteMlflowApp"
ENABLED = {"automatic_model_registration": True}


@pytest.fixture
def account(region: LocalRegion, modules: Modules) -> Account:
    """An account with a role and two buckets."""
    return Account(region, modules)


def fault(operation: str, **fields: t.Any) -> dict[str, t.Any]:
    """A fault of the next call of a SageMaker operation."""
    return {"service": "sagemaker", "operation": operation, "times": 1, **fields}


@pytest.mark.parametrize("verb", ["app_create", "app_update", "maintenance"])
def test_a_busy_app_is_waited_for_and_then_changed(account: Account, verb: str) -> None:
    account.region.configure(delays={verb: 0.3})
    arn = account.create()
    if verb == "app_update":
        account.sagemaker.update_mlflow_app(Arn=arn, ModelRegistrationMode="AutoModelRegistrationDisabled")
    if verb == "maintenance":
        account.region.configure(maintenance_next=[NAME])
    run = account.run(**ENABLED)
    assert run.writes == [UPDATE]
    assert account.described()["ModelRegistrationMode"] == "AutoModelRegistrationEnabled"


def test_the_preview_of_a_busy_app_tells_what_it_comes_to(account: Account) -> None:
    account.region.configure(delays={"app_create": 0.5})
    account.create()
    for run in (account.run(check=True, tags={"Team": "a"}), account.run(tags={"Team": "a"})):
        assert run.result["status"] == "Created"


def test_maintenance_is_waited_for_and_named_as_what_it_is(account: Account) -> None:
    account.region.configure(delays={"maintenance": 60}, maintenance_next=[NAME])
    account.create()
    message = account.fail(**ENABLED, wait_timeout=1)
    assert "it is MaintenanceInProgress" in message


def test_a_failed_maintenance_is_no_obstacle(account: Account) -> None:
    account.region.configure(maintenance_next=[NAME], fail_next={"maintenance": True})
    account.create()
    run = account.converge(**ENABLED)
    assert (run.result["maintenance_status"], run.result["status"]) == ("MaintenanceFailed", "Updated")


def test_a_run_that_was_interrupted_while_creating_is_resumed(account: Account) -> None:
    account.region.configure(delays={"app_create": 0.3})
    account.run(**account.full(wait=False))
    run = account.run(**account.full())
    assert (run.changed, run.result["status"], run.writes) == (False, "Created", [])


def test_a_failed_creation_is_explained_and_can_be_repeated(account: Account) -> None:
    message = account.fail(**account.full(artifact_store_uri="s3://mlflow-artifacts-missing"))
    for word in ("CreateFailed", "s3://mlflow-artifacts-missing", ROLE, "us-east-1", "recreate_failed=true"):
        assert word in message
    assert "s3_bucket_owner_account_id" not in message, "an option that Apps do not have"
    assert "recreate_failed=true" in account.fail(check=True, **account.full())
    failed = account.apps()[0]["Arn"]
    assert f"Give name: {NAME} instead of arn" in account.fail(arn=failed, **account.full(recreate_failed=True))
    run = account.converge(**account.full(recreate_failed=True))
    assert (run.writes, run.result["status"]) == ([DELETE, CREATE], "Created")
    assert run.result["arn"] != failed


@pytest.mark.parametrize("by_arn", [False, True])
def test_a_failed_creation_is_removed_without_the_second_switch(account: Account, by_arn: bool) -> None:
    account.region.configure(fail_next={"app_create": True})
    arn = account.create()
    assert account.converge(state="absent", **({"arn": arn} if by_arn else {})).writes == [DELETE]


@pytest.mark.parametrize(
    ("verb", "options", "operation"),
    [("app_update", ENABLED, UPDATE), ("app_delete", {"state": "absent", "delete_data": True}, DELETE)],
)
@pytest.mark.parametrize("delay", [0.0, 0.1])
def test_an_operation_that_fails_once_is_repeated(
    account: Account, verb: str, options: dict[str, t.Any], operation: str, delay: float
) -> None:
    account.create()
    account.region.configure(fail_next={verb: True}, delays={verb: delay})
    run = account.run(**options)
    assert run.writes == [operation, operation]
    assert len(run.result["changes"]) == 1


def test_an_update_that_keeps_failing_is_told_in_words(account: Account) -> None:
    account.create()
    message = account.fail(artifact_store_uri="s3://mlflow-artifacts-missing")
    for word in ("failed twice", "UpdateFailed", "artifact store"):
        assert word in message
    run = account.converge(artifact_store_uri=URI, **ENABLED)
    assert run.result["status"] == "Updated", "an App in UpdateFailed is repaired by the next update"


def test_a_deletion_that_failed_leaves_one_way(account: Account) -> None:
    account.create()
    account.region.configure(delays={"app_delete": 0.0}, fail_next={"app_delete": True})
    account.sagemaker.delete_mlflow_app(Arn=account.apps()[0]["Arn"])
    message = account.fail(**ENABLED)
    for word in ("DeleteFailed", "state=absent and delete_data=true"):
        assert word in message
    assert account.converge(state="absent", delete_data=True).writes == [DELETE]


def test_an_app_that_hangs_is_told_with_its_state(account: Account) -> None:
    account.create()
    account.region.configure(stuck=["app_update"])
    message = account.fail(**ENABLED, wait_timeout=1)
    for word in ("Timed out after 1s", "Updating", "wait_timeout"):
        assert word in message


def test_a_role_that_is_only_young_is_waited_for(account: Account) -> None:
    account.region.configure(iam_propagation_seconds=2.0)
    account.region.client("iam").create_role(RoleName="young", AssumeRolePolicyDocument=trust())
    run = account.run(**account.full(role_arn=ROLE.replace(ROLE_NAME, "young"), role_propagation_timeout=20))
    assert run.writes.count(CREATE) > 1
    assert (run.result["status"], len(account.apps())) == ("Created", 1)


@pytest.mark.parametrize("role", ["missing", "wrong"])
def test_a_role_that_will_never_do_is_told_in_words(account: Account, role: str) -> None:
    iam = account.region.client("iam")
    iam.create_role(RoleName="wrong", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    message = account.fail(**account.full(role_arn=ROLE.replace(ROLE_NAME, role)))
    for word in (f"role/{role}", "trust policy", "sagemaker.amazonaws.com", "role_propagation_timeout"):
        assert word in message


@pytest.mark.parametrize("ghosts_count", [False, True])
def test_a_full_account_is_told_in_words(account: Account, ghosts_count: bool) -> None:
    account.region.configure(app_quota=1, deleted_apps_count=ghosts_count)
    arn = account.create("studio")
    if ghosts_count:
        account.sagemaker.delete_mlflow_app(Arn=arn)
    message = account.fail(**account.full())
    for word in ("no more MLflow Apps in us-east-1", "service-quotas", "Studio", "Deleted"):
        assert word in message


def test_throttling_passes_by_itself(account: Account) -> None:
    account.region.inject(
        fault("ListMlflowApps", code="ThrottlingException", times=2),
        fault("DescribeMlflowApp", code="ThrottlingException", times=2),
        fault("CreateMlflowApp", code="ThrottlingException", times=2),
    )
    run = account.run(**account.full())
    assert (run.result["status"], run.writes.count(CREATE), len(account.apps())) == ("Created", 3, 1)


def test_throttling_that_stays_ends_in_words(account: Account) -> None:
    account.region.inject(fault("CreateMlflowApp", code="ThrottlingException", times=100))
    message = account.fail(**account.full())
    for word in ("creating the MLflow App", "ThrottlingException", "lower the number of forks"):
        assert word in message


@pytest.mark.parametrize(
    ("operation", "code", "hint"),
    [
        ("ListMlflowApps", "AccessDeniedException", "Allow the action"),
        ("DescribeMlflowApp", "AccessDeniedException", "Allow the action"),
        ("UpdateMlflowApp", "AccessDeniedException", "updating the MLflow App"),
        ("ListMlflowApps", "ExpiredTokenException", "sign in again"),
        ("UpdateMlflowApp", "ExpiredTokenException", "sign in again"),
    ],
)
def test_a_refusal_is_told_with_the_next_step(account: Account, operation: str, code: str, hint: str) -> None:
    account.create()
    account.region.inject(fault(operation, code=code))
    message = account.fail(**ENABLED)
    assert operation in message
    assert hint in message


@pytest.mark.parametrize(
    ("operation", "verb", "options"),
    [
        ("UpdateMlflowApp", "app_update", ENABLED),
        ("DeleteMlflowApp", "app_delete", {"state": "absent", "delete_data": True}),
    ],
)
@pytest.mark.parametrize("delay", [0.0, 0.5])
def test_an_answer_that_is_lost_does_no_harm(
    account: Account, operation: str, verb: str, options: dict[str, t.Any], delay: float
) -> None:
    account.create()
    account.region.configure(delays={verb: delay})
    account.region.inject(fault(operation, code="InternalFailure", status=500, after=True))
    assert account.run(**options).changed, "it was this run that changed it"
    assert not account.run(**options).changed


@pytest.mark.parametrize("unique", [False, True])
@pytest.mark.parametrize("loss", [{"reset": True}, {"code": "InternalFailure", "status": 500}])
def test_a_creation_whose_answer_is_lost_makes_one_app(account: Account, loss: dict[str, t.Any], unique: bool) -> None:
    """AWS would take the repeated call for a second App, and the quota is three."""
    account.region.configure(app_names_unique=unique, delays={"app_create": 0.2})
    account.region.inject(fault("CreateMlflowApp", after=True, **loss))
    run = account.run(**account.full(tags={"A": "1"}))
    assert (run.names, run.writes) == (["app"], [CREATE])
    assert [app["Arn"] for app in account.apps()] == [run.result["arn"]]
    assert not account.run(**account.full(tags={"A": "1"})).changed


def test_a_creation_that_did_not_happen_is_repeated(account: Account) -> None:
    account.region.inject(fault("CreateMlflowApp", code="InternalFailure", status=500, times=2))
    run = account.run(**account.full())
    assert (run.writes, len(account.apps())) == ([CREATE] * 3, 1)


def test_an_app_that_is_deleted_under_our_hands_is_told(account: Account) -> None:
    account.create()
    account.region.configure(stuck=["app_update"])
    account.region.inject(fault("DescribeMlflowApp", code="ResourceNotFound", skip=3))
    message = account.fail(**ENABLED)
    assert "deleted by somebody else" in message
    assert "DeleteMlflowApp" in message


READ = [LIST, DESCRIBE, LIST_TAGS]


@pytest.mark.parametrize(
    ("options", "actions"),
    [
        ({"tags": {"A": "1"}}, [CREATE, "iam:PassRole", "sagemaker:AddTags"]),
        ({"kms_key_id": "alias/ours"}, [CREATE, "iam:PassRole", "kms:DescribeKey", "kms:CreateGrant"]),
        (ENABLED, [UPDATE]),
        ({"account_default": True, "default_domain_ids": [DOMAIN], "move_defaults": True}, [UPDATE]),
        ({"tags": {"B": "1"}}, ["sagemaker:AddTags"]),
        ({"tags": {}, "purge_tags": True}, ["sagemaker:DeleteTags"]),
        ({"kms_key_id": "alias/ours"}, ["kms:DescribeKey"]),
        ({"state": "absent", "delete_data": True}, [DELETE]),
    ],
)
def test_the_documented_permissions_are_enough_and_all_needed(
    account: Account, options: dict[str, t.Any], actions: list[str]
) -> None:
    kms = account.region.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/ours", TargetKeyId=key["KeyId"])
    account.create("studio", AccountDefaultStatus="ENABLED", DefaultDomainIdList=[DOMAIN])
    if CREATE not in actions:
        account.create(Tags=[{"Key": "A", "Value": "1"}], KmsKeyId=key["Arn"])
    wished = account.full(**options, **make_user(account.region, *READ))
    assert "AccessDenied" in account.fail(**wished)
    _allow(account, *READ, *actions)
    run = account.run(**wished)
    assert run.changed or actions == ["kms:DescribeKey"]
    assert {*run.calls} <= {*READ, *actions}


def test_by_arn_nothing_needs_to_be_listed(account: Account) -> None:
    arn = account.create()
    options: dict[str, t.Any] = {**ENABLED, **make_user(account.region, DESCRIBE, UPDATE)}
    run = account.run(arn=arn, **options)
    assert run.writes == [UPDATE]


def _allow(account: Account, *actions: str) -> None:
    """Other permissions for the user of make_user."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.region.client("iam").put_user_policy(UserName="ana", PolicyName="only", PolicyDocument=document)
