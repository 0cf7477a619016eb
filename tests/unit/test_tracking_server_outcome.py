# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an operation is judged from what Describe shows, lags and failures included."""

from __future__ import annotations

import typing as t

import pytest
from tracking_server_samples import IN_FLUX, NAME, STATUSES, URI, server

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._plan import Call
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_outcome import LAG, Outcome, Verdict
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_outcome import KIND
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server_plan import (
    CREATE,
    DELETE,
    START,
    STOP,
    UPDATE,
)

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer

LATER = {"last_modified_time": "2026-11-23T12:00:00+00:00"}
LARGE = {"settings": {"tracking_server_size": "Large"}}


def outcome(operation: str, before: TrackingServer | None) -> Outcome[TrackingServer]:
    """An operation that was just sent."""
    parameters = {"TrackingServerName": NAME}
    if operation == UPDATE:
        parameters |= {"ArtifactStoreUri": URI, "TrackingServerSize": "Large"}
    return Outcome(KIND, Call("sagemaker", operation, parameters), before)


@pytest.mark.parametrize("status", IN_FLUX)
@pytest.mark.parametrize("operation", KIND.operations)
def test_while_aws_is_at_it_nothing_is_decided(operation: str, status: str) -> None:
    assert outcome(operation, server()).verdict(server(status), 3600) is Verdict.PENDING


@pytest.mark.parametrize(
    ("operation", "before", "now", "elapsed", "expected"),
    [
        # What AWS showed before the call is no answer to the call...
        (UPDATE, server("Created"), server("Created"), 0, Verdict.PENDING),
        (UPDATE, server("UpdateFailed"), server("UpdateFailed"), 0, Verdict.PENDING),
        (STOP, server("Started"), server("Started"), 0, Verdict.PENDING),
        (START, server("Stopped"), server("Stopped"), 0, Verdict.PENDING),
        (DELETE, server("Updated"), server("Updated"), 0, Verdict.PENDING),
        (CREATE, None, None, 0, Verdict.PENDING),
        # ... unless it stays like that...
        (UPDATE, server("Created"), server("Created"), LAG, Verdict.FAILED),
        (STOP, server("Started"), server("Started"), LAG, Verdict.FAILED),
        (DELETE, server("Updated"), server("Updated"), LAG, Verdict.FAILED),
        (CREATE, None, None, LAG, Verdict.VANISHED),
        # ... or something moved since.
        (UPDATE, server("Created"), server("UpdateFailed", **LATER), 0, Verdict.FAILED),
        (UPDATE, server("UpdateFailed"), server("UpdateFailed", **LATER), 0, Verdict.FAILED),
        (START, server("Stopped"), server("StartFailed", **LATER), 0, Verdict.FAILED),
        (STOP, server("Started"), server("StopFailed", **LATER), 0, Verdict.FAILED),
        (DELETE, server("Started"), server("DeleteFailed", **LATER), 0, Verdict.FAILED),
        (CREATE, None, server("CreateFailed"), 0, Verdict.FAILED),
        # What was wished is an answer at once.
        (UPDATE, server("Updated"), server("Updated", **LARGE), 0, Verdict.DONE),
        (UPDATE, server("Created"), server("Updated", **LATER), 0, Verdict.DONE),
        (UPDATE, server("Created"), server("MaintenanceFailed", **LATER, **LARGE), 0, Verdict.DONE),
        (START, server("Stopped"), server("Started"), 0, Verdict.DONE),
        (START, server("StartFailed"), server("MaintenanceComplete"), 0, Verdict.DONE),
        (STOP, server("Started"), server("Stopped"), 0, Verdict.DONE),
        (STOP, server("Updated"), server("Updated", is_active=False), 0, Verdict.DONE),
        (CREATE, None, server("Created"), 0, Verdict.DONE),
        (CREATE, None, server("MaintenanceComplete"), 0, Verdict.DONE),
        (DELETE, server("Created"), None, 0, Verdict.DONE),
        # Gone although it should be there.
        (UPDATE, server("Created"), None, 0, Verdict.VANISHED),
        (START, server("Stopped"), None, 0, Verdict.VANISHED),
        (STOP, server("Started"), None, 0, Verdict.VANISHED),
    ],
)
def test_one_look(
    operation: str, before: TrackingServer | None, now: TrackingServer | None, elapsed: float, expected: Verdict
) -> None:
    assert outcome(operation, before).verdict(now, elapsed) is expected


def test_what_was_seen_in_flux_may_fail_afterwards_with_the_old_time() -> None:
    update = outcome(UPDATE, server("Created"))
    assert update.verdict(server("Updating"), 1) is Verdict.PENDING
    assert update.verdict(server("UpdateFailed"), 2) is Verdict.FAILED


def test_what_was_seen_and_is_gone_has_vanished() -> None:
    create = outcome(CREATE, None)
    assert create.verdict(server("Creating"), 1) is Verdict.PENDING
    assert create.verdict(None, 2) is Verdict.VANISHED


@pytest.mark.parametrize("operation", KIND.operations)
@pytest.mark.parametrize("status", STATUSES)
def test_every_state_is_decided_in_the_end(operation: str, status: str) -> None:
    verdict = outcome(operation, server()).verdict(server(status), LAG)
    assert (verdict is Verdict.PENDING) == (status in IN_FLUX)
