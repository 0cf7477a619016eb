# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One local AWS for each test process; an empty account for each test."""

from __future__ import annotations

import functools
import sys
import typing as t
from pathlib import Path
from unittest import mock

# ansible-test reads no pyproject.toml, where pytest finds these folders otherwise.
sys.path.extend(str(Path(__file__).parents[1] / folder) for folder in ("roles/local_aws/files", "tests", "."))

import local_region
import module_run
import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import HealthCheck, settings

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from in_process_aws.place import Place


# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def _models_read_once() -> Iterator[None]:
    """Each module run makes its own botocore session; without this, each would parse the same large models again."""
    read = functools.cache(functools.partial(JSONFileLoader.load_file, JSONFileLoader()))
    with mock.patch.object(JSONFileLoader, "load_file", lambda _loader, path: read(path)):
        yield


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


@pytest.fixture(scope="session")
def in_process_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The one local AWS inside of this process, which takes AWS's place in tests that need thousands of runs."""
    from in_process_aws.place import Place  # loads the local AWS, which few tests need in their own process
    from in_process_aws.region import InProcessRegion  # as above

    made = InProcessRegion(tmp_path_factory.mktemp("in_process_aws"))
    yield Place(made)
    made.stop()
