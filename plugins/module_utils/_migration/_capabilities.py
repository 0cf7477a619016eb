# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a server of a version can do, asked before anything moves."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import MlflowApi

UNKNOWN = "unknown"
ABSENT = (404, 405, 501)
"""Answers of a server that does not know the path."""
NO_MODEL = "m-00000000000000000000000000000000"
NO_DATASET = "d-00000000000000000000000000000000"


@dataclass(frozen=True)
class Capabilities:
    """What a server's API takes and tells.

    :param version: as the server says, else what its paths tell (C(2.x), C(3.x)).
    """

    version: str = UNKNOWN
    logged_models: bool = True
    traces: bool = True
    evaluation_datasets: bool = True
    prompts: bool = True

    def losses(self) -> dict[str, str]:
        """What cannot be written to such a server, in words, by the feature that it lacks."""
        told = {
            "logged_models": "logged models as such (their files are put among those of their runs, their metrics are those of the runs)",
            "traces": "traces with their spans and assessments",
            "evaluation_datasets": "evaluation datasets",
            "prompts": "prompts",
        }
        return {feature: text for feature, text in told.items() if not getattr(self, feature)}


def probe(api: MlflowApi) -> Capabilities:
    """Ask a server. Raises ApiError when it lets nobody in or does not answer."""
    api.search("/api/2.0/mlflow/experiments/search", {"max_results": 1})
    told = read_concurrently(
        {
            "version": lambda: _version(api),
            "logged_models": lambda: _knows(api, "GET", f"/api/2.0/mlflow/logged-models/{NO_MODEL}"),
            "traces": lambda: _takes_traces(api),
            "evaluation_datasets": lambda: _knows(api, "GET", f"/api/3.0/mlflow/datasets/{NO_DATASET}"),
        }
    )
    return Capabilities(**told, prompts=told["logged_models"])


def _version(api: MlflowApi) -> str:
    try:
        text = api.exchange("GET", "/version").data.decode("utf-8", "replace").strip()
    except Exception:  # a managed server has no such page, and nothing depends on it
        return UNKNOWN
    match = re.fullmatch(r"\d+\.\d+\S*", text)
    return match[0] if match else UNKNOWN


def _takes_traces(api: MlflowApi) -> bool:
    """Version 3.0 can search what it cannot take, so an empty trace is offered: 400 is the answer that is hoped for."""
    return _knows(api, "POST", "/api/3.0/mlflow/traces", {})


def _knows(api: MlflowApi, method: str, path: str, body: dict[str, t.Any] | None = None) -> bool:
    """A path that is known answers that the thing is not, with MLflow's error code; others answer 404 without one."""
    try:
        api.send(method, path, body=body, is_write=False)
    except ApiError as error:
        return not (error.status in ABSENT and error.code != "RESOURCE_DOES_NOT_EXIST")
    return True
