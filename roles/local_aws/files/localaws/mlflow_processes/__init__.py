# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real MLflow servers behind the tracking servers and Apps."""

from __future__ import annotations

from localaws.mlflow_processes.processes import Processes

__all__ = ["Processes"]
