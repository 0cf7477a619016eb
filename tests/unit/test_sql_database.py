# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database that is read without its server: what it lacks is not there, and what cannot be read now is told."""

from __future__ import annotations

import shutil
import sqlite3
import typing as t
from contextlib import closing

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _sql_database as sql

if t.TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mlflow.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE runs (run_uuid TEXT, name TEXT)")
        connection.executemany("INSERT INTO runs VALUES (?, ?)", [(str(number), "x" * 1000) for number in range(500)])
        connection.commit()
    return path


def database(path: Path) -> sql.Database:
    return sql.Database("source.uri", f"sqlite:///{path}")


def test_a_table_that_a_version_lacks_has_no_columns(file: Path) -> None:
    assert database(file).columns("runs") == {"run_uuid", "name"}
    assert database(file).columns("logged_models") == set()


def test_a_table_that_is_locked_is_not_taken_for_one_that_is_missing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DATABASE_LOCK", 0.05)
    read = database(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(MlflowError, match="refused to be read: database is locked"):
            read.columns("runs")
    assert read.columns("runs") == {"run_uuid", "name"}


def test_what_a_killed_server_left_is_told_with_what_to_do(file: Path, tmp_path: Path) -> None:
    (tmp_path / "killed").mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN")
        writer.execute("UPDATE runs SET name = 'y'")
        for each in tmp_path.glob("mlflow.db*"):
            shutil.copy(each, tmp_path / "killed")
    with pytest.raises(MlflowError, match="Start its server once"):
        database(tmp_path / "killed" / "mlflow.db").columns("runs")


class RefusedError(Exception):
    """Of a driver, which has its own words and codes."""

    sqlstate: str | None = None
    pgcode: str | None = None


def coded(field: str, code: str) -> RefusedError:
    refusal = RefusedError("relation does not exist")
    setattr(refusal, field, code)
    return refusal


@pytest.mark.parametrize(
    ("error", "is_missing"),
    [
        (coded("sqlstate", "42P01"), True),
        (coded("pgcode", "42P01"), True),
        (RefusedError(1146, "Table 'mlflow.logged_models' doesn't exist"), True),
        (coded("sqlstate", "42501"), False),
        (RefusedError(1142, "SELECT command denied"), False),
        (RefusedError("server closed the connection unexpectedly"), False),
    ],
)
def test_each_database_has_its_own_way_to_say_that_there_is_no_table(error: Exception, is_missing: bool) -> None:
    assert sql._is_missing(error) == is_missing
