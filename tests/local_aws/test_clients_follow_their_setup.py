# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The set-up that people are handed works as it is, for both kinds, with nothing added but their own credentials."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import mlflow
import pytest
from local_aws.managed_mlflow import BUCKET
from playbook_run import Project

if TYPE_CHECKING:
    from pathlib import Path

    from local_aws.managed_mlflow import ManagedMlflow

KINDS = ["tracking_server", "app"]
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED")
LIMIT = 120


@pytest.fixture(params=KINDS)
def project(request: pytest.FixtureRequest, managed_mlflow: ManagedMlflow, tmp_path: Path) -> Project:
    """An inventory with an MLflow that runs."""
    project = Project(tmp_path, managed_mlflow.region)
    project.variables |= {
        "mlflow_server_kind": request.param,
        "mlflow_server_name": "models",
        "mlflow_server_create_bucket": False,
        "mlflow_server_bucket_name_suffix": "",
        "mlflow_server_artifact_store_uri": f"s3://{BUCKET}",
        "mlflow_server_environment_variables": managed_mlflow.region.environment,
    }
    return project


@pytest.fixture
def folder(project: Project) -> Path:
    """The files for people."""
    project.succeed("clients")
    return project.folder / "outputs" / "mlflow-test-clients"


def run(folder: Path, *command: str, **variables: str) -> str:
    """Run a program there, as somebody with credentials and nothing else; what it printed."""
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MLFLOW_", "SAGEMAKER_"))
    }
    done = subprocess.run(
        command, cwd=folder, env=environment | variables, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def credentials(managed_mlflow: ManagedMlflow) -> dict[str, str]:
    return {name: managed_mlflow.region.environment[name] for name in CREDENTIALS}


def runs(managed_mlflow: ManagedMlflow, arn: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many runs the experiment of the set-up has."""
    for name, value in managed_mlflow.region.environment.items():
        monkeypatch.setenv(name, value)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(arn)
    try:
        client = mlflow.MlflowClient()
        experiment = client.get_experiment_by_name("getting-started")
        return len(client.search_runs([experiment.experiment_id])) if experiment else 0
    finally:
        mlflow.set_tracking_uri(before)


def test_people_log_runs_with_what_they_are_handed(
    project: Project, folder: Path, managed_mlflow: ManagedMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = managed_mlflow.arns[project.variables["mlflow_server_kind"]]
    known, user = runs(managed_mlflow, arn, monkeypatch), credentials(managed_mlflow)

    assert "{'algorithm': 'xgboost'} {'accuracy': 0.95}" in run(folder, sys.executable, "quickstart.py", **user)

    notebook = json.loads((folder / "quickstart.ipynb").read_text())
    code = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    # Only a notebook knows %pip; that the line names the packages of requirements.txt is tested beside the other files.
    cells = "\n".join(cell for cell in code if not cell.startswith("%pip "))
    assert "{'algorithm': 'xgboost'} {'accuracy': 0.95}" in run(folder, sys.executable, "-c", cells, **user)

    shell = '. ./mlflow.sh; MLFLOW_EXPERIMENT_NAME=getting-started exec "$0" train.py'
    run(folder, "sh", "-euc", shell, sys.executable, **user)

    job = json.loads((folder / "training_job.json").read_text())
    run(folder, sys.executable, "train.py", **user, **job["Environment"], TRAINING_JOB_NAME="churn-1")

    lines = (folder / "mlflow.env").read_text().splitlines()
    from_file = dict(line.split("=", 1) for line in lines)
    assert (
        run(folder, sys.executable, "-c", "import mlflow; print(mlflow.get_tracking_uri())", **from_file) == arn + "\n"
    )

    assert runs(managed_mlflow, arn, monkeypatch) == known + 4


def test_verification_and_ui_reach_both_kinds(project: Project, managed_mlflow: ManagedMlflow) -> None:
    verified = project.succeed("verify")
    assert "registered and read back the model" in verified.output
    assert verified.changed == 0
    opened = project.succeed("open_ui")
    assert opened.output.count("authToken=") == 1
    preview = project.check("verify")
    assert "registered and read back" not in preview.output
