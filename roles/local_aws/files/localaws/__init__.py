# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local AWS: moto in process, plus SageMaker managed MLflow with real MLflow servers behind it."""

from __future__ import annotations

__version__ = "0.1.0"
