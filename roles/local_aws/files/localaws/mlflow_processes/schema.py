# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""MLflow's database tables, made once and copied for every server.

Running all of MLflow's migrations takes seconds, a copy of the empty result (1 MB of SQLite) takes none. The template carries MLflow's
version in its name, and each server's database has the version that migrated it beside it, so that a newer MLflow migrates what an older one left.
"""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Any

from localaws.mlflow_processes import environment
from localaws.mlflow_processes.launch import Launch, LaunchError, last_lines

if TYPE_CHECKING:
    from pathlib import Path

    from localaws.mlflow_processes.zygote_client import ZygoteClient


class Schema:
    """The templates in one home, one for each MLflow version."""

    def __init__(self, directory: Path, seconds: float) -> None:
        self._directory = directory
        self._seconds = seconds
        self._lock = threading.Lock()

    def prepare(self, zygote: ZygoteClient) -> Path:
        """Make sure that the template exists; whoever comes second waits for the first."""
        template = self._directory / f"schema-{zygote.mlflow_version}.db"
        with self._lock:
            if not template.exists():
                unfinished = template.with_suffix(".unfinished")
                unfinished.unlink(missing_ok=True)
                self._migrate(zygote, unfinished)
                unfinished.rename(template)
        return template

    def provide(self, zygote: ZygoteClient, launch: Launch) -> None:
        """Give a server its database: a copy of the template, or its own of before, migrated if MLflow is newer."""
        launch.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        version_file = launch.directory / "mlflow-version"
        if not launch.database.exists():
            unfinished = launch.database.with_suffix(".unfinished")
            shutil.copyfile(self.prepare(zygote), unfinished)
            unfinished.rename(launch.database)
        elif version_file.exists() and version_file.read_text(encoding="utf-8") != zygote.mlflow_version:
            self._migrate(zygote, launch.database)
        version_file.write_text(zygote.mlflow_version, encoding="utf-8")

    def _migrate(self, zygote: ZygoteClient, database: Path) -> None:
        log = self._directory / "schema.log"
        command: dict[str, Any] = {
            "do": "migrate",
            "database": str(database),
            "directory": str(self._directory),
            "log": str(log),
            "environ": environment.of_zygote(),
        }
        child = zygote.start(f"migrate {database}", command)
        if not child.exited.wait(self._seconds):
            zygote.stop(child)
            raise LaunchError(f"MLflow's database was not ready within {self._seconds:g} seconds; see {log}")
        if child.status != 0:
            raise LaunchError(f"MLflow's database could not be made:\n{last_lines(log)}")
