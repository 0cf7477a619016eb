# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tracking server where something goes wrong: busy, failed, interrupted, refused, lost."""

from __future__ import annotations

import json
import typing as t

import pytest
from mlflow_account import make_user
from tracking_server_account import NAME, ROLE, ROLE_NAME, URI, Account, trust

if t.TYPE_CHECKING:
    from local_region import LocalRegion
    from module_run import Modules

CREATE = "sagemaker:CreateMlflowTrackingServer"
UPDATE = "sagemaker:UpdateMlflowTrackingServer"
STOP = "sagemaker:StopMlflowTrackingServer"
DELETE = "sagemaker:DeleteMlflowTrackingServer"


@pytest.fixture
def account(region: LocalRegion, modules: Modules) -> Account:
    """An account with a role and two buckets."""
    return Account(region, modules)


def fault(operation: str, **fields: t.Any) -> dict[str, t.Any]:
    """A fault of the next call of a SageMaker operation."""
    return {"service": "sagemaker", "operation": operation, "times": 1, **fields}


@pytest.mark.parametrize("verb", ["create", "update", "stop", "start", "maintenance"])
def test_a_busy_server_is_waited_for_and_then_changed(account: Account, verb: str) -> None:
    account.region.configure(delays={verb: 0.3})
    account.create()
    if verb == "update":
        account.sagemaker.update_mlflow_tracking_server(TrackingServerName=NAME, TrackingServerSize="Medium")
    if verb in ("stop", "start"):
        account.sagemaker.stop_mlflow_tracking_server(TrackingServerName=NAME)
    if verb == "start":
        account.sagemaker.start_mlflow_tracking_server(TrackingServerName=NAME)
    if verb == "maintenance":
        account.region.configure(maintenance_next=[NAME])
    run = account.run(tracking_server_size="Large")
    assert run.writes == [UPDATE]
    assert account.described()["TrackingServerSize"] == "Large"


@pytest.mark.parametrize(("verb", "status", "runs"), [("create", "Created", True), ("stop", "Stopped", False)])
@pytest.mark.parametrize("options", [{}, {"tags": {"Team": "a"}}], ids=["nothing", "tags"])
def test_the_preview_of_a_busy_server_tells_what_it_comes_to(
    account: Account, verb: str, status: str, runs: bool, options: dict[str, t.Any]
) -> None:
    account.region.configure(delays={verb: 0.5})
    account.create()
    if verb == "stop":
        account.sagemaker.stop_mlflow_tracking_server(TrackingServerName=NAME)
    for run in (account.run(check=True, **options), account.run(**options)):
        assert (run.result["tracking_server_status"], run.result["is_active"]) == (status, runs)


def test_a_server_whose_deletion_failed_is_not_to_be_started(account: Account) -> None:
    account.create()
    account.sagemaker.stop_mlflow_tracking_server(TrackingServerName=NAME)
    account.region.configure(fail_next={"delete": True})
    account.sagemaker.delete_mlflow_tracking_server(TrackingServerName=NAME)
    message = account.fail(tracking_server_size="Large")
    assert "DeleteFailed" in message
    assert message.endswith("complete that with state=absent and delete_data=true.")


@pytest.mark.parametrize("fails", [False, True])
def test_after_maintenance_a_server_is_as_before(account: Account, fails: bool) -> None:
    """Its status tells of the maintenance then, and nothing of whether it runs."""
    account.region.configure(maintenance_next=[NAME], fail_next={"maintenance": fails})
    account.create()
    run = account.converge(state="started", tracking_server_size="Small")
    expected = "MaintenanceFailed" if fails else "MaintenanceComplete"
    assert (run.changed, run.result["tracking_server_status"], run.result["is_active"]) == (False, expected, True)
    assert account.converge(state="stopped", tracking_server_size="Large").writes == [UPDATE, STOP]


def test_a_deletion_under_way_is_waited_for_before_creating_anew(account: Account) -> None:
    account.region.configure(delays={"delete": 0.3})
    account.create()
    account.sagemaker.delete_mlflow_tracking_server(TrackingServerName=NAME)
    assert account.converge(**account.full()).writes == [CREATE]


def test_a_run_that_was_interrupted_while_creating_is_resumed(account: Account) -> None:
    account.region.configure(delays={"create": 0.3})
    account.run(**account.full(wait=False))
    run = account.run(**account.full())
    assert (run.changed, run.result["tracking_server_status"], run.writes) == (False, "Created", [])


def test_a_failed_creation_is_explained_and_can_be_repeated(account: Account) -> None:
    missing = account.full(artifact_store_uri="s3://mlflow-artifacts-missing")
    message = account.fail(**missing)
    for word in ("CreateFailed", "s3://mlflow-artifacts-missing", ROLE, "us-east-1", "recreate_failed=true"):
        assert word in message
    assert "recreate_failed=true" in account.fail(check=True, **account.full())
    run = account.converge(**account.full(recreate_failed=True))
    assert (run.writes, run.result["tracking_server_status"]) == ([DELETE, CREATE], "Created")


def test_a_failed_creation_is_removed_without_the_second_switch(account: Account) -> None:
    account.region.configure(fail_next={"create": True})
    account.create()
    assert account.converge(state="absent").writes == [DELETE]


@pytest.mark.parametrize(
    ("verb", "options", "operation"),
    [
        ("update", {"tracking_server_size": "Large"}, UPDATE),
        ("stop", {"state": "stopped"}, STOP),
        ("delete", {"state": "absent", "delete_data": True}, DELETE),
    ],
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


def test_a_start_that_fails_once_is_repeated(account: Account) -> None:
    account.run(**account.full(state="stopped"))
    account.region.configure(fail_next={"start": True})
    assert account.run(state="started").result["is_active"]


def test_an_update_that_keeps_failing_is_told_in_words(account: Account) -> None:
    account.create()
    message = account.fail(artifact_store_uri="s3://mlflow-artifacts-missing")
    for word in ("failed twice", "UpdateFailed", "runs", "artifact store"):
        assert word in message
    run = account.converge(artifact_store_uri=URI, tracking_server_size="Large")
    assert run.result["tracking_server_status"] == "Updated", "a server in UpdateFailed is repaired by the next update"


def test_a_server_that_hangs_is_told_with_its_state(account: Account) -> None:
    account.create()
    account.region.configure(stuck=["update"])
    message = account.fail(tracking_server_size="Large", wait_timeout=1)
    for word in ("Timed out after 1s", "Updating", "wait_timeout"):
        assert word in message


def test_a_role_that_is_only_young_is_waited_for(account: Account) -> None:
    account.region.configure(iam_propagation_seconds=0.8)
    account.region.client("iam").create_role(RoleName="young", AssumeRolePolicyDocument=trust())
    young = ROLE.replace(ROLE_NAME, "young")
    run = account.run(**account.full(role_arn=young, role_propagation_timeout=20))
    assert run.writes.count(CREATE) > 1
    assert run.result["tracking_server_status"] == "Created"


@pytest.mark.parametrize("role", ["missing", "wrong"])
def test_a_role_that_will_never_do_is_told_in_words(account: Account, role: str) -> None:
    iam = account.region.client("iam")
    iam.create_role(RoleName="wrong", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    message = account.fail(**account.full(role_arn=ROLE.replace(ROLE_NAME, role)))
    for word in (f"role/{role}", "trust policy", "sagemaker.amazonaws.com", "role_propagation_timeout"):
        assert word in message


def test_a_full_account_is_told_in_words(account: Account) -> None:
    account.region.configure(tracking_server_quota=0)
    message = account.fail(**account.full())
    for word in ("no more tracking servers in us-east-1", "service-quotas"):
        assert word in message


def test_a_version_that_aws_does_not_offer(account: Account) -> None:
    assert account.fail(**account.full(mlflow_version="3.9")).startswith(
        "mlflow_version: AWS offers no tracking server"
    )


def test_throttling_passes_by_itself(account: Account) -> None:
    account.region.inject(
        fault("DescribeMlflowTrackingServer", code="ThrottlingException", times=2),
        fault("CreateMlflowTrackingServer", code="ThrottlingException"),
    )
    assert account.run(**account.full()).result["tracking_server_status"] == "Created"


@pytest.mark.parametrize(
    ("operation", "code", "hint"),
    [
        ("DescribeMlflowTrackingServer", "AccessDeniedException", "Allow the action"),
        ("CreateMlflowTrackingServer", "AccessDeniedException", "creating the tracking server"),
        ("DescribeMlflowTrackingServer", "ExpiredTokenException", "sign in again"),
        ("CreateMlflowTrackingServer", "ExpiredTokenException", "sign in again"),
    ],
)
def test_a_refusal_is_told_with_the_next_step(account: Account, operation: str, code: str, hint: str) -> None:
    account.region.inject(fault(operation, code=code))
    message = account.fail(**account.full())
    assert operation in message
    assert hint in message


@pytest.mark.parametrize(
    ("operation", "verb", "options"),
    [
        ("UpdateMlflowTrackingServer", "update", {"tracking_server_size": "Large"}),
        ("StopMlflowTrackingServer", "stop", {"state": "stopped"}),
        ("DeleteMlflowTrackingServer", "delete", {"state": "absent", "delete_data": True}),
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


@pytest.mark.parametrize("code", ["ValidationException", "ConflictException"])
@pytest.mark.parametrize("state", ["present", "stopped"])
def test_a_creation_whose_answer_is_lost_is_ours(account: Account, state: str, code: str) -> None:
    account.region.configure(duplicate_name_error=code, delays={"create": 0.2})
    account.region.inject(fault("CreateMlflowTrackingServer", reset=True, after=True))
    run = account.run(**account.full(state=state, tags={"A": "1"}))
    assert run.names[0] == "server"
    assert run.writes.count(CREATE) == 2
    assert not account.run(**account.full(state=state, tags={"A": "1"})).changed


def test_a_server_that_is_deleted_under_our_hands_is_told(account: Account) -> None:
    account.create()
    account.region.configure(stuck=["update"])
    account.region.inject(fault("DescribeMlflowTrackingServer", code="ResourceNotFound", skip=3))
    assert "deleted by somebody else" in account.fail(tracking_server_size="Large")


def test_bad_input_makes_no_call(account: Account) -> None:
    message = account.fail(**account.full(weekly_maintenance_window_start="Tuesday:3"))
    assert message.startswith("weekly_maintenance_window_start: 'Tuesday:3'")
    assert account.region.calls() == []


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"wait_delay": 0}, "wait_delay: 0 is not allowed"),
        ({"wait_delay": 61}, "at most 60"),
        ({"wait_timeout": 0}, "wait_timeout: 0 is not allowed"),
        ({"region": "cn-north-1"}, "no managed MLflow in China"),
        ({"name": "t_2"}, "name: 't_2' is not allowed"),
        ({"artifact_store_uri": "http://bucket"}, "artifact_store_uri: 'http://bucket' is not a location"),
    ],
)
def test_bad_settings_make_no_call(account: Account, options: dict[str, t.Any], hint: str) -> None:
    assert hint in account.fail(**account.full(**options))
    assert account.region.calls() == []


READ = ["sagemaker:DescribeMlflowTrackingServer", "sagemaker:ListTags"]


@pytest.mark.parametrize(
    ("options", "actions"),
    [
        ({"tags": {"A": "1"}}, [CREATE, "iam:PassRole", "sagemaker:AddTags"]),
        ({"state": "stopped", "tracking_server_size": "Large"}, [UPDATE, STOP]),
        ({"state": "started"}, ["sagemaker:StartMlflowTrackingServer"]),
        ({"tags": {}, "purge_tags": True}, ["sagemaker:DeleteTags"]),
        ({"state": "absent", "delete_data": True}, [DELETE]),
    ],
)
def test_the_documented_permissions_are_enough_and_all_needed(
    account: Account, options: dict[str, t.Any], actions: list[str]
) -> None:
    if CREATE not in actions:
        account.create(Tags=[{"Key": "A", "Value": "1"}])
    if options.get("state") == "started":
        account.sagemaker.stop_mlflow_tracking_server(TrackingServerName=NAME)
    wished = account.full(**options, **make_user(account.region, *READ))
    assert "AccessDenied" in account.fail(**wished)
    _allow(account, *READ, *actions)
    run = account.run(**wished)
    assert run.changed
    assert {*run.calls} <= {*READ, *actions}


def _allow(account: Account, *actions: str) -> None:
    """Other permissions for the user of make_user."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.region.client("iam").put_user_policy(UserName="ana", PolicyName="only", PolicyDocument=document)
