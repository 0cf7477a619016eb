# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One local AWS inside of the test process for a file."""

from __future__ import annotations

import typing as t

import pytest
from fault_matrix.near_aws import NearAws

if t.TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearAws]:
    """Its clients reach it without a socket, and no pause takes time."""
    near = NearAws(tmp_path_factory.mktemp("near_aws"))
    with near.connected():
        yield near
