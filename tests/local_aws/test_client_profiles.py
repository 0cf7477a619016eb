# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each client profile with the real MLflow client: just the calls that its name promises, and only on its own server or App."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.request
import uuid
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any

import boto3
import mlflow
import pytest
from botocore.exceptions import ClientError
from local_aws.managed_mlflow import BUCKET
from mlflow.entities import LoggedModelInput, LoggedModelOutput, Metric, Param
from mlflow.exceptions import MlflowException

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._client_policies import ClientAccess, client_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_aws.managed_mlflow import ManagedMlflow

PROFILES = ("reader", "writer", "registry", "admin", "ui")
PREFIXES = {"tracking_server": "server", "app": "app"}
OTHERS = {
    "tracking_server": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/other",
    "app": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-OTHEROTHER12",
}
REFUSED = re.compile(r"not authorized to perform: (\S+) on resource: (\S+)")


READS = {
    f"sagemaker-mlflow:Get{what}" for what in ("LoggedModel", "RegisteredModel", "ModelVersion", "Run", "Experiment")
}


@dataclass
class Things:
    """What a profile's calls are about, made for it by the account."""

    experiment: str
    run: str
    model: str
    logged_model: str
    tag: str


def _rename(api: Any, on: Things) -> None:
    api.rename_registered_model(on.model, f"renamed-{on.tag}")
    api.rename_registered_model(f"renamed-{on.tag}", on.model)


ALL = "reader writer registry admin"
# What it needs, who may do it, how the client does it. The order keeps what later calls are about.
CALLS: dict[str, tuple[str, Callable[[Any, Things], object]]] = {
    "SearchExperiments": (ALL, lambda api, _on: api.search_experiments()),
    "GetExperiment": (ALL, lambda api, on: api.get_experiment(on.experiment)),
    "GetExperimentByName": (ALL, lambda api, on: api.get_experiment_by_name(f"of {on.tag}")),
    "SearchRuns": (ALL, lambda api, on: api.search_runs([on.experiment])),
    "GetRun": (ALL, lambda api, on: api.get_run(on.run)),
    "GetMetricHistory": (ALL, lambda api, on: api.get_metric_history(on.run, "error")),
    "SearchLoggedModels": (ALL, lambda api, on: api.search_logged_models([on.experiment])),
    "GetLoggedModel": (ALL, lambda api, on: api.get_logged_model(on.logged_model)),
    "SearchTraces": (ALL, lambda api, on: api.search_traces([on.experiment])),
    "SearchRegisteredModels": (ALL, lambda api, _on: api.search_registered_models()),
    "GetRegisteredModel": (ALL, lambda api, on: api.get_registered_model(on.model)),
    "SearchModelVersions": (ALL, lambda api, _on: api.search_model_versions()),
    "GetModelVersion": (ALL, lambda api, on: api.get_model_version(on.model, "1")),
    "GetModelVersionByAlias": (ALL, lambda api, on: api.get_model_version_by_alias(on.model, "champion")),
    "GetDownloadURIForModelVersionArtifacts": (ALL, lambda api, on: api.get_model_version_download_uri(on.model, "1")),
    "CreateExperiment": ("writer admin", lambda api, on: api.create_experiment(f"by {on.tag}")),
    "CreateRun": ("writer admin", lambda api, on: api.create_run(on.experiment)),
    "LogMetric": ("writer admin", lambda api, on: api.log_metric(on.run, "loss", 0.5)),
    "LogParam": ("writer admin", lambda api, on: api.log_param(on.run, "depth", 3)),
    "LogBatch": ("writer admin", lambda api, on: api.log_batch(on.run, [Metric("m", 1.0, 1, 0)], [Param("p", "1")])),
    "LogInputs": ("writer admin", lambda api, on: api.log_inputs(on.run, models=[LoggedModelInput(on.logged_model)])),
    "LogOutputs": ("writer admin", lambda api, on: api.log_outputs(on.run, [LoggedModelOutput(on.logged_model, 0)])),
    "SetTag": ("writer admin", lambda api, on: api.set_tag(on.run, "own", "x")),
    "DeleteTag": ("writer admin", lambda api, on: api.delete_tag(on.run, "given")),
    "SetExperimentTag": ("writer admin", lambda api, on: api.set_experiment_tag(on.experiment, "own", "x")),
    "UpdateExperiment": ("writer admin", lambda api, on: api.rename_experiment(on.experiment, f"renamed {on.tag}")),
    "UpdateRun": ("writer admin", lambda api, on: api.update_run(on.run, status="FINISHED")),
    "SetLoggedModelTags": (
        "writer registry admin",
        lambda api, on: api.set_logged_model_tags(on.logged_model, {"own": "x"}),
    ),
    "DeleteLoggedModelTag": ("writer admin", lambda api, on: api.delete_logged_model_tag(on.logged_model, "given")),
    "FinalizeLoggedModel": ("writer admin", lambda api, on: api.finalize_logged_model(on.logged_model, "READY")),
    "CreateLoggedModel": ("", lambda api, on: api.create_logged_model(on.experiment)),
    "CreateRegisteredModel": ("writer registry admin", lambda api, on: api.create_registered_model(f"new-{on.tag}")),
    "CreateModelVersion": (
        "writer registry admin",
        lambda api, on: api.create_model_version(on.model, f"s3://{BUCKET}/server/x", run_id=on.run),
    ),
    "SetRegisteredModelAlias": (
        "registry admin",
        lambda api, on: api.set_registered_model_alias(on.model, "next", "1"),
    ),
    "DeleteRegisteredModelAlias": (
        "registry admin",
        lambda api, on: api.delete_registered_model_alias(on.model, "next"),
    ),
    "SetRegisteredModelTag": ("registry admin", lambda api, on: api.set_registered_model_tag(on.model, "own", "x")),
    "DeleteRegisteredModelTag": ("registry admin", lambda api, on: api.delete_registered_model_tag(on.model, "own")),
    "SetModelVersionTag": ("registry admin", lambda api, on: api.set_model_version_tag(on.model, "1", "own", "x")),
    "DeleteModelVersionTag": ("registry admin", lambda api, on: api.delete_model_version_tag(on.model, "1", "own")),
    "UpdateRegisteredModel": ("registry admin", lambda api, on: api.update_registered_model(on.model, "described")),
    "UpdateModelVersion": ("registry admin", lambda api, on: api.update_model_version(on.model, "1", "described")),
    "TransitionModelVersionStage": (
        "registry admin",
        lambda api, on: api.transition_model_version_stage(on.model, "1", "Staging"),
    ),
    "RenameRegisteredModel": ("registry admin", _rename),
    "DeleteModelVersion": ("registry admin", lambda api, on: api.delete_model_version(on.model, "1")),
    "DeleteRegisteredModel": ("registry admin", lambda api, on: api.delete_registered_model(on.model)),
    "DeleteRun": ("admin", lambda api, on: api.delete_run(on.run)),
    "RestoreRun": ("admin", lambda api, on: api.restore_run(on.run)),
    "DeleteLoggedModel": ("admin", lambda api, on: api.delete_logged_model(on.logged_model)),
    "DeleteTraces": ("admin", lambda api, on: api.delete_traces(on.experiment, max_timestamp_millis=1)),
    "DeleteExperiment": ("admin", lambda api, on: api.delete_experiment(on.experiment)),
    "RestoreExperiment": ("admin", lambda api, on: api.restore_experiment(on.experiment)),
}


class Client:
    """This process as the one and as the other: the account itself, or a user with a policy."""

    def __init__(self, mlflows: ManagedMlflow, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mlflows = mlflows
        self._monkeypatch = monkeypatch

    def use(self, arn: str) -> Any:
        """A client for this server or App."""
        mlflow.set_tracking_uri(arn)
        return mlflow.MlflowClient()

    def become(self, access: ClientAccess | None) -> None:
        """From now on a user with the policy of this access; None for the account itself."""
        keys = self.mlflows.region.environment if access is None else self._user(client_policy(access))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            self._monkeypatch.setenv(name, keys[name])

    def _user(self, document: dict[str, Any]) -> dict[str, str]:
        iam, name = self.mlflows.region.client("iam"), f"user-{uuid.uuid4()}"
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="client", PolicyDocument=json.dumps(document))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def boto3(self, service: str) -> Any:
        """A client of AWS with the credentials of the environment."""
        endpoint = self.mlflows.region.endpoint
        return boto3.Session().client(service, endpoint_url=endpoint, region_name="us-east-1")  # type: ignore[call-overload]  # the service is a variable here


@pytest.fixture
def client(managed_mlflow: ManagedMlflow, enforced_iam: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The environment points at the local AWS, which enforces IAM."""
    for name, value in managed_mlflow.region.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    previous = mlflow.get_tracking_uri()
    yield Client(managed_mlflow, monkeypatch)
    mlflow.set_tracking_uri(previous)


def access(client: Client, kind: str, *profiles: str, **more: Any) -> ClientAccess:
    """These profiles on the server or App that there is."""
    return ClientAccess(frozenset(profiles), (client.mlflows.arns[kind],), bucket=BUCKET, prefix=PREFIXES[kind], **more)


def make_things(api: Any) -> Things:
    tag = str(uuid.uuid4())
    experiment = api.create_experiment(f"of {tag}")
    run = api.create_run(experiment, tags={"given": "x"}).info.run_id
    api.log_metric(run, "error", 0.25)
    logged_model = api.create_logged_model(experiment, tags={"given": "x"}).model_id
    api.create_registered_model(f"model-{tag}")
    api.create_model_version(f"model-{tag}", f"s3://{BUCKET}/server/x", run_id=run)
    api.set_registered_model_alias(f"model-{tag}", "champion", "1")
    return Things(experiment, run, f"model-{tag}", logged_model, tag)


def refusal(call: Callable[[], object]) -> tuple[str, ...] | None:
    """Action and resource of IAM's no; None when the call did what it should."""
    try:
        call()
    except (MlflowException, ClientError) as error:
        found = REFUSED.search(f"{error} {error.__cause__}")
        if found is None:
            raise
        return found[1], found[2].strip("\"'.")
    return None


@pytest.mark.filterwarnings("ignore::FutureWarning")  # stages are deprecated, and people use them
@pytest.mark.parametrize("profile", PROFILES)
def test_each_call_on_the_own_server(client: Client, profile: str) -> None:
    arn = client.mlflows.server
    api = client.use(arn)
    things = make_things(api)
    client.become(access(client, "tracking_server", profile))
    for action, (who, call) in CALLS.items():
        found = refusal(partial(call, api, things))
        if profile in who.split():
            assert found is None, action
        else:
            # Before some writes the client reads, which those without any right are refused already.
            assert found is not None, action
            assert found[0] == f"sagemaker-mlflow:{action}" or (profile == "ui" and found[0] in READS), action
            assert found[1] == arn


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", OTHERS)
def test_nothing_on_another_one(client: Client, kind: str, profile: str) -> None:
    """Whoever were let through would be told that there is no such server or App."""
    client.become(access(client, kind, profile))
    api = client.use(OTHERS[kind])
    for call in (api.search_experiments, lambda: api.create_experiment("x"), lambda: api.delete_run("x")):
        found = refusal(call)
        assert found is not None
        assert found[1] == OTHERS[kind]
    sagemaker = client.boto3("sagemaker")
    for call in (
        lambda: sagemaker.describe_mlflow_tracking_server(TrackingServerName="other"),
        lambda: sagemaker.delete_mlflow_tracking_server(TrackingServerName="models"),
        lambda: sagemaker.delete_mlflow_app(Arn=client.mlflows.app),
        lambda: sagemaker.create_presigned_mlflow_app_url(Arn=OTHERS["app"]),
    ):
        assert refusal(call) is not None


@pytest.mark.parametrize("profile", PROFILES)
def test_an_app_is_all_or_nothing(client: Client, profile: str) -> None:
    """As AWS has it: even a reader deletes."""
    arn = client.mlflows.app
    client.become(access(client, "app", profile))
    api = client.use(arn)
    experiment = api.create_experiment(f"by {uuid.uuid4()}")
    api.delete_experiment(experiment)
    assert api.get_experiment(experiment).lifecycle_stage == "deleted"


OBJECTS: dict[str, tuple[str, Callable[[Any, str], object]]] = {
    "s3:ListBucket": (
        "reader writer registry admin",
        lambda s3, at: s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{at}/"),
    ),
    "s3:GetObject": ("reader writer registry admin", lambda s3, at: s3.get_object(Bucket=BUCKET, Key=f"{at}/given")),
    "s3:PutObject": ("writer admin", lambda s3, at: s3.put_object(Bucket=BUCKET, Key=f"{at}/new", Body=b"x")),
    "s3:DeleteObject": ("admin", lambda s3, at: s3.delete_object(Bucket=BUCKET, Key=f"{at}/new")),
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", PREFIXES)
def test_artifacts_below_the_own_prefix_only(client: Client, kind: str, profile: str) -> None:
    own, other = PREFIXES[kind], next(prefix for each, prefix in PREFIXES.items() if each != kind)
    for prefix in (own, other):
        client.boto3("s3").put_object(Bucket=BUCKET, Key=f"{prefix}/given", Body=b"x")
    client.become(access(client, kind, profile))
    s3 = client.boto3("s3")
    for action, (who, call) in OBJECTS.items():
        found = refusal(partial(call, s3, own))
        assert (found and found[0]) == (None if profile in who.split() else action)
        for place in (other, f"{own}x"):
            found = refusal(partial(call, s3, place))
            assert found is not None
            assert found[0] == action


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("kind", PREFIXES)
def test_who_opens_the_ui(client: Client, kind: str, profile: str) -> None:
    client.become(access(client, kind, profile))
    sagemaker = client.boto3("sagemaker")
    opens = profile in ("admin", "ui")
    found = refusal(lambda: client.mlflows.presigned_url(kind, sagemaker))
    assert (found is None) is opens
    if opens:
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        with browser.open(client.mlflows.presigned_url(kind, sagemaker), timeout=60) as page:
            assert page.status == 200
            assert b"MLflow" in page.read()


def test_a_writer_logs_and_registers_a_model_and_a_reader_loads_it(client: Client) -> None:
    from local_aws.test_mlflow_client import upper_case

    client.use(client.mlflows.server)
    name = f"model-{uuid.uuid4()}"
    client.become(access(client, "tracking_server", "writer", additional_actions=("CreateLoggedModel",)))
    mlflow.set_experiment(f"experiment {uuid.uuid4()}")
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="model", python_model=upper_case, pip_requirements=["mlflow"], registered_model_name=name
        )
    client.become(access(client, "tracking_server", "reader"))
    assert mlflow.pyfunc.load_model(f"models:/{name}/1").predict(["x"]) == ["X"]
    with contextlib.suppress(MlflowException):
        mlflow.end_run()
