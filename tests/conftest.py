# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One local AWS for each test process; an empty account for each test."""

from __future__ import annotations

import typing as t

import local_region
import module_run
import pytest

if t.TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _running_region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local_region.LocalRegion]:
    region = local_region.start(tmp_path_factory.mktemp("local_aws"), "--mlflow", "off")
    yield region
    local_region.stop(region)


@pytest.fixture
def region(_running_region: local_region.LocalRegion) -> local_region.LocalRegion:
    """An empty account in a local AWS without MLflow processes."""
    _running_region.reset()
    return _running_region


@pytest.fixture
def modules(region: local_region.LocalRegion) -> module_run.Modules:
    """Runs the collection's modules against C(region)."""
    return module_run.Modules(region)
