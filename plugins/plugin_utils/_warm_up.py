# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What is slow to load, loaded once before Ansible forks: our modules, botocore, the services' models, certificates."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _session as session
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import (
    AWS_ERRORS,
    can_stand_on_another_class,
    client_config,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._lasting import lasting
from ansible_collections.mlops.sagemaker_mlflow.plugins.plugin_utils._controller_module import MODULES, knows_secrets

SERVICES = {
    "iam": "list_role_policies",
    "s3": "list_object_versions",
    "sagemaker": "list_tags",
    "sts": "get_caller_identity",
}
"""The services that every environment needs, each with an operation (asking whether it has pages loads those that have)."""


@functools.cache
def is_possible() -> bool:
    """Whether modules can run in this process at all."""
    # On macOS a process that was forked must not ask the system for proxies, and botocore does.
    return sys.platform != "darwin" and knows_secrets() and can_stand_on_another_class()


@functools.cache
def load_once() -> None:
    """Load it, without a request: the credentials are none, and no client is used."""
    if not is_possible():
        return
    # The user's configuration of AWS may be wrong, or meant for another user: the task will tell.
    with lasting(), contextlib.suppress(*AWS_ERRORS, OSError):
        for module in ("iam_mlflow_role", "s3_mlflow_bucket", "sagemaker_mlflow_server", "sagemaker_mlflow_app"):
            importlib.import_module(f"{MODULES}.{module}")
        _make_clients()


def _make_clients() -> None:
    """Making a client loads what clients of this service have in common."""
    nobody: dict[str, t.Any] = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    for_nobody = session.Session("us-east-1", None, nobody)
    # Any other mode may ask the machine's metadata service for its region.
    config = client_config(defaults_mode="legacy")
    for service, operation in SERVICES.items():
        for_nobody.client(service, config).can_paginate(operation)
    for_nobody.load_trust()
