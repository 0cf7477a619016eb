# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of servers and Apps on a clock that is moved: what follows what, and what is refused when."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from local_aws.control_region import ControlRegion, aws, moto_endpoint, refused
from tracking_server_samples import STATUSES_OF_BOTH

from localaws.control_plane import states
from localaws.control_plane.states import last_window

if TYPE_CHECKING:
    from localaws.control_plane.store import MlflowResource

__all__ = ["aws", "moto_endpoint"]

READY = {"Created", "Updated", "Started", "MaintenanceComplete"}
RECOVERABLE = {"UpdateFailed", "StopFailed", "StartFailed", "MaintenanceFailed"}
BUSY = {"Creating", "Updating", "Deleting", "Stopping", "Starting", "MaintenanceInProgress"}
BROKEN = {"CreateFailed", "DeleteFailed"}
SERVER_STATUSES = READY | RECOVERABLE | BUSY | BROKEN | {"Stopped"}
APP_STATUSES = set(STATUSES_OF_BOTH)


def expected_of_server(status: str, running: bool, verb: str) -> str | None:
    """The code of the refusal; None when the verb is allowed."""
    if status in BUSY or (status in BROKEN and verb != "delete"):
        return "ValidationException"
    if (verb == "start" and running) or (verb == "stop" and not running):
        return "ConflictException"
    return None


@pytest.mark.parametrize("verb", ["update", "start", "stop", "delete"])
@pytest.mark.parametrize("running", [True, False])
def test_what_a_server_allows(aws: ControlRegion, running: bool, verb: str) -> None:
    server = aws.server()
    seen = {}
    for status in SERVER_STATUSES:
        server.status, server.running, server.transition = status, running, None
        seen[status] = refusal_code(aws, server, verb)
    assert seen == {status: expected_of_server(status, running, verb) for status in SERVER_STATUSES}
    assert len(seen) == 17


@pytest.mark.parametrize(
    ("verb", "busy", "broken"),
    [("update", "ConflictException", "ConflictException"), ("delete", "ValidationException", None)],
)
def test_what_an_app_allows(aws: ControlRegion, verb: str, busy: str, broken: str | None) -> None:
    app = aws.app()
    for status in APP_STATUSES:
        app.status, app.transition = status, None
        expected = busy if status in BUSY else broken if status in BROKEN else None
        assert refusal_code(aws, app, verb) == expected, status


def refusal_code(region: ControlRegion, resource: MlflowResource, verb: str) -> str | None:
    try:
        states.require(resource, verb, region.settings)
    except Exception as problem:
        return str(problem.code)  # type: ignore[attr-defined]  # moto's errors have one
    return None


def test_refusals_are_worded_as_users_report_them(aws: ControlRegion) -> None:
    server, sagemaker = aws.server(), aws.client("sagemaker")
    aws.settings.stuck = {"update"}
    sagemaker.update_mlflow_tracking_server(TrackingServerName="models", TrackingServerSize="Medium")

    assert refused(sagemaker.stop_mlflow_tracking_server, TrackingServerName="models") == (
        "ValidationException",
        f"Tracking Server with ARN {server.arn} is currently in status UPDATING, can't be stopped.",
        400,
    )
    assert refused(sagemaker.delete_mlflow_tracking_server, TrackingServerName="models") == (
        "ValidationException",
        "Tracking Server is in un-deletable state (UPDATING), so it cannot be deleted.",
        400,
    )


SERVER_VERBS = [
    # verb, running before, statuses on the way, running after
    ("update", True, ("Updating", "Updated", "UpdateFailed"), True),
    ("update", False, ("Updating", "Updated", "UpdateFailed"), False),
    ("stop", True, ("Stopping", "Stopped", "StopFailed"), False),
    ("start", False, ("Starting", "Started", "StartFailed"), True),
]


@pytest.mark.parametrize(("verb", "before", "statuses", "after"), SERVER_VERBS)
@pytest.mark.parametrize("fails", [False, True])
def test_a_server_on_the_moved_clock(
    aws: ControlRegion, verb: str, before: bool, statuses: tuple[str, str, str], after: bool, fails: bool
) -> None:
    server = aws.server()
    server.running = before
    setattr(aws.settings.delays, verb, 1500.0)
    aws.settings.fail_next = {verb: fails}
    call(aws, verb)

    assert described(aws)["TrackingServerStatus"] == statuses[0]
    aws.clock.advance(1490)
    assert described(aws)["TrackingServerStatus"] == statuses[0]
    aws.clock.advance(20)
    settled = described(aws)
    assert settled["TrackingServerStatus"] == (statuses[2] if fails else statuses[1])
    assert settled["IsActive"] == ("Active" if (before if fails else after) else "Inactive")
    assert aws.settings.fail_next == {}


def call(region: ControlRegion, verb: str) -> None:
    getattr(region.client("sagemaker"), f"{verb}_mlflow_tracking_server")(TrackingServerName="models")


def described(region: ControlRegion) -> dict[str, Any]:
    answer: dict[str, Any] = region.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName="models")
    return answer


def test_creation_waits_for_the_clock_and_for_mlflow(aws: ControlRegion) -> None:
    aws.settings.delays.create = 1500.0
    aws.processes.is_healthy = False
    server = aws.server()
    assert aws.processes.told == [("ensure", "models")]
    assert not server.is_active(aws.clock.now())

    aws.processes.is_healthy = True
    assert aws.found(server.arn).status == "Creating"
    aws.processes.is_healthy = False
    aws.clock.advance(1501)
    assert aws.found(server.arn).status == "Creating"
    aws.processes.is_healthy = True
    assert aws.found(server.arn).status == "Created"
    assert server.is_active(aws.clock.now())


@pytest.mark.parametrize(("verb", "status"), [("create", "CreateFailed"), ("start", "StartFailed")])
def test_an_mlflow_that_does_not_start_fails_the_server(aws: ControlRegion, verb: str, status: str) -> None:
    if verb == "start":
        aws.server().running = False
    aws.processes.failure = "no such module"
    server = aws.server() if verb == "create" else aws.store.all()[0]
    if verb == "start":
        call(aws, "start")

    assert aws.found(server.arn).status == status
    assert ("stop", server.arn) in aws.processes.told


@pytest.mark.parametrize("verb", ["update", "stop", "delete", "start"])
def test_stuck_verbs_never_end_until_released(aws: ControlRegion, verb: str) -> None:
    server = aws.server()
    server.running = verb != "start"
    aws.settings.stuck = {verb}
    call(aws, verb)
    aws.clock.advance(86400)
    assert aws.found(server.arn).status == states.VERBS[verb].transient

    aws.settings.stuck = set()
    found = aws.store.find(server.arn)
    assert (found is None) == (verb == "delete")
    assert found is None or found.status == states.VERBS[verb].done


def test_a_server_whose_creation_fails_can_only_be_deleted(aws: ControlRegion) -> None:
    aws.settings.fail_next = {"create": True}
    aws.server()
    sagemaker = aws.client("sagemaker")

    assert described(aws)["TrackingServerStatus"] == "CreateFailed"
    assert aws.processes.told[0][0] != "ensure"
    code, message, _unused = refused(sagemaker.update_mlflow_tracking_server, TrackingServerName="models")
    assert (code, "CREATE_FAILED" in message) == ("ValidationException", True)
    sagemaker.delete_mlflow_tracking_server(TrackingServerName="models")
    assert refused(sagemaker.describe_mlflow_tracking_server, TrackingServerName="models")[0] == "ResourceNotFound"


def test_deletion_takes_the_process_and_the_data(aws: ControlRegion) -> None:
    server = aws.server()
    aws.settings.delays.delete = 60.0
    call(aws, "delete")
    assert described(aws)["TrackingServerStatus"] == "Deleting"

    aws.clock.advance(61)
    assert aws.store.find(server.arn) is None
    assert aws.processes.told[-2:] == [("stop", server.arn), ("delete_data", server.arn)]


def test_a_failed_deletion_keeps_the_data_and_can_be_repeated(aws: ControlRegion) -> None:
    server = aws.server()
    aws.settings.fail_next = {"delete": True}
    call(aws, "delete")
    assert described(aws)["TrackingServerStatus"] == "DeleteFailed"
    assert ("delete_data", server.arn) not in aws.processes.told

    call(aws, "delete")
    assert aws.store.find(server.arn) is None


def test_stopping_and_starting_reach_mlflow(aws: ControlRegion) -> None:
    server = aws.server()
    aws.processes.told.clear()
    call(aws, "stop")
    call(aws, "start")
    assert aws.processes.told == [("stop", server.arn), ("ensure", "models")]


def test_only_a_new_artifact_store_restarts_mlflow(aws: ControlRegion) -> None:
    server = aws.server()
    aws.processes.told.clear()
    sagemaker = aws.client("sagemaker")
    sagemaker.update_mlflow_tracking_server(TrackingServerName="models", TrackingServerSize="Large")
    assert aws.processes.told == []

    aws.processes.is_healthy = False
    sagemaker.update_mlflow_tracking_server(TrackingServerName="models", ArtifactStoreUri="s3://artifacts/new")
    assert aws.processes.told == [("stop", server.arn), ("ensure", "models")]
    assert described(aws)["TrackingServerStatus"] == "Updating"
    aws.processes.is_healthy = True
    assert described(aws)["TrackingServerStatus"] == "Updated"
    assert len(aws.processes.told) == 2


def test_an_app_on_the_moved_clock(aws: ControlRegion) -> None:
    aws.settings.delays.app_create = 180.0
    aws.settings.delays.app_update = 60.0
    aws.settings.delays.app_delete = 90.0
    sagemaker = aws.client("sagemaker")
    app = aws.app()

    def status_after(seconds: float) -> str:
        aws.clock.advance(seconds)
        return str(sagemaker.describe_mlflow_app(Arn=app.arn)["Status"])

    assert [status_after(0), status_after(181)] == ["Creating", "Created"]
    sagemaker.update_mlflow_app(Arn=app.arn, Name="other")
    assert [status_after(0), status_after(61)] == ["Updating", "Updated"]
    sagemaker.delete_mlflow_app(Arn=app.arn)
    assert [status_after(0), status_after(91)] == ["Deleting", "Deleted"]
    aws.clock.advance(aws.settings.deleted_app_retention_seconds)
    assert refused(sagemaker.describe_mlflow_app, Arn=app.arn)[0] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("verb", "status"), [("app_create", "CreateFailed"), ("app_update", "UpdateFailed"), ("app_delete", "DeleteFailed")]
)
def test_an_app_that_fails(aws: ControlRegion, verb: str, status: str) -> None:
    app = aws.app() if verb != "app_create" else None
    aws.settings.fail_next = {verb: True}
    app = app or aws.app()
    sagemaker = aws.client("sagemaker")
    if verb == "app_update":
        sagemaker.update_mlflow_app(Arn=app.arn, Name="other")
    if verb == "app_delete":
        sagemaker.delete_mlflow_app(Arn=app.arn)

    answer = sagemaker.describe_mlflow_app(Arn=app.arn)
    assert (answer["Status"], answer["Name"]) == (status, "models")


@pytest.mark.parametrize(
    ("window", "now", "expected"),
    [
        ("Tue:03:30", "2026-11-24T03:30", "2026-11-24T03:30"),
        ("Tue:03:30", "2026-11-24T03:29", "2026-11-17T03:30"),
        ("Tue:03:30", "2026-11-23T23:59", "2026-11-17T03:30"),
        ("Sun:23:59", "2026-11-23T00:00", "2026-11-22T23:59"),
    ],
)
def test_when_a_window_last_opened(window: str, now: str, expected: str) -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)

    assert last_window(window, moment(now)) == moment(expected)


@pytest.mark.parametrize("fails", [False, True])
def test_weekly_maintenance(aws: ControlRegion, fails: bool) -> None:
    server = aws.server()
    aws.settings.maintenance_weekly = True
    aws.settings.delays.maintenance = 1800.0
    aws.settings.fail_next = {"maintenance": True} if fails else {}
    assert "TrackingServerMaintenanceStatus" not in described(aws)

    opening = last_window(server.weekly_maintenance_window_start, aws.clock.now()).timestamp() + 7 * 86400
    aws.clock.advance(opening - aws.clock.time() + 1)
    during = described(aws)
    assert during["TrackingServerStatus"] == during["TrackingServerMaintenanceStatus"] == "MaintenanceInProgress"
    assert during["IsActive"] == "Active"
    refusal = refused(aws.client("sagemaker").stop_mlflow_tracking_server, TrackingServerName="models")
    assert "MAINTENANCE_IN_PROGRESS" in refusal[1]

    aws.clock.advance(1800)
    end = "MaintenanceFailed" if fails else "MaintenanceComplete"
    after = described(aws)
    assert after["TrackingServerStatus"] == after["TrackingServerMaintenanceStatus"] == end
    aws.clock.advance(6 * 86400)
    assert described(aws)["TrackingServerStatus"] == end


def test_maintenance_of_an_app_upgrades_it_and_leaves_its_status(aws: ControlRegion) -> None:
    app = aws.app()
    sagemaker = aws.client("sagemaker")
    aws.settings.delays.maintenance = 60.0
    aws.settings.maintenance_next = {"models"}
    aws.settings.app_mlflow_version = "3.11.0"

    during = sagemaker.describe_mlflow_app(Arn=app.arn)
    assert (during["Status"], during["MaintenanceStatus"]) == ("Created", "MaintenanceInProgress")
    assert refused(sagemaker.update_mlflow_app, Arn=app.arn, Name="other")[0] == "ConflictException"
    aws.clock.advance(61)
    after = sagemaker.describe_mlflow_app(Arn=app.arn)
    assert (after["MaintenanceStatus"], after["MlflowVersion"]) == ("MaintenanceComplete", "3.11.0")


def test_a_stopped_server_is_not_maintained(aws: ControlRegion) -> None:
    server = aws.server()
    call(aws, "stop")
    aws.settings.maintenance_next = {"models"}
    assert aws.found(server.arn).status == "Stopped"


def test_the_store_survives_a_restart_with_its_timers(aws: ControlRegion) -> None:
    aws.settings.delays.stop = 100.0
    running, stopping = aws.server("running"), aws.server("stopping")
    aws.client("sagemaker").stop_mlflow_tracking_server(TrackingServerName="stopping")
    saved = aws.store.dump()
    aws.store.clear()
    aws.processes.told.clear()

    aws.store.load(saved)
    assert sorted(aws.processes.told) == [("ensure", "running"), ("ensure", "stopping")]
    aws.clock.advance(101)
    assert aws.found(running.arn).status == "Created"
    assert aws.found(stopping.arn).status == "Stopped"


def test_a_stop_that_nobody_has_seen_end_counts(aws: ControlRegion) -> None:
    server = aws.server()
    aws.settings.delays.stop = 100.0
    call(aws, "stop")
    assert server.is_active(aws.clock.now())
    aws.clock.advance(101)
    assert not server.is_active(aws.clock.now())
