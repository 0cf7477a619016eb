# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local AWS as its tests see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from local_aws.managed_mlflow import enforced_iam, managed_mlflow
from local_callers import LocalAws

if TYPE_CHECKING:
    from local_region import LocalRegion

__all__ = ["enforced_iam", "local_aws", "managed_mlflow"]


@pytest.fixture
def local_aws(region: LocalRegion) -> LocalAws:
    """An empty local AWS without MLflow processes."""
    return LocalAws(region)
