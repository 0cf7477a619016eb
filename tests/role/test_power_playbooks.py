# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""stop.yml and start.yml change the power state of a server, and nothing else."""

from __future__ import annotations

import json
import typing as t

import pytest
from mlflow_account import make_servers

if t.TYPE_CHECKING:
    from playbook_run import Project

SERVER = "mlflow-test-mlflow"
STATES = {"stop": ("Stopped", "StopMlflowTrackingServer"), "start": ("Started", "StartMlflowTrackingServer")}


@pytest.fixture
def running(project: Project) -> Project:
    """A project with one running server that no deployment of ours made."""
    make_servers(project.region, SERVER)
    return project


def status(project: Project) -> str:
    """The status as AWS has it."""
    found = project.region.client("sagemaker").describe_mlflow_tracking_server(TrackingServerName=SERVER)
    return str(found["TrackingServerStatus"])


def write_outputs(project: Project, **outputs: t.Any) -> None:
    folder = project.folder / "outputs"
    folder.mkdir()
    (folder / "mlflow-test.json").write_text(json.dumps(outputs))


def test_stop_and_start_change_nothing_else(running: Project) -> None:
    for playbook in ("stop", "start"):
        reached, operation = STATES[playbook]
        before = status(running)
        preview = running.check(playbook)
        assert status(running) == before
        run = running.succeed(playbook)
        assert run.writes == [f"sagemaker:{operation}"]
        assert run.changed == 1
        assert run.summary == preview.summary == [f"~ tracking server {SERVER} (state)"]
        assert status(running) == reached
        again = running.succeed(playbook)
        assert (again.changed, again.writes) == (0, [])
        assert "Done: 0 created, 0 changed, 0 deleted, 1 unchanged." in again.output
    assert not (running.folder / "outputs").exists()


def test_the_outputs_tell_the_new_status(running: Project) -> None:
    written = {"tracking_server_name": SERVER, "status": "Created", "region": "us-east-1"}
    write_outputs(running, **written)
    running.check("stop")
    assert running.outputs == written
    assert running.succeed("stop").changed == 1
    assert running.outputs == {**written, "status": "Stopped"}
    assert "STATUS=Stopped" in (running.folder / "outputs" / "mlflow-test.env").read_text()


def test_the_outputs_of_another_server_stay(running: Project) -> None:
    written = {"tracking_server_name": "another", "status": "Created"}
    write_outputs(running, **written)
    running.succeed("stop")
    assert running.outputs == written


def test_the_progress_of_a_stop_is_shown(running: Project) -> None:
    running.region.configure(delays={"stop": 1.5})
    run = running.succeed("stop")
    assert f"tracking server {SERVER}: Stopping" in " ".join(run.output.split())
    assert status(running) == "Stopped"


def test_a_server_that_does_not_exist_is_not_made(project: Project) -> None:
    for playbook in STATES:
        run = project.run(playbook)
        assert run.code != 0
        assert run.writes == []
        assert SERVER in run.output


def test_misspelt_variables_are_refused(running: Project) -> None:
    run = running.run("stop", mlflow_server_nmae="x")
    assert (run.code != 0, run.calls) == (True, [])


def test_an_app_has_no_power_state(project: Project) -> None:
    run = project.succeed("stop", mlflow_server_kind="app")
    assert "An App has no power state: it costs nothing while nobody uses it" in " ".join(run.output.split())
    assert run.calls == []
    refused = project.run("start", mlflow_server_kind="app", mlflow_server_power_schedule={"stop": {"time": "19:00"}})
    assert "mlflow_server_power_schedule is for a tracking server" in " ".join(refused.output.split())
    assert (refused.code != 0, refused.calls) == (True, [])
