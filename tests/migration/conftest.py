# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One self-hosted MLflow and one local AWS with managed ones for all tests of the migration."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

import pytest
from local_aws.managed_mlflow import managed_mlflow
from migration_servers import Managed, database, mlflow_server, write_workload
from module_run import Modules, Run

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from local_aws.managed_mlflow import ManagedMlflow

__all__ = ["managed_mlflow"]


@pytest.fixture(scope="session")
def self_hosted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an MLflow that holds a little of everything."""
    folder = tmp_path_factory.mktemp("self_hosted") / "mlflow"
    write_workload(folder)
    return folder


@pytest.fixture(scope="session")
def url(self_hosted: Path) -> Iterator[str]:
    """A server on the same MLflow."""
    with mlflow_server(self_hosted) as url:
        yield url


@pytest.fixture(scope="session")
def little(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smaller one with everything in it, which no test changes."""
    folder = tmp_path_factory.mktemp("little") / "mlflow"
    write_workload(folder, "--runs", "6")
    return folder


@pytest.fixture(scope="session")
def server(managed_mlflow: ManagedMlflow) -> Managed:
    """A managed tracking server."""
    return Managed(managed_mlflow.region, managed_mlflow.server)


@pytest.fixture(scope="session")
def app(managed_mlflow: ManagedMlflow) -> Managed:
    """A managed App."""
    return Managed(managed_mlflow.region, managed_mlflow.app)


@pytest.fixture(scope="session")
def managed_modules(managed_mlflow: ManagedMlflow) -> Modules:
    """Runs modules against the AWS of the managed MLflow."""
    return Modules(managed_mlflow.region)


@dataclass(frozen=True)
class FirstRun:
    """The first migration into a target that was empty.

    :param preview: what was told before.
    :param differences: between both sides, right after it.
    :param report: where the report is.
    """

    preview: Run
    run: Run
    differences: list[str]
    report: Path


def _move(
    modules: Modules, source: dict[str, str], folder: Path, target: Managed, report: Path, **more: t.Any
) -> FirstRun:
    wish: dict[str, t.Any] = {"source": source, "target": {"uri": target.arn}}
    preview = modules.run("mlflow_migration", check=True, **wish)
    assert target.count("runs") == 0, "a preview wrote"
    run = modules.run("mlflow_migration", **wish, **more, report_dir=str(report))
    return FirstRun(preview, run, target.differences(folder), report)


@pytest.fixture(scope="session")
def moved(
    self_hosted: Path, server: Managed, managed_modules: Modules, tmp_path_factory: pytest.TempPathFactory
) -> FirstRun:
    """The database of the self-hosted MLflow has moved into the tracking server."""
    report = tmp_path_factory.mktemp("report")
    source = database(self_hosted)
    return _move(managed_modules, source, self_hosted, server, report, requests_per_second=500)


@pytest.fixture(scope="session")
def moved_to_app(
    self_hosted: Path, url: str, app: Managed, managed_modules: Modules, tmp_path_factory: pytest.TempPathFactory
) -> FirstRun:
    """The server of the self-hosted MLflow has moved into the App."""
    return _move(managed_modules, {"uri": url}, self_hosted, app, tmp_path_factory.mktemp("report"))
