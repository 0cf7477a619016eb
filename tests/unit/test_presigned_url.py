# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose UI is meant, for how long, and when there is none to open."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracking_server_samples import ARN, NAME, REGION, STATUSES

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _presigned_url as presigned
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call

APP = f"arn:aws:sagemaker:{REGION}:123456789012:mlflow-app/app-ABCDEFGHIJKL"
GOV_SERVER = "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:mlflow-tracking-server/a--b"
LIFETIMES = {"expires_in_seconds": 300, "session_expiration_duration_in_seconds": 43200}
SERVER, AN_APP = presigned.Target(False, NAME), presigned.Target(True, APP)
CAN_OPEN_APP = {"Created", "Updating", "Updated", "UpdateFailed", "DeleteFailed"}


@pytest.mark.parametrize(
    ("given", "region", "expected"),
    [
        ({"name": NAME}, REGION, SERVER),
        ({"arn": ARN}, REGION, SERVER),
        ({"arn": APP}, REGION, AN_APP),
        ({"name": NAME, "kind": "app"}, REGION, presigned.Target(True, NAME, is_named=True)),
        ({"arn": GOV_SERVER}, "us-gov-west-1", presigned.Target(False, "a--b")),
    ],
)
def test_target(given: dict[str, str], region: str, expected: presigned.Target) -> None:
    assert (
        presigned.target_from_parameters({"name": None, "arn": None, "kind": "tracking_server", **given}, region)
        == expected
    )


@pytest.mark.parametrize(
    ("given", "region", "message"),
    [
        ({"name": "under_score"}, REGION, "name: 'under_score' is not allowed"),
        ({"name": NAME}, None, "No region is known"),
        ({"name": NAME}, "cn-north-1", "China"),
        ({"arn": "mlflow"}, REGION, "arn: 'mlflow' is not the ARN of a tracking server"),
        ({"arn": f"{ARN}/x"}, REGION, "is not the ARN"),
        ({"arn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/x"}, REGION, "is not the ARN"),
        ({"arn": ARN}, "eu-west-1", "is in us-east-1, but the calls go to eu-west-1. Set region: us-east-1."),
    ],
)
def test_refused_target(given: dict[str, str], region: str | None, message: str) -> None:
    with pytest.raises(MlflowError, match=message):
        presigned.target_from_parameters({"name": None, "arn": None, "kind": "tracking_server", **given}, region)


def test_calls_of_a_server() -> None:
    assert SERVER.describe == Call("sagemaker", "describe_mlflow_tracking_server", {"TrackingServerName": NAME})
    assert SERVER.presign({"expires_in_seconds": 5, "session_expiration_duration_in_seconds": 1800}) == Call(
        "sagemaker",
        "create_presigned_mlflow_tracking_server_url",
        {"TrackingServerName": NAME, "ExpiresInSeconds": 5, "SessionExpirationDurationInSeconds": 1800},
    )


def test_calls_of_an_app() -> None:
    assert AN_APP.describe == Call("sagemaker", "describe_mlflow_app", {"Arn": APP})
    assert AN_APP.presign(LIFETIMES) == Call(
        "sagemaker",
        "create_presigned_mlflow_app_url",
        {"Arn": APP, "ExpiresInSeconds": 300, "SessionExpirationDurationInSeconds": 43200},
    )


@given(st.integers(-(10**6), 10**6), st.sampled_from(sorted(presigned.LIMITS)))
def test_lifetimes(seconds: int, option: str) -> None:
    wished = {**LIFETIMES, option: seconds}
    least, most = presigned.LIMITS[option]
    if least <= seconds <= most:
        assert presigned.lifetimes_from_parameters(wished) == wished
        return
    with pytest.raises(MlflowError, match=f"{option}: {seconds} is not allowed: give {least} to {most} seconds"):
        presigned.lifetimes_from_parameters(wished)


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("status", STATUSES)
def test_a_server_that_does_not_run_is_refused(status: str, is_active: bool) -> None:
    answer = {
        "TrackingServerArn": ARN,
        "TrackingServerStatus": status,
        "IsActive": "Active" if is_active else "Inactive",
    }
    observed = presigned.observed_from_aws(SERVER, answer)
    assert observed.arn == ARN
    if is_active and status not in ("Stopping", "Deleting"):
        assert observed.refusal is None
    else:
        assert observed.refusal is not None
        assert observed.refusal.startswith(f"The tracking server '{NAME}' ")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("Creating", "is still being created"),
        ("Starting", "is still starting"),
        ("Stopping", "is stopping"),
        ("Stopped", "is stopped. Start it first"),
        ("Updated", "is not running (status Updated). Start it first"),
        ("CreateFailed", "failed while it was created"),
        ("StartFailed", "failed to start"),
        ("Deleting", "is being deleted"),
    ],
)
def test_the_reason_fits_the_status(status: str, reason: str) -> None:
    answer = {"TrackingServerArn": ARN, "TrackingServerStatus": status, "IsActive": "Inactive"}
    assert reason in str(presigned.observed_from_aws(SERVER, answer).refusal)


@pytest.mark.parametrize("status", ["Creating", "CreateFailed", "Deleting", "Deleted", *sorted(CAN_OPEN_APP)])
def test_an_app_without_a_ui_is_refused(status: str) -> None:
    observed = presigned.observed_from_aws(AN_APP, {"Arn": APP, "Status": status})
    assert (observed.refusal is None) == (status in CAN_OPEN_APP)
    assert observed.refusal is None or observed.refusal.startswith(f"The MLflow App {APP} ")


def test_the_text_of_a_refusal_ends_a_sentence() -> None:
    texts: t.Iterable[str] = [*presigned._SERVER_REFUSALS.values(), *presigned._APP_REFUSALS.values()]
    assert all(text.endswith(".") for text in texts)
