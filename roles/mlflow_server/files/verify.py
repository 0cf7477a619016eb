# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Use a managed MLflow as a data scientist does, with the real client: log, register, read back, clean up.

Needs the packages mlflow and sagemaker-mlflow, AWS credentials with the rights of a client (the MLflow API and S3 on the
artifact prefix), and nothing else. Ends with 0 when everything that was written was read back as written.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow import MlflowClient
    from mlflow.entities import Run

EXPERIMENT = "mlflow-verify"
PARAMETERS = {"algorithm": "xgboost", "max_depth": "6"}
METRIC = "accuracy"
VALUES = (0.91, 0.93, 0.95)
ARTIFACT = "notes/verify.txt"
CONTENT = "Written by the verification of mlops.sagemaker_mlflow.\n"
NEXT_STEPS = """\
What to look at:
  * the server runs:        ansible-playbook playbooks/status.yml
  * who is calling:         aws sts get-caller-identity
  * rights of the caller:   sagemaker-mlflow:* on the server (sagemaker:CallMlflowAppApi on an App), s3:GetObject, s3:PutObject, s3:ListBucket on the artifacts
  * versions of the client: pip show mlflow sagemaker-mlflow"""


class VerificationError(Exception):
    """Something that was written was not read back as written."""


@dataclass(frozen=True)
class Logged:
    """What this verification wrote."""

    run_id: str
    model_name: str
    model_version: str


def main() -> int:
    """Run the steps and print one line for each."""
    options = parse_arguments()
    # A wrong right or a stopped server does not pass by itself: say so in seconds, not after minutes of retries.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    # The client would print addresses that need a signature, so that no browser can open them.
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    try:
        import mlflow
        import sagemaker_mlflow  # noqa: F401  # only to say early that the plugin is missing
    except ImportError as error:
        print(f"{sys.executable} lacks a package: {error}. Install mlflow and sagemaker-mlflow there.", file=sys.stderr)
        return 1
    mlflow.set_tracking_uri(options.tracking_uri)
    try:
        verify(mlflow.MlflowClient(), options.keep)
    except Exception as error:
        print(f"{type(error).__name__}: {error}\n{NEXT_STEPS}", file=sys.stderr)
        return 1
    return 0


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracking-uri", required=True, help="ARN of the tracking server or the App")
    what_stays = parser.add_mutually_exclusive_group()
    what_stays.add_argument("--keep", action="store_true", help="leave the run and the model")
    what_stays.add_argument("--clean-up", dest="keep", action="store_false", help="delete them (the default)")
    return parser.parse_args()


def verify(client: MlflowClient, keep: bool) -> None:
    """All steps, each timed."""
    logged = timed("logged a run with parameters, metrics and an artifact", lambda: log(client))
    try:
        timed("read the run back", lambda: check_run(client, logged))
        timed("downloaded the artifact", lambda: check_artifact(client, logged))
        timed(f"registered and read back the model {logged.model_name}", lambda: check_model(client, logged))
        timed("found the run by search", lambda: check_search(client, logged))
    finally:
        if not keep:
            timed("cleaned up", lambda: clean_up(client, logged))
    if keep:
        print(f"kept run {logged.run_id} in experiment {EXPERIMENT}, and model {logged.model_name}")


def timed(what: str, step: Callable[[], Logged]) -> Logged:
    """Do one step and say how long it took."""
    started = time.monotonic()
    outcome = step()
    print(f"{what} ({time.monotonic() - started:.1f} s)", flush=True)
    return outcome


def log(client: MlflowClient) -> Logged:
    """One run with everything that a training job logs, and a registered model."""
    run = client.create_run(experiment_id(client), run_name=f"verify-{time.strftime('%Y-%m-%d-%H-%M-%S')}")
    run_id = run.info.run_id
    for key, value in PARAMETERS.items():
        client.log_param(run_id, key, value)
    for step, number in enumerate(VALUES):
        client.log_metric(run_id, METRIC, number, step=step)
    client.set_tag(run_id, "purpose", "verification")
    client.log_text(run_id, CONTENT, ARTIFACT)
    client.set_terminated(run_id)
    # The Model Registry of SageMaker refuses spaces in names.
    model_name = f"mlflow-verify-{uuid.uuid4().hex[:8]}"
    client.create_registered_model(model_name)
    version = client.create_model_version(model_name, f"{run.info.artifact_uri}/notes", run_id=run_id)
    return Logged(run_id, model_name, str(version.version))


def experiment_id(client: MlflowClient) -> str:
    """The experiment of all verifications; one that an earlier run deleted is restored."""
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return str(client.create_experiment(EXPERIMENT))
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


def check_run(client: MlflowClient, logged: Logged) -> Logged:
    """Parameters, the whole history of the metric, tag, status."""
    run: Run = client.get_run(logged.run_id)
    expect("parameters", dict(run.data.params), PARAMETERS)
    expect("status", run.info.status, "FINISHED")
    expect("tag", run.data.tags.get("purpose"), "verification")
    history = sorted(client.get_metric_history(logged.run_id, METRIC), key=lambda point: point.step)
    expect("metric history", [point.value for point in history], list(VALUES))
    return logged


def check_artifact(client: MlflowClient, logged: Logged) -> Logged:
    """The artifact is listed, and comes back as written."""
    expect("artifacts", [file.path for file in client.list_artifacts(logged.run_id, "notes")], [ARTIFACT])
    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(logged.run_id, ARTIFACT, folder)
        expect("artifact's content", Path(path).read_text(encoding="utf-8"), CONTENT)
    return logged


def check_model(client: MlflowClient, logged: Logged) -> Logged:
    """The model version points to the run."""
    version = client.get_model_version(logged.model_name, logged.model_version)
    expect("run of the model version", version.run_id, logged.run_id)
    return logged


def check_search(client: MlflowClient, logged: Logged) -> Logged:
    """The run is found by its metric."""
    runs = client.search_runs([experiment_id(client)], f"metrics.{METRIC} > 0.9", max_results=1000)
    expect("run among the search results", logged.run_id in {run.info.run_id for run in runs}, True)
    return logged


def clean_up(client: MlflowClient, logged: Logged) -> Logged:
    """Delete the model, the artifact and the run, and the experiment when nothing else is in it."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    client.delete_registered_model(logged.model_name)
    get_artifact_repository(client.get_run(logged.run_id).info.artifact_uri).delete_artifacts()
    client.delete_run(logged.run_id)
    experiment = experiment_id(client)
    if not client.search_runs([experiment], max_results=1):
        client.delete_experiment(experiment)
    return logged


def expect(what: str, found: object, written: object) -> None:
    """Stop when something was not read back as written."""
    if found != written:
        raise VerificationError(f"the {what} was written as {written!r} and read back as {found!r}")


if __name__ == "__main__":
    sys.exit(main())
