# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""MLflow Apps and wishes to test with, as plain data."""

from __future__ import annotations

import typing as t

from tracking_server_samples import STATUSES_OF_BOTH

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_app import MlflowApp, Wish

NAME = "mlflow-staging-mlflow"
REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlflow-staging-mlflow-role"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-app/app-AAAAAAAAAAAA"
OTHER_ARN = ARN.replace("AAAA", "BBBB")
URI = "s3://mlflow-staging-mlflow-artifacts-a"
DOMAINS = ("d-aaaaaaaaaaaa", "d-bbbbbbbbbbbb", "d-cccccccccccc")

STATUSES = STATUSES_OF_BOTH
"""Without Deleted: what is only listed still counts as gone before anything is decided."""
IN_FLUX = ("Creating", "Updating", "Deleting")

SETTINGS: dict[str, t.Any] = {
    "artifact_store_uri": URI,
    "automatic_model_registration": True,
    "weekly_maintenance_window_start": "Tue:03:30",
    "account_default": False,
    "default_domain_ids": [],
}


def app(status: str = "Created", **changes: t.Any) -> MlflowApp:
    """An App as Describe shows it."""
    values: dict[str, t.Any] = {
        "name": NAME,
        "arn": ARN,
        "role_arn": ROLE,
        "status": status,
        "settings": {**SETTINGS, **changes.pop("settings", {})},
        "mlflow_version": "3.10.1",
        "creation_time": "2026-11-23T10:00:00+00:00",
        "last_modified_time": "2026-11-23T10:00:00+00:00",
        "tags": {},
    }
    return MlflowApp(**{**values, **changes})


def wish(**changes: t.Any) -> Wish:
    """A wish that names everything which creating an App needs."""
    values: dict[str, t.Any] = {
        "name": NAME,
        "region": REGION,
        "role_arn": ROLE,
        "settings": {"artifact_store_uri": URI},
    }
    return Wish(**{**values, **changes})
