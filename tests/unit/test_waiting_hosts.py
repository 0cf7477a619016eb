# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts of a play wait, and for what."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._waiting_hosts import WaitingHosts

ARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/a"
APP_ARN = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-ABCDEFGH"


def server(status: str, **more: t.Any) -> dict[str, t.Any]:
    """A registered result of sagemaker_mlflow_server."""
    named = {"tracking_server_arn": ARN, "tracking_server_name": "a", "tracking_server_status": status}
    return {"server": {**named, "changed": False, **more}, "app": {"skipped": True, "changed": False}}


def app(status: str, **more: t.Any) -> dict[str, t.Any]:
    """A registered result of sagemaker_mlflow_app."""
    named = {"arn": APP_ARN, "name": "b", "status": status, "changed": False}
    return {"server": {"skipped": True, "changed": False}, "app": {**named, **more}}


def hosts(**variables: dict[str, t.Any]) -> WaitingHosts:
    return WaitingHosts(variables, list(variables), ["server", "app"], "variables", {"AWS_PROFILE": "here"})


@pytest.mark.parametrize(
    ("registered", "subject"),
    [
        (server("Creating"), "tracking server a"),
        (server("Created", changed=True), "tracking server a"),
        (server("Created", tracking_server_maintenance_status="MaintenanceInProgress"), "tracking server a"),
        (server("Created", tracking_server_maintenance_status="MaintenanceComplete"), None),
        (server("Created"), None),
        (server("Stopping", failed=True), None),
        (server("Creating", skipped=True), None),
        (app("Updating"), "MLflow App b"),
        (app("Created", maintenance_status="MaintenanceInProgress"), "MLflow App b"),
        (app("Created"), None),
        ({}, None),
    ],
)
def test_what_is_waited_for(registered: dict[str, t.Any], subject: str | None) -> None:
    target = hosts(one=registered).target("one")
    assert (target.subject if target else None) == subject


def test_hosts_that_have_registered_nothing_have_to_begin() -> None:
    assert hosts(one=server("Creating"), two={}).have_to_begin()
    assert not hosts(one=server("Creating"), two=server("Created"), three=app("Created", failed=True)).have_to_begin()


def test_each_host_has_its_own_environment_and_the_same_wait_has_the_same_note() -> None:
    both = hosts(one={**server("Creating"), "variables": {"AWS_PROFILE": 7}}, two=app("Creating"), three=app("Created"))
    one, two = both.targets()
    assert (one.host, one.environment) == ("one", {"AWS_PROFILE": "7"})
    assert (two.host, two.environment) == ("two", {"AWS_PROFILE": "here"})
    again = hosts(one=server("Creating")).target("one")
    later = hosts(one=server("Stopping")).target("one")
    assert again is not None
    assert later is not None
    assert one.key == again.key != later.key
