# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Which versions of the client's packages fit an MLflow that AWS runs. Pure."""

from __future__ import annotations

import re

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

DOCUMENTED = {"2.13": "2.13.2", "2.16": "2.16.2", "3.0": "3.0.0"}
"""The client that AWS names for each version of its tracking servers."""
FIRST_PLUGIN = {False: "0.1.0", True: "0.2.0"}
"""The first sagemaker-mlflow that knows tracking servers (False) and Apps (True)."""
PLUGIN_OF_NEWER_STORES = "0.3.0"
NEWER_STORES = (3, 4)
"""From this MLflow on the client asks the plugin for stores (scorers, later workspaces) that older plugins do not have."""
BOTO3_WITH_APPS = "1.42.1"
OLDEST_PYTHON = "3.10"

_VERSION = re.compile(r"(\d+)\.(\d+)(\.\d+)?", re.ASCII)


def requirements(mlflow_version: str | None, is_app: bool) -> tuple[str, ...]:
    """The lines of a C(requirements.txt), for the version that AWS says it runs.

    A version that AWS names no client for gets the newest patch of the same major and minor number.
    """
    match = _VERSION.fullmatch(mlflow_version or "")
    if match is None:
        raise MlflowError(
            f"mlflow_version: '{mlflow_version or ''}' is not a version of MLflow, as in '3.0.0'. AWS tells it when the server or "
            "App is created: wait for that, and repeat this."
        )
    minor = f"{match[1]}.{match[2]}"
    client = f"=={DOCUMENTED[minor]}" if minor in DOCUMENTED else f"~={minor}.0"
    plugin = FIRST_PLUGIN[is_app] if (int(match[1]), int(match[2])) < NEWER_STORES else PLUGIN_OF_NEWER_STORES
    # The plugin asks for mlflow-skinny of any version, which older releases of mlflow do not pin: left alone, pip would put
    # the newest over the files of the client.
    lines = (f"mlflow{client}", f"mlflow-skinny{client}", f"sagemaker-mlflow>={plugin}")
    return (*lines, f"boto3>={BOTO3_WITH_APPS}") if is_app else lines
