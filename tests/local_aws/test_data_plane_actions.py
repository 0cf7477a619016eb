# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call of MLflow's REST API needs the IAM action that AWS's Service Authorization Reference has for it."""

from __future__ import annotations

import pytest
from mlflow.protos import databricks_pb2, model_registry_pb2, service_pb2

from localaws.data_plane.actions import LISTED_ACTIONS, action_of, is_write

# Service Authorization Reference, "Actions defined by Amazon SageMaker with MLflow".
_REFERENCE = """
AccessUI GetDownloadURIForModelVersionArtifacts GetExperiment GetExperimentByName GetLoggedModel GetMetricHistory
GetModelVersion GetModelVersionByAlias GetRegisteredModel GetRun GetTraceInfo SearchExperiments SearchLoggedModels
SearchModelVersions SearchRegisteredModels SearchRuns SearchTraces
GetLatestModelVersions ListArtifacts ListLoggedModelArtifacts
CreateExperiment CreateModelVersion CreateRegisteredModel CreateRun DeleteExperiment DeleteLoggedModel
DeleteLoggedModelTag DeleteModelVersion DeleteModelVersionTag DeleteRegisteredModel DeleteRegisteredModelAlias
DeleteRegisteredModelTag DeleteRun DeleteTag DeleteTraceTag DeleteTraces EndTrace FinalizeLoggedModel LogBatch
LogInputs LogLoggedModelParams LogMetric LogModel LogOutputs LogParam RenameRegisteredModel RestoreExperiment
RestoreRun SetExperimentTag SetLoggedModelTags SetModelVersionTag SetRegisteredModelAlias SetRegisteredModelTag
SetTag SetTraceTag StartTrace TransitionModelVersionStage UpdateExperiment UpdateModelVersion
UpdateRegisteredModel UpdateRun
"""
REFERENCE = frozenset(_REFERENCE.split())
TRACE_CALLS = ("DeleteTraceTag", "DeleteTraces", "GetTraceInfo", "SearchTraces", "SetTraceTag", "StartTrace")
# Where the reference calls something otherwise than MLflow does.
RENAMED = {
    "GetLatestVersions": "GetLatestModelVersions",
    "GetModelVersionDownloadUri": "GetDownloadURIForModelVersionArtifacts",
    "LogLoggedModelParamsRequest": "LogLoggedModelParams",
    **{f"{name}V3": name for name in TRACE_CALLS},
}


def mlflow_calls() -> list[tuple[str, str, str]]:
    """Method, path and name of every call in MLflow's own definition of its API."""
    services = (
        service_pb2.DESCRIPTOR.services_by_name["MlflowService"],
        model_registry_pb2.DESCRIPTOR.services_by_name["ModelRegistryService"],
    )
    return [
        (endpoint.method, f"/api/{endpoint.since.major}.{endpoint.since.minor}{endpoint.path}", method.input_type.name)
        for service in services
        for method in service.methods
        for endpoint in method.GetOptions().Extensions[databricks_pb2.rpc].endpoints
        if endpoint.path.startswith("/")
    ]


def test_the_table_has_just_the_actions_of_the_reference() -> None:
    assert len(REFERENCE) == 61
    assert LISTED_ACTIONS == REFERENCE


def test_every_action_belongs_to_a_call_that_mlflow_has() -> None:
    reached = {action_of(method, path.replace("{", "").replace("}", "")) for method, path, _unused in mlflow_calls()}
    assert REFERENCE - reached == {"AccessUI"}


@pytest.mark.parametrize(("method", "path", "name"), mlflow_calls())
def test_each_call_needs_the_action_of_its_name(method: str, path: str, name: str) -> None:
    expected = RENAMED.get(name, name)
    action = action_of(method, path.replace("{", "").replace("}", ""))
    assert action == expected or (expected not in REFERENCE and action not in REFERENCE)


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/", "AccessUI"),
        ("GET", "/static-files/static/js/main.js", "AccessUI"),
        ("GET", "/get-artifact", "AccessUI"),
        ("POST", "/graphql", "AccessUI"),
        ("POST", "/ajax-api/2.0/mlflow/runs/search", "SearchRuns"),
        ("POST", "/api/2.0/mlflow/runs/search/", "SearchRuns"),
        ("GET", "/api/3.0/mlflow/traces/tr-1", "GetTraceInfo"),
        ("POST", "/api/3.0/mlflow/gateway/secrets/create", "GatewaySecretsCreate"),
    ],
)
def test_other_paths(method: str, path: str, action: str) -> None:
    assert action_of(method, path) == action


@pytest.mark.parametrize(
    ("method", "action", "write"),
    [
        ("POST", "CreateRun", True),
        ("DELETE", "DeleteTraceTag", True),
        ("POST", "SearchRuns", False),
        ("POST", "BatchGetTraceInfos", False),
        ("GET", "AccessUI", False),
    ],
)
def test_which_calls_write(method: str, action: str, write: bool) -> None:
    assert is_write(action, method) is write
