# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of calls and waits against an AWS that answers by script: lags, lost answers and other people's hands,
which a well-behaved AWS shows too rarely to test with.
"""

from __future__ import annotations

import typing as t

import pytest
from scripted_sagemaker import DESCRIBE, Look, ScriptedAws, gone, refusal
from tracking_server_samples import ARN, ROLE, SETTINGS, server, wish

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import converge
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_resource import Waiting
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_wait import Patience
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import (
    CREATE,
    DELETE,
    START,
    STOP,
    UPDATE,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_resource import (
    TrackingServerResource,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer, Wish

LATER = {"last_modified_time": "2026-11-23T12:00:00+00:00"}
LARGE = {"tracking_server_size": "Large"}
BUSY = f"Tracking Server with ARN {ARN} is currently in status UPDATING, can't be updated."


def run(
    aws: ScriptedAws, wished: Wish, *, wait: bool = True, timeout: float = 5.0, warnings: list[str] | None = None
) -> dict[str, t.Any]:
    """Converge against the script."""
    resource = TrackingServerResource(
        wished,
        aws,  # type: ignore[arg-type]  # stands in for Clients
        Waiting(wait, Patience(timeout, 0.001), role_timeout=0.05),
        Progress("tracking server", None),
        (warnings if warnings is not None else []).append,
    )
    return converge(resource, check_mode=False)


def failure(aws: ScriptedAws, wished: Wish, **settings: t.Any) -> MlflowError:
    """The error of a run that must fail."""
    with pytest.raises(MlflowError) as raised:
        run(aws, wished, **settings)
    return raised.value


def test_a_second_run_is_one_look() -> None:
    aws = ScriptedAws([server()])
    assert not run(aws, wish(settings=SETTINGS))["changed"]
    assert aws.calls == [DESCRIBE]


def test_tags_are_read_at_the_same_time() -> None:
    aws = ScriptedAws([server()], tags={"Team": "ml"})
    result = run(aws, wish(tags={"Team": "ml"}))
    assert sorted(aws.calls) == [DESCRIBE, f"list_tags {ARN}"]
    assert (result["changed"], result["tags"]) == (False, {"Team": "ml"})


def test_tags_of_another_account_than_the_roles_are_read_by_the_real_arn() -> None:
    other = ARN.replace("123456789012", "210987654321")
    aws = ScriptedAws([server(arn=other, role_arn=ROLE)])
    run(aws, wish(tags={}))
    assert aws.calls[-1] == f"list_tags {other}"


@pytest.mark.parametrize("code", ["ResourceNotFound", "ValidationException", "AccessDeniedException"])
def test_a_server_that_is_not_there_has_no_tags_whatever_aws_says(code: str) -> None:
    aws = ScriptedAws([None, server("Created")], tags=refusal(code))
    aws.answers[CREATE] = [refusal("AccessDeniedException", "no")]
    assert "creating" in failure(aws, wish(tags={"Team": "ml"})).message
    assert aws.writes == [CREATE], "the error of ListTags did not stop the run"


def test_a_refused_list_of_tags_is_an_error() -> None:
    aws = ScriptedAws([server()], tags=refusal("AccessDeniedException", "not authorized"))
    with pytest.raises(MlflowError, match=r"reading the tracking server .*: not authorized"):
        run(aws, wish(tags={"Team": "ml"}))


@pytest.mark.parametrize("status", ["Creating", "Updating", "Starting", "Stopping", "MaintenanceInProgress"])
def test_a_change_waits_until_the_server_has_settled(status: str) -> None:
    settled = server("Stopped" if status == "Stopping" else "Created")
    busy = server(status, is_active=settled.is_active)
    aws = ScriptedAws([busy, busy, settled, server("Updated", settings=LARGE)])
    assert run(aws, wish(settings=LARGE))["changed"]
    assert aws.calls.index(UPDATE) == 3


@pytest.mark.parametrize("status", ["Creating", "Updating", "Starting", "MaintenanceInProgress"])
def test_an_interrupted_run_is_resumed_by_waiting(status: str) -> None:
    aws = ScriptedAws([server(status), server(status), server("Created")])
    result = run(aws, wish(settings=SETTINGS))
    assert (result["changed"], result["tracking_server_status"]) == (False, "Created")


def test_what_differs_after_such_a_wait_is_changed() -> None:
    """Describe may show the wished values while an update to others is under way."""
    other = server("Updated", settings=LARGE)
    aws = ScriptedAws([server("Updating"), other, other, server("Updated", **LATER)])
    result = run(aws, wish(settings=SETTINGS))
    assert (aws.writes, result["changed"], result["tracking_server_size"]) == ([UPDATE], True, "Small")


def test_without_wait_a_busy_server_is_left_to_itself() -> None:
    aws = ScriptedAws([server("Creating")])
    assert run(aws, wish(settings=SETTINGS), wait=False)["tracking_server_status"] == "Creating"
    assert aws.calls == [DESCRIBE]


def test_a_server_on_its_way_out_is_waited_away_and_created_anew() -> None:
    aws = ScriptedAws([server("Deleting"), server("Deleting"), None, server("Creating"), server("Created")])
    result = run(aws, wish())
    assert (aws.writes, result["action"]) == ([CREATE], "create")


def test_a_deletion_that_is_under_way_is_waited_for() -> None:
    aws = ScriptedAws([server("Deleting"), server("Deleting"), None])
    result = run(aws, wish(state="absent"))
    assert (aws.writes, result["changed"], result["exists"]) == ([], False, False)


def test_the_state_from_before_a_call_is_no_answer_to_it() -> None:
    stale = server("Created")
    aws = ScriptedAws([stale, stale, stale, server("Updating", **LATER), server("Updated", **LATER, settings=LARGE)])
    assert run(aws, wish(settings=LARGE))["tracking_server_status"] == "Updated"


def test_several_changes_wait_for_each_other() -> None:
    updated = server("Updated", **LATER, settings=LARGE)
    aws = ScriptedAws([server(), server("Updating"), updated, server("Stopping"), server("Stopped", settings=LARGE)])
    result = run(aws, wish(state="stopped", settings=LARGE, tags={"Team": "ml"}))
    assert aws.writes == ["add_tags", UPDATE, STOP]
    calls = [call for call in aws.calls if not call.startswith("list_tags")]
    assert calls == [DESCRIBE, "add_tags", UPDATE, DESCRIBE, DESCRIBE, STOP, DESCRIBE, DESCRIBE]
    assert [change["name"] for change in result["changes"]] == ["tags", "settings", "state"]


def test_without_wait_it_is_waited_between_changes_but_not_after_the_last() -> None:
    updated = server("Updated", **LATER, settings=LARGE)
    aws = ScriptedAws([server(), server("Updating"), updated, server("Stopping")])
    result = run(aws, wish(state="stopped", settings=LARGE), wait=False)
    assert aws.calls == [DESCRIBE, UPDATE, DESCRIBE, DESCRIBE, STOP, DESCRIBE]
    assert result["tracking_server_status"] == "Stopping"


def test_without_wait_a_creation_that_does_not_show_yet_is_predicted() -> None:
    result = run(ScriptedAws([None]), wish(), wait=False)
    assert (result["exists"], result["tracking_uri"], result["changed"]) == (True, ARN, True)


@pytest.mark.parametrize(
    ("operation", "wished", "before", "failed", "done"),
    [
        (UPDATE, wish(settings=LARGE), server(), server("UpdateFailed", **LATER), server("Updated", settings=LARGE)),
        (START, wish(state="started"), server("Stopped"), server("StartFailed", **LATER), server("Started")),
        (STOP, wish(state="stopped"), server(), server("StopFailed", **LATER), server("Stopped")),
        (DELETE, wish(state="absent", delete_data=True), server(), server("DeleteFailed", **LATER), None),
    ],
)
def test_an_operation_that_failed_is_tried_once_more(
    operation: str, wished: Wish, before: TrackingServer, failed: TrackingServer, done: Look
) -> None:
    aws = ScriptedAws([before, failed, done])
    result = run(aws, wished)
    assert aws.writes == [operation, operation]
    assert len(result["changes"]) == 1, "one change, however often it was tried"

    twice = failure(ScriptedAws([before, failed, server("Updating"), failed]), wished)
    assert "failed twice" in twice.message
    assert failed.status in twice.message
    assert twice.details["last_seen"]["tracking_server_status"] == failed.status


def test_an_operation_found_failed_is_tried_once_and_announced() -> None:
    found = server("UpdateFailed")
    aws = ScriptedAws([found, server("Updating"), found])
    warnings: list[str] = []
    error = failure(aws, wish(settings=LARGE), warnings=warnings)
    assert aws.writes == [UPDATE]
    assert "UpdateFailed" in error.message
    assert "UpdateFailed" in warnings[0]


def test_a_failed_creation_is_not_repeated_by_itself() -> None:
    aws = ScriptedAws([None, server("Creating"), server("CreateFailed")])
    error = failure(aws, wish())
    assert aws.writes == [CREATE]
    for word in ("CreateFailed", "sagemaker.amazonaws.com", "recreate_failed=true", "us-east-1"):
        assert word in error.message


def test_a_failed_creation_is_removed_and_repeated_when_asked() -> None:
    aws = ScriptedAws([server("CreateFailed"), server("Deleting"), None, server("Creating"), server("Created")])
    result = run(aws, wish(recreate_failed=True))
    assert aws.writes == [DELETE, CREATE]
    assert result["tracking_server_status"] == "Created"


@pytest.mark.parametrize(
    ("aws", "wished"),
    [
        (ScriptedAws([server(), server("Updating"), None]), wish(settings=LARGE)),
        (ScriptedAws([None, server("Creating"), None]), wish()),
        (ScriptedAws([server("Updating"), None]), wish(settings=LARGE)),
    ],
    ids=["while updating", "while creating", "while settling"],
)
def test_a_server_that_vanishes_is_an_error_in_words(aws: ScriptedAws, wished: Wish) -> None:
    assert "deleted by somebody else" in failure(aws, wished).message


def test_a_server_that_vanishes_is_what_absent_wants() -> None:
    aws = ScriptedAws([server("Updating"), None])
    result = run(aws, wish(state="absent", delete_data=True))
    assert (aws.writes, result["exists"]) == ([], False)
    aws = ScriptedAws([server(), None], answers={DELETE: [gone()]})
    assert not run(aws, wish(state="absent", delete_data=True))["exists"]


def test_a_server_that_is_gone_before_the_call_is_planned_anew() -> None:
    aws = ScriptedAws([server(), None, server("Created", settings=LARGE)], answers={UPDATE: [gone()]})
    result = run(aws, wish(settings={**SETTINGS, **LARGE}))
    assert aws.writes == [UPDATE, CREATE]
    assert [change["action"] for change in result["changes"]] == ["create"]


@pytest.mark.parametrize("code", ["ValidationException", "ConflictException"])
def test_a_busy_server_is_waited_for_and_looked_at_anew(code: str) -> None:
    looks: list[Look] = [server(), server("Updating"), server("Updating"), server("Updated"), server(settings=LARGE)]
    aws = ScriptedAws(looks, answers={UPDATE: [refusal(code, BUSY)]})
    assert run(aws, wish(settings=LARGE))["changed"]
    assert aws.writes == [UPDATE, UPDATE]


def test_what_somebody_else_did_meanwhile_is_not_done_again() -> None:
    aws = ScriptedAws([server("Created"), server("Stopped")], answers={STOP: [refusal("ConflictException", "stopped")]})
    result = run(aws, wish(state="stopped"))
    assert (aws.writes, result["changed"]) == ([STOP], False)


def test_a_refusal_that_stays_is_told() -> None:
    stopped = server("Stopped")
    text = BUSY.replace("UPDATING", "STOPPED")
    aws = ScriptedAws([stopped], answers={UPDATE: [refusal("ConflictException", text)] * 9})
    error = failure(aws, wish(settings=LARGE))
    assert aws.writes == [UPDATE, UPDATE]
    assert "update_stopped=start_first" in error.message
    assert "STOPPED" in error.message


@pytest.mark.parametrize(
    ("operation", "wished", "before", "during", "done"),
    [
        (CREATE, wish(), None, server("Creating"), server("Created")),
        (CREATE, wish(state="stopped"), None, server("Creating"), server("Stopped")),
        (UPDATE, wish(settings=LARGE), server(), server("Updating"), server("Updated", settings=LARGE)),
        (START, wish(state="started"), server("Stopped"), server("Starting"), server("Started")),
        (STOP, wish(state="stopped"), server(), server("Stopping"), server("Stopped")),
        (STOP, wish(state="stopped"), server(), server("Stopped"), server("Stopped")),
        (DELETE, wish(state="absent", delete_data=True), server(), server("Deleting"), None),
    ],
)
def test_an_answer_that_was_lost_counts_as_our_change(
    operation: str, wished: Wish, before: Look, during: TrackingServer, done: Look
) -> None:
    text = f"Tracking Server with ARN {ARN} already exists." if operation == CREATE else BUSY
    aws = ScriptedAws([before, during, done], answers={operation: [refusal("ValidationException", text, attempts=1)]})
    result = run(aws, wished)
    assert aws.writes.count(operation) == 1
    assert result["changed"]


def test_a_name_that_somebody_else_took_first_is_adopted() -> None:
    taken = refusal("ValidationException", f"Tracking Server with ARN {ARN} already exists.")
    aws = ScriptedAws([None, server("Creating"), server("Created")], answers={CREATE: [taken]})
    result = run(aws, wish())
    assert (aws.writes, result["changed"], result["exists"]) == ([CREATE], False, True)


def test_a_young_role_is_waited_for() -> None:
    young = refusal("ValidationException", f"SageMaker is unable to perform: sts:AssumeRole on {ROLE}")
    aws = ScriptedAws([None, server("Created")], answers={CREATE: [young, young, None]})
    assert run(aws, wish())["changed"]
    assert aws.writes == [CREATE] * 3

    error = failure(ScriptedAws([None], answers={CREATE: [young] * 1000}), wish())
    for word in (ROLE, "trust policy", "role_propagation_timeout"):
        assert word in error.message


def test_a_quota_is_explained() -> None:
    limit = refusal("ResourceLimitExceeded", "The account-level service limit is 2.")
    error = failure(ScriptedAws([None], answers={CREATE: [limit]}), wish())
    for word in ("limit is 2", "us-east-1", "service-quotas"):
        assert word in error.message


def test_a_version_that_aws_does_not_offer_is_explained() -> None:
    refused = refusal("ValidationException", "The provided MLflow version is not supported")
    error = failure(ScriptedAws([None], answers={CREATE: [refused]}), wish(mlflow_version="3.7"))
    assert error.message.startswith("mlflow_version: AWS offers no tracking server with MLflow 3.7")


def test_a_time_out_tells_what_was_seen_last() -> None:
    error = failure(ScriptedAws([server("Updating")]), wish(settings=LARGE), timeout=0.05)
    for word in ("Timed out", "Updating", "repeat the run", "wait_timeout"):
        assert word in error.message
    assert error.details["last_seen"]["tracking_server_arn"] == ARN
    assert error.details["elapsed"] == 0
    assert error.details.get("applied", []) == []


def test_credentials_that_expire_while_waiting_are_named() -> None:
    expired = refusal("ExpiredTokenException", "The security token included in the request is expired")
    error = failure(ScriptedAws([None, server("Creating"), expired]), wish())
    for word in ("waiting for the tracking server", "Creating", "sign in again", "repeat the run"):
        assert word in error.message


def test_what_was_done_before_a_failure_is_reported() -> None:
    denied = refusal("AccessDeniedException", "not authorized to perform: sagemaker:UpdateMlflowTrackingServer")
    error = failure(ScriptedAws([server()], answers={UPDATE: [denied]}), wish(settings=LARGE, tags={"Team": "ml"}))
    assert "updating the tracking server" in error.message
    assert "sagemaker:UpdateMlflowTrackingServer" in error.message
    assert [change["name"] for change in error.details["applied"]] == ["tags"]
