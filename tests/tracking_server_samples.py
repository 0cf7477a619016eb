# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tracking servers and wishes to test with, as plain data."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._tracking_server import TrackingServer, Wish

NAME = "mlflow-staging-mlflow"
REGION = "us-east-1"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/mlflow-staging-mlflow-role"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:mlflow-tracking-server/{NAME}"
URI = "s3://mlflow-staging-mlflow-artifacts-a"

STATUSES_OF_BOTH = (
    "Creating",
    "Created",
    "CreateFailed",
    "Updating",
    "Updated",
    "UpdateFailed",
    "Deleting",
    "DeleteFailed",
)
"""Those that an App can have, too."""
STATUSES = (
    *STATUSES_OF_BOTH,
    "Stopping",
    "Stopped",
    "StopFailed",
    "Starting",
    "Started",
    "StartFailed",
    "MaintenanceInProgress",
    "MaintenanceComplete",
    "MaintenanceFailed",
)
IN_FLUX = ("Creating", "Updating", "Deleting", "Stopping", "Starting", "MaintenanceInProgress")

SETTINGS: dict[str, t.Any] = {
    "artifact_store_uri": URI,
    "tracking_server_size": "Small",
    "automatic_model_registration": True,
    "weekly_maintenance_window_start": "Tue:03:30",
    "s3_bucket_owner_account_id": ACCOUNT,
    "s3_bucket_owner_verification": True,
}


def server(status: str = "Created", **changes: t.Any) -> TrackingServer:
    """A server as Describe shows it."""
    settings = {**SETTINGS, **changes.pop("settings", {})}
    values: dict[str, t.Any] = {
        "name": NAME,
        "arn": ARN,
        "role_arn": ROLE,
        "status": status,
        "is_active": status not in ("Creating", "CreateFailed", "Stopped", "Starting", "StartFailed"),
        "settings": settings,
        "mlflow_version": "3.0.0",
        "url": "https://t-abc.us-east-1.experiments.sagemaker.aws",
        "creation_time": "2026-11-23T10:00:00+00:00",
        "last_modified_time": "2026-11-23T10:00:00+00:00",
        "tags": {},
    }
    return TrackingServer(**{**values, **changes})


def wish(**changes: t.Any) -> Wish:
    """A wish that names everything which creating a server needs."""
    values: dict[str, t.Any] = {
        "name": NAME,
        "region": REGION,
        "role_arn": ROLE,
        "mlflow_version": "3.0",
        "settings": {"artifact_store_uri": URI},
    }
    return Wish(**{**values, **changes})
