# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""More hosts than workers: every server begins before any is waited for."""

from __future__ import annotations

import json
import threading
import typing as t

import pytest
from mlflow_account import make_servers

if t.TYPE_CHECKING:
    from playbook_run import Project

HOSTS = ["churn", "fraud", "price"]
SERVERS = [f"{name}-test-mlflow" for name in HOSTS]
LIMIT = 400.0
"""Seconds."""
AGES = 3600.0
"""Seconds that AWS takes on its own clock: for ever, unless the test moves the clock."""


@pytest.fixture
def fleet(project: Project) -> Project:
    """Three hosts, each with an MLflow of its own."""
    project.hosts = {name: {"mlflow_server_project_name": name} for name in HOSTS}
    return project


def run_until_all_are(fleet: Project, state: str, playbook: str, *arguments: str) -> str:
    """Run with fewer workers than hosts. When AWS is at work on every server, and each is told, it gets on with them."""
    process = fleet.start(playbook, "--forks", "2", *arguments)
    assert process.stdout is not None
    watchdog = threading.Timer(LIMIT, process.kill)
    watchdog.start()
    lines, waiting = [], set(HOSTS)
    for line in process.stdout:
        lines.append(line)
        told = {name for name in waiting if f"{name}: tracking server {name}-test-mlflow: {state}" in line}
        waiting -= told
        if told and not waiting:
            fleet.region.admin("POST", "clock", {"advance": AGES})
    watchdog.cancel()
    assert not waiting, "".join(lines)
    return " ".join("".join(lines).split()) + f" rc={process.wait()}"


def statuses(fleet: Project) -> set[str]:
    servers = fleet.region.client("sagemaker").list_mlflow_tracking_servers()["TrackingServerSummaries"]
    return {server["TrackingServerStatus"] for server in servers}


def test_all_are_created_in_the_time_of_one_and_one_that_fails_fails_its_own_host(fleet: Project) -> None:
    fleet.region.configure(delays={"create": AGES}, fail_next={"create": True})
    output = run_until_all_are(fleet, "Creating", "deploy")
    assert "rc=2" in output, output
    assert output.count("fatal:") == 1
    assert output.count("is in state CreateFailed. AWS gives no reason") >= 1
    assert output.count("Done: 3 created, 0 changed, 0 deleted, 0 unchanged.") == len(HOSTS) - 1
    assert output.count("-test-mlflow: Created (") == len(HOSTS) - 1
    assert output.count("-test-mlflow: CreateFailed (") == 1
    assert statuses(fleet) == {"Created", "CreateFailed"}
    written = [json.loads(path.read_text()) for path in (fleet.folder / "outputs").glob("*.json")]
    assert [outputs["status"] for outputs in written] == ["Created"] * (len(HOSTS) - 1)
    assert fleet.region.calls().count("sagemaker:CreateMlflowTrackingServer") == len(HOSTS)


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_all_are_stopped_in_the_time_of_one(fleet: Project, strategy: str) -> None:
    make_servers(fleet.region, *SERVERS)
    fleet.region.configure(delays={"stop": AGES})
    fleet.settings["ANSIBLE_STRATEGY"] = strategy
    output = run_until_all_are(fleet, "Stopping", "stop")
    assert "rc=0" in output, output
    assert output.count("~ tracking server") == len(HOSTS)
    assert statuses(fleet) == {"Stopped"}
    again = fleet.succeed("stop", "--forks", "2")
    assert (again.changed, again.writes) == (0, [])
    assert len(again.calls) == len(HOSTS), "nobody waits where there is nothing to wait for"


def test_who_does_not_want_to_wait_does_not(fleet: Project) -> None:
    make_servers(fleet.region, *SERVERS)
    fleet.region.configure(delays={"stop": AGES})
    fleet.succeed("stop", "--forks", "2", mlflow_server_wait=False)
    assert statuses(fleet) == {"Stopping"}
