# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unmodified mlflow client with the plugin sagemaker-mlflow works by ARN, and is refused as by AWS."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest
from local_aws.managed_mlflow import BUCKET, wait_for
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.utils import pyfunc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.managed_mlflow import ManagedMlflow

KINDS = ["tracking_server", "app"]
READING = [
    "sagemaker-mlflow:Get*",
    "sagemaker-mlflow:Search*",
    "sagemaker-mlflow:List*",
    "s3:GetObject",
    "s3:ListBucket",
]


@pytest.fixture
def client(managed_mlflow: ManagedMlflow, monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagedMlflow]:
    """This process as a data scientist's: the environment points at the local AWS."""
    for name, value in managed_mlflow.region.environment.items():
        monkeypatch.setenv(name, value)
    # One attempt more shows that an error is retried; seven would take minutes to show it.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    previous = mlflow.get_tracking_uri()
    yield managed_mlflow
    mlflow.set_tracking_uri(previous)


def new_experiment(arn: str) -> str:
    """Make an experiment that no other test has the name of."""
    mlflow.set_tracking_uri(arn)
    name = f"experiment {uuid.uuid4()}"
    mlflow.set_experiment(name)
    return name


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_is_logged_and_read_back(client: ManagedMlflow, kind: str, tmp_path: Path) -> None:
    name = new_experiment(client.arns[kind])
    with mlflow.start_run(run_name="a/b +ü") as run:
        mlflow.log_params({"depth": 3, "loss": "l2"})
        mlflow.log_metric("error", 0.5, step=0)
        mlflow.log_metric("error", 0.25, step=1)
        mlflow.set_tag("team", "pricing & more")
        mlflow.log_text("hello", "sub dir/note+1.txt")
    api = mlflow.MlflowClient()
    found = api.search_runs(
        [run.info.experiment_id], "metrics.error < 0.3 and params.depth = '3' and tags.team = 'pricing & more'"
    )
    assert [each.info.run_name for each in found] == ["a/b +ü"]
    assert [each.value for each in api.get_metric_history(run.info.run_id, "error")] == [0.5, 0.25]
    assert [each.path for each in api.list_artifacts(run.info.run_id, "sub dir")] == ["sub dir/note+1.txt"]
    downloaded = api.download_artifacts(run.info.run_id, "sub dir/note+1.txt", str(tmp_path))
    assert Path(downloaded).read_text(encoding="utf-8") == "hello"
    assert [each.name for each in api.search_experiments(filter_string=f"name = '{name}'")] == [name]


@pyfunc  # type: ignore[untyped-decorator]  # mlflow has no type information
def upper_case(model_input: list[str]) -> list[str]:
    """The smallest model."""
    return [each.upper() for each in model_input]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_registered_and_loaded(client: ManagedMlflow, kind: str) -> None:
    new_experiment(client.arns[kind])
    model_name = f"model-{uuid.uuid4()}"
    with mlflow.start_run():
        logged = mlflow.pyfunc.log_model(name="model", python_model=upper_case, pip_requirements=["mlflow"])
    version = mlflow.register_model(logged.model_uri, model_name)
    api = mlflow.MlflowClient()
    api.set_registered_model_alias(model_name, "champion", version.version)
    assert api.get_model_version_by_alias(model_name, "champion").version == version.version
    assert [each.name for each in api.search_registered_models(f"name = '{model_name}'")] == [model_name]
    assert mlflow.pyfunc.load_model(f"models:/{model_name}@champion").predict(["x"]) == ["X"]
    api.delete_registered_model(model_name)


@pytest.mark.parametrize("kind", KINDS)
def test_artifacts_are_uploaded_through_presigned_links(
    client: ManagedMlflow, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_experiment(client.arns[kind])
    monkeypatch.setenv("SAGEMAKER_PRESIGNED_URL_UPLOAD_ENABLED", "true")
    client.region.clear_log()
    with mlflow.start_run() as run:
        mlflow.log_text("hello", "presigned.txt")
    uploads = [entry for entry in client.region.log() if entry["operation"] == "PutObject"]
    assert [entry["status"] for entry in uploads] == [200]
    assert uploads[0]["access_key"] != client.region.environment["AWS_ACCESS_KEY_ID"], (
        "it is the role's, not the user's"
    )
    monkeypatch.delenv("SAGEMAKER_PRESIGNED_URL_UPLOAD_ENABLED")
    assert [each.path for each in mlflow.MlflowClient().list_artifacts(run.info.run_id)] == ["presigned.txt"]


def test_only_apps_have_workspaces(client: ManagedMlflow) -> None:
    mlflow.set_tracking_uri(client.app)
    assert "default" in [each.name for each in mlflow.MlflowClient().list_workspaces()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_secret_is_refused(client: ManagedMlflow, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    mlflow.set_tracking_uri(client.arns[kind])
    with pytest.raises(MlflowException, match="error code 403"):
        mlflow.search_experiments()


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        ("mlflow-tracking-server/nobody", "Tracking server could not be found"),
        ("mlflow-app/app-AAAAAAAAAAAA", "could not be found"),
    ],
)
def test_an_unknown_arn_is_not_found(client: ManagedMlflow, resource: str, message: str) -> None:
    mlflow.set_tracking_uri(f"arn:aws:sagemaker:us-east-1:123456789012:{resource}")
    with pytest.raises(MlflowException, match=f"error code 404 != 200. Response body: '.*{message}"):
        mlflow.search_experiments()


def test_a_reader_can_search_and_cannot_write(
    client: ManagedMlflow, enforced_iam: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_experiment(client.server)
    for variable, value in client.user("reader", *READING).items():
        monkeypatch.setenv(variable, value)
    assert mlflow.get_experiment_by_name(name) is not None
    assert mlflow.search_runs(experiment_names=[name], output_format="list") == []
    expected = "not authorized to perform: sagemaker-mlflow:CreateRun on resource: " + client.server
    with pytest.raises(MlflowException, match=expected):
        mlflow.start_run()


def test_an_app_has_one_permission_for_its_whole_api(
    client: ManagedMlflow, enforced_iam: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_experiment(client.app)
    allowed = client.user("app-user", "sagemaker:CallMlflowAppApi")
    refused = client.user("server-user", "sagemaker-mlflow:*")
    for variable, value in allowed.items():
        monkeypatch.setenv(variable, value)
    mlflow.MlflowClient().create_experiment(name + " of the app's user")
    for variable, value in refused.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(MlflowException, match="not authorized to perform: sagemaker:CallMlflowAppApi"):
        mlflow.search_experiments()


def test_a_role_can_be_assumed_for_the_call(client: ManagedMlflow, monkeypatch: pytest.MonkeyPatch) -> None:
    name = new_experiment(client.server)
    monkeypatch.setenv("SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN", client.role_arn)
    client.region.clear_log()
    assert mlflow.get_experiment_by_name(name) is not None
    assert "sts:AssumeRole" in client.region.calls()


def test_the_client_gives_up_on_a_stopped_server_at_once(
    client: ManagedMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    sagemaker = client.region.client("sagemaker")
    arn = sagemaker.create_mlflow_tracking_server(
        TrackingServerName="resting", ArtifactStoreUri=f"s3://{BUCKET}/resting", RoleArn=client.role_arn
    )["TrackingServerArn"]

    def has(status: str) -> bool:
        described = sagemaker.describe_mlflow_tracking_server(TrackingServerName="resting")
        return bool(described["TrackingServerStatus"] == status)

    wait_for(lambda: has("Created"))
    sagemaker.stop_mlflow_tracking_server(TrackingServerName="resting")
    wait_for(lambda: has("Stopped"))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "7")
    mlflow.set_tracking_uri(arn)
    before = time.monotonic()
    with pytest.raises(MlflowException, match="not running"):
        mlflow.search_experiments()
    assert time.monotonic() - before < 5
    sagemaker.delete_mlflow_tracking_server(TrackingServerName="resting")
