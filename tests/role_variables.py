# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of the role to test with."""

from __future__ import annotations

import typing as t

import yaml
from local_region import REPOSITORY


def values(**changed: t.Any) -> dict[str, t.Any]:
    """Every variable as a user has it who sets these, and the suffix of the bucket."""
    defaults: dict[str, t.Any] = yaml.safe_load((REPOSITORY / "roles/mlflow_server/defaults/main.yml").read_text())
    rendered = {
        "mlflow_server_name": "mlflow-staging-mlflow",
        "mlflow_server_role_name": "mlflow-staging-mlflow-role",
        "mlflow_server_wait_timeout": "3600",
        "mlflow_server_wait_delay": "30",
        "mlflow_server_bucket_name_suffix": "a",
    }
    return {**defaults, **rendered, **{f"mlflow_server_{name}": value for name, value in changed.items()}}
