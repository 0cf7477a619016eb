# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SageMaker's control plane of managed MLflow: tracking servers, Apps and their tags."""

from __future__ import annotations


def register() -> None:
    """Take SageMaker's place in moto. Must run before the first request: moto keeps what it finds then."""
    from moto.sagemaker import urls  # the records in store.py need no moto

    from localaws.control_plane.responses import MlflowResponse  # as above

    urls.url_paths["{0}/$"] = MlflowResponse.dispatch
