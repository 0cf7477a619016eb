# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the examples run, and from which seed they come."""

from __future__ import annotations

import typing as t

import pytest
from properties.in_process import InProcessRegion
from properties.proof import DEEP, SEED, SEED_VARIABLE
from properties.remembered import Remembered, installed
from properties.world import World

if t.TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_report_header() -> str | None:
    """What repeats a run."""
    return f"{SEED_VARIABLE}={SEED}" if DEEP else None


@pytest.fixture(scope="session")
def _made_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    region = InProcessRegion(tmp_path_factory.mktemp("in_process"))
    yield World(region, Remembered(region))
    region.stop()


@pytest.fixture
def world(_made_world: World) -> Iterator[World]:
    """A local AWS in this process, which takes the place of all of AWS for one test."""
    with _made_world.region.current(), installed(_made_world.remembered):
        yield _made_world
