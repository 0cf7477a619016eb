# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An App against an AWS that answers by script, as far as it is not the same as for tracking servers."""

from __future__ import annotations

import typing as t

import pytest
from mlflow_app_samples import ARN, DOMAINS, OTHER_ARN, app, wish
from scripted_apps import DESCRIBE, LIST, ScriptedApps
from scripted_sagemaker import refusal

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _sagemaker_outcome
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._converge import converge
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_plan import CREATE, UPDATE
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app_resource import MlflowAppResource
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_resource import Waiting
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_wait import Patience

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import Wish

LATER = {"last_modified_time": "2026-11-23T12:00:00+00:00"}
DEFAULT = {"account_default": True}
OFF = {"automatic_model_registration": False}
LOST = refusal("InternalFailure", "lost")


def run(aws: ScriptedApps, wished: Wish, *, wait: bool = True, timeout: float = 5.0) -> dict[str, t.Any]:
    """Converge against the script."""
    resource = MlflowAppResource(
        wished,
        aws,  # type: ignore[arg-type]  # stands in for Clients
        Waiting(wait, Patience(timeout, 0.001), role_timeout=0.05),
        Progress("MLflow App", None),
        lambda _warning: None,
    )
    return converge(resource, check_mode=False)


def failure(aws: ScriptedApps, wished: Wish, **settings: t.Any) -> MlflowError:
    """The error of a run that must fail."""
    with pytest.raises(MlflowError) as raised:
        run(aws, wished, **settings)
    return raised.value


def test_a_creation_that_describe_does_not_show_yet_is_waited_for() -> None:
    aws = ScriptedApps([None, None, app("Creating"), app("Created")], lists=[[]])
    assert run(aws, wish())["status"] == "Created"
    assert aws.calls == [LIST, CREATE, LIST, *[DESCRIBE] * 4], "AWS takes two of one name, so the list is read again"


def test_without_wait_such_a_creation_is_predicted_with_its_arn() -> None:
    result = run(ScriptedApps([None], lists=[[]]), wish(), wait=False)
    assert (result["exists"], result["tracking_uri"], result["changed"]) == (True, ARN, True)


def test_the_state_from_before_a_call_is_no_answer_to_it() -> None:
    stale = app("Created")
    aws = ScriptedApps([stale, stale, stale, app("Updating", **LATER), app("Updated", settings=OFF, **LATER)])
    assert run(aws, wish(settings=OFF))["status"] == "Updated"


def test_maintenance_beside_a_settled_status_is_waited_for() -> None:
    busy = app("Created", maintenance_status="MaintenanceInProgress")
    aws = ScriptedApps([busy, busy, app("Created"), app("Updated", settings=OFF, **LATER)])
    run(aws, wish(settings=OFF))
    assert aws.calls.index(UPDATE) == 4


@pytest.mark.parametrize("end", [None, app("Deleted")])
def test_an_app_that_vanishes_is_an_error_in_words(end: t.Any) -> None:
    aws = ScriptedApps([app(), app("Updating"), end])
    assert "deleted by somebody else" in failure(aws, wish(settings=OFF)).message


@pytest.mark.parametrize("end", [None, app("Deleted")])
def test_both_ways_to_be_gone_end_a_deletion(end: t.Any) -> None:
    aws = ScriptedApps([app(), app("Deleting"), end])
    assert not run(aws, wish(state="absent", delete_data=True))["exists"]


def test_a_lost_answer_is_looked_for_before_the_call_is_repeated() -> None:
    aws = ScriptedApps([app("Created")], lists=[[], [], [ARN]], answers={CREATE: [LOST, LOST]})
    result = run(aws, wish())
    assert aws.calls == [LIST, CREATE, LIST, CREATE, LIST, DESCRIBE]
    assert (result["arn"], result["action"]) == (ARN, "create")


def test_what_somebody_else_made_meanwhile_is_brought_to_the_wish() -> None:
    looks: list[t.Any] = [app("Created"), app("Created"), app("Updated", settings=OFF, **LATER)]
    aws = ScriptedApps(looks, lists=[[], [ARN]], answers={CREATE: [LOST]})
    wished = wish(settings={"artifact_store_uri": app().settings["artifact_store_uri"], **OFF})
    assert run(aws, wished)["automatic_model_registration"] is False
    assert aws.writes == [CREATE, UPDATE]


def test_two_apps_after_a_lost_answer_are_told() -> None:
    aws = ScriptedApps([app()], lists=[[], [ARN, OTHER_ARN]], answers={CREATE: [LOST]})
    assert "There are 2 live MLflow Apps" in failure(aws, wish()).message


def test_an_error_that_stays_is_told_after_a_bounded_number_of_attempts() -> None:
    aws = ScriptedApps([app()], lists=[[]], answers={CREATE: [LOST] * 100})
    assert "creating the MLflow App" in failure(aws, wish()).message
    assert 2 < aws.calls.count(CREATE) < 20


def test_a_name_that_is_taken_is_adopted() -> None:
    taken = refusal("ValidationException", "MLflow App with name x already exists.")
    aws = ScriptedApps([app()], lists=[[], [ARN]], answers={CREATE: [taken]})
    result = run(aws, wish())
    assert (aws.writes, result["changed"], result["exists"]) == ([CREATE], False, True)


def test_an_update_without_effect_is_told_instead_of_tried_for_ever() -> None:
    aws = ScriptedApps([app(), app("Updating"), app("Updated", **LATER)])
    error = failure(aws, wish(settings=DEFAULT))
    assert aws.writes == [UPDATE]
    for word in ("account_default is False, sent was True", "Somebody else"):
        assert word in error.message
    assert error.details["last_seen"]["arn"] == ARN
    assert [change["name"] for change in error.details.get("applied", [])] == ["settings"]


def test_an_update_that_aws_took_without_a_trace_is_told_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sagemaker_outcome, "LAG", 0.01)
    held = app(settings={"default_domain_ids": [*DOMAINS]})
    error = failure(ScriptedApps([held]), wish(settings={"default_domain_ids": []}))
    assert "clears nothing" in error.message
    assert "failed twice" not in error.message


def test_an_update_that_was_refused_is_sent_when_the_app_has_settled() -> None:
    busy = refusal("ConflictException", f"MLflow App with ARN {ARN} is currently in status UPDATING, can't be updated.")
    looks: list[t.Any] = [
        app(),
        app("Updating"),
        app("Updating"),
        app("Updated"),
        app("Updated", settings=OFF, **LATER),
    ]
    aws = ScriptedApps(looks, answers={UPDATE: [busy]})
    assert run(aws, wish(settings=OFF))["changed"]
    assert aws.writes == [UPDATE, UPDATE]
