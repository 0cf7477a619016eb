# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which IAM action a call of MLflow's REST API needs.

Tracking servers: one of the 61 actions of ``sagemaker-mlflow`` in the Service Authorization Reference. MLflow has more calls than that;
those get the name of MLflow's own RPC or one made of their path, so that only a wildcard (``sagemaker-mlflow:*``) allows them. What
AWS does with them is unknown. Apps have one action for the whole API.
"""

from __future__ import annotations

import re
from typing import Final

SERVER_SERVICE: Final = "sagemaker-mlflow"
APP_SERVICE: Final = "sagemaker"
APP_ACTION: Final = "CallMlflowAppApi"
UI_ACTION: Final = "AccessUI"

API_PATH: Final = re.compile(r"^/(?:ajax-)?api/\d+\.\d+/mlflow/(?P<call>.+?)/*$")
READING: Final = ("Get", "List", "Search", "BatchGet", "AccessUI")

# Method, path below /api/<version>/mlflow/, action of the Service Authorization Reference.
_LISTED: Final = """
GET artifacts/list ListArtifacts
POST experiments/create CreateExperiment
POST experiments/delete DeleteExperiment
GET experiments/get GetExperiment
GET experiments/get-by-name GetExperimentByName
POST experiments/restore RestoreExperiment
GET experiments/search SearchExperiments
POST experiments/search SearchExperiments
POST experiments/set-experiment-tag SetExperimentTag
POST experiments/update UpdateExperiment
DELETE logged-models/* DeleteLoggedModel
GET logged-models/* GetLoggedModel
PATCH logged-models/* FinalizeLoggedModel
GET logged-models/*/artifacts/directories ListLoggedModelArtifacts
POST logged-models/*/params LogLoggedModelParams
PATCH logged-models/*/tags SetLoggedModelTags
DELETE logged-models/*/tags/* DeleteLoggedModelTag
POST logged-models/search SearchLoggedModels
GET metrics/get-history GetMetricHistory
POST model-versions/create CreateModelVersion
DELETE model-versions/delete DeleteModelVersion
DELETE model-versions/delete-tag DeleteModelVersionTag
GET model-versions/get GetModelVersion
GET model-versions/get-download-uri GetDownloadURIForModelVersionArtifacts
GET model-versions/search SearchModelVersions
POST model-versions/set-tag SetModelVersionTag
POST model-versions/transition-stage TransitionModelVersionStage
PATCH model-versions/update UpdateModelVersion
DELETE registered-models/alias DeleteRegisteredModelAlias
GET registered-models/alias GetModelVersionByAlias
POST registered-models/alias SetRegisteredModelAlias
POST registered-models/create CreateRegisteredModel
DELETE registered-models/delete DeleteRegisteredModel
DELETE registered-models/delete-tag DeleteRegisteredModelTag
GET registered-models/get GetRegisteredModel
GET registered-models/get-latest-versions GetLatestModelVersions
POST registered-models/get-latest-versions GetLatestModelVersions
POST registered-models/rename RenameRegisteredModel
GET registered-models/search SearchRegisteredModels
POST registered-models/set-tag SetRegisteredModelTag
PATCH registered-models/update UpdateRegisteredModel
POST runs/create CreateRun
POST runs/delete DeleteRun
POST runs/delete-tag DeleteTag
GET runs/get GetRun
POST runs/log-batch LogBatch
POST runs/log-inputs LogInputs
POST runs/log-metric LogMetric
POST runs/log-model LogModel
POST runs/log-parameter LogParam
POST runs/outputs LogOutputs
POST runs/restore RestoreRun
POST runs/search SearchRuns
POST runs/set-tag SetTag
POST runs/update UpdateRun
GET traces SearchTraces
POST traces StartTrace
GET traces/* GetTraceInfo
PATCH traces/* EndTrace
GET traces/*/info GetTraceInfo
DELETE traces/*/tags DeleteTraceTag
PATCH traces/*/tags SetTraceTag
POST traces/delete-traces DeleteTraces
POST traces/search SearchTraces
"""

# The same for calls that the reference does not list, by MLflow's name of them.
_UNLISTED: Final = """
POST artifacts/presigned-download-url CreatePresignedDownloadUrl
POST artifacts/presigned-upload-url CreatePresignedUploadUrl
POST experiments/delete-experiment-tag DeleteExperimentTag
POST logged-models CreateLoggedModel
GET metrics/get-history-bulk-interval GetMetricHistoryBulkInterval
GET server-info GetServerInfo
GET traces/batchGet BatchGetTraces
POST traces/batchGetInfos BatchGetTraceInfos
GET traces/get GetTrace
POST traces/link-prompts LinkPromptsToTrace
POST traces/link-to-run LinkTracesToRun
GET workspaces ListWorkspaces
POST workspaces CreateWorkspace
DELETE workspaces/* DeleteWorkspace
GET workspaces/* GetWorkspace
PATCH workspaces/* UpdateWorkspace
"""


def _table(rows: str) -> dict[tuple[str, str], str]:
    parsed = (row.split() for row in rows.strip().splitlines())
    return {(method, path): action for method, path, action in parsed}


_ACTIONS: Final = _table(_LISTED) | _table(_UNLISTED)
_PATTERNS: Final = [
    (method, re.compile(path.replace("*", "[^/]+")), action)
    for (method, path), action in _ACTIONS.items()
    if "*" in path
]

LISTED_ACTIONS: Final = frozenset(_table(_LISTED).values()) | {UI_ACTION}


def action_of(method: str, path: str) -> str:
    """The action of a call; whatever is not the REST API is the UI (its page, its scripts, a file it downloads)."""
    api = API_PATH.match(path)
    if api is None:
        return UI_ACTION
    call = api["call"]
    exact = _ACTIONS.get((method, call))
    if exact is not None:
        return exact
    for known_method, pattern, action in _PATTERNS:
        if known_method == method and pattern.fullmatch(call):
            return action
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", call))


def is_assistant(path: str) -> bool:
    """Whether a call is of the assistant in MLflow's UI. It runs programs on its server's machine; managed MLflow has none."""
    api = API_PATH.match(path)
    return api is not None and api["call"].partition("/")[0] == "assistant"


def is_write(action: str, method: str) -> bool:
    """Whether a call changes something."""
    return method != "GET" and not action.startswith(READING)
