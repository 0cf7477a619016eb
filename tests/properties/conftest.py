# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the examples run, and from which seed they come."""

from __future__ import annotations

import typing as t

import pytest
from properties.in_process import InProcessRegion
from properties.proof import DEEP, SEED, SEED_VARIABLE
from properties.remembered import installed
from properties.world import World

if t.TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_report_header() -> str | None:
    """What repeats a run."""
    return f"{SEED_VARIABLE}={SEED}" if DEEP else None


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A local AWS in this process."""
    region = InProcessRegion(tmp_path_factory.mktemp("in_process"))
    with installed(region) as remembered:
        yield World(region, remembered)
    region.stop()
