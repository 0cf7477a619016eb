# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every supported version of MLflow as source, into every kind of target:  make migration-matrix

Each version has a virtual environment of its own, which takes minutes to make, so this is no part of C(make test).
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from local_aws.managed_mlflow import managed_mlflow
from local_region import REPOSITORY
from matrix.workload import STEPS
from migration_servers import database, mlflow_server, new_app
from module_run import Modules

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from local_aws.managed_mlflow import ManagedMlflow

__all__ = ["managed_mlflow"]

MODULE = "mlflow_migration"
THIS = "this one"
SOURCES = ("2.8.1", "2.16.2", "3.0.0", "3.4.0", "3.10.0", THIS)
SERVERS = ("2.16.2", "3.0.0", "3.4.0", "3.10.0")
"""Versions that AWS offers or offered, as targets; the local AWS runs this one."""
RUNS, POINTS = 3, 3 * (STEPS + 2)


def python_of(version: str) -> str:
    """The Python that has this version of MLflow."""
    if version == THIS:
        return sys.executable
    python = REPOSITORY / ".venv" / f"mlflow-{version}" / "bin" / "python"
    assert python.exists(), f"{python} is missing: make migration-matrix makes it"
    return str(python)


@dataclass(frozen=True)
class Source:
    """A self-hosted MLflow of a version, with a workload."""

    url: str
    folder: Path

    def end(self, way: str) -> dict[str, str]:
        """How it is read."""
        return database(self.folder) if way == "database" else {"uri": self.url}


@pytest.fixture(scope="module", params=SOURCES)
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """One for each version."""
    python = python_of(request.param)
    folder = tmp_path_factory.mktemp("source")
    with mlflow_server(folder, python) as url:
        workload = Path(__file__).with_name("workload.py")
        subprocess.run([python, str(workload), url], check=True, timeout=300)
        yield Source(url, folder)


@contextlib.contextmanager
def target_of(kind: str, managed: ManagedMlflow, folder: Path) -> Iterator[str]:
    """The URI of an empty target."""
    if kind == "archive":
        yield f"file://{folder}/archive"
    elif kind == "app":
        with new_app(managed, "matrix") as app:
            yield app.arn
    else:
        with mlflow_server(folder, python_of(kind)) as url:
            yield url


@pytest.mark.parametrize("kind", ["app", "archive", *SERVERS])
@pytest.mark.parametrize("way", ["server", "database"])
def test_everything_arrives(way: str, kind: str, source: Source, managed_mlflow: ManagedMlflow, tmp_path: Path) -> None:
    modules = Modules(managed_mlflow.region)
    with target_of(kind, managed_mlflow, tmp_path) as uri:
        wish: dict[str, t.Any] = {"source": source.end(way), "target": {"uri": uri}, "region": "us-east-1"}
        run = modules.run(MODULE, **wish, report_dir=str(tmp_path / "report"))
        again = modules.run(MODULE, **wish, verify="none")
    counts = run.result["counts"]
    assert (run.result["losses"], run.result["differences"]) == (0, 0)
    assert (counts["run"]["created"], counts["metric_point"]["created"]) == (RUNS, POINTS)
    assert counts["model_version"]["created"] == 2
    compared = json.loads((tmp_path / "report" / "report.json").read_text())["verification"]["counts"]
    assert compared["artifact"]["unchanged"] == RUNS
    assert not again.changed
    assert again.result["traffic"]["target"]["writes"] == 0
