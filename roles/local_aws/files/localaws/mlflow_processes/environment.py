# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of an MLflow server: what it needs, and nothing of the user's shell.

A shell set up for the mlflow client (``MLFLOW_TRACKING_URI=arn:...``, ``SAGEMAKER_MLFLOW_...``, an AWS profile) would otherwise turn
the server into a client of itself or let it reach the real AWS. So variables are let in by name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.mlflow_processes.launch import Launch

LET_IN: Final = frozenset(
    {
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "SSL_CERT_FILE",
        "TMPDIR",
        "TZ",
        "USER",
    }
)
IMPORT_ROOT: Final = Path(__file__).resolve().parent.parent.parent


def of_zygote() -> dict[str, str]:
    """What MLflow is imported with: it must find this package and must not report usage to anybody."""
    return {
        **{name: value for name, value in os.environ.items() if name in LET_IN},
        "PYTHONPATH": str(IMPORT_ROOT),
        "PYTHONUNBUFFERED": "1",
        # Requests run in threads; an arena of glibc's for each would add some 10 MiB to every server.
        "MALLOC_ARENA_MAX": "2",
        # MLflow warns about libraries' future at import; a user of the local AWS can do nothing about it.
        "PYTHONWARNINGS": "ignore",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        # The job runner is 13 processes for features that managed MLflow does not have.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        # Managed MLflow has no AI gateway (developer guide, "Troubleshoot common setup issues").
        "MLFLOW_ENABLE_AI_GATEWAY": "false",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def of_server(launch: Launch, endpoint: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """What one server runs with.

    ``_MLFLOW_SERVER_*`` is how ``mlflow server`` passes its options to its workers; the forked servers are such workers. Artifacts
    are not served: the client of managed MLflow reads and writes S3 itself.
    """
    database = f"sqlite:///{launch.database}"
    environment = {
        **of_zygote(),
        **credentials,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": launch.region,
        "AWS_DEFAULT_REGION": launch.region,
        "NO_PROXY": "*",
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": launch.artifact_root,
    }
    if launch.workspaces:
        environment |= {"MLFLOW_ENABLE_WORKSPACES": "true", "MLFLOW_WORKSPACE_STORE_URI": database}
    return environment
