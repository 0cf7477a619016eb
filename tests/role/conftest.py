# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A user's project in an empty folder, against an empty account."""

from __future__ import annotations

import typing as t

import pytest
from playbook_run import Project

if t.TYPE_CHECKING:
    from pathlib import Path

    from local_region import LocalRegion


@pytest.fixture
def project(tmp_path: Path, region: LocalRegion) -> Project:
    """An inventory with one host, C(mlflow-test)."""
    return Project(tmp_path, region)
