# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the examples run, and from which seed they come."""

from __future__ import annotations

import typing as t

import pytest
from properties.proof import DEEP, SEED, SEED_VARIABLE
from properties.remembered import Answers
from properties.world import World

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from in_process_aws.place import Place


def pytest_report_header() -> str | None:
    """What repeats a run."""
    return f"{SEED_VARIABLE}={SEED}" if DEEP else None


@pytest.fixture(scope="session")
def _made_world(in_process_place: Place) -> World:
    return World(in_process_place.region, Answers(in_process_place.region))


@pytest.fixture
def world(in_process_place: Place, _made_world: World) -> Iterator[World]:
    """A local AWS in this process, which takes the place of all of AWS for one test."""
    with in_process_place.taken(), _made_world.answers.installed():
        yield _made_world
