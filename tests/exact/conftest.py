# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local AWS inside of the test process."""

from __future__ import annotations

import typing as t

import pytest
from in_process_aws.memory import remembering

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from in_process_aws.place import Place
    from in_process_aws.region import InProcessRegion


@pytest.fixture
def place(in_process_place: Place) -> Iterator[Place]:
    """Its clients reach it without a socket, no pause takes time, and moto answers once what it is asked in one state."""
    with in_process_place.taken(), remembering(in_process_place.region):
        yield in_process_place


@pytest.fixture
def aws(place: Place) -> InProcessRegion:
    """An empty account in there."""
    return place.region
