# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""A connection to the database of a self-hosted MLflow that can only read."""

from __future__ import annotations

import importlib
import sqlite3
import threading
import typing as t
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FETCHED = 2000
"""Rows that are in memory at a time."""
AT_ONCE = 500
"""How many ids one query names: SQLite took at most 999 variables for a long time."""

DRIVERS: dict[str, tuple[str, ...]] = {
    "postgresql": ("psycopg", "psycopg2"),
    "postgres": ("psycopg", "psycopg2"),
    "mysql": ("pymysql", "MySQLdb"),
}
"""DB-API drivers by scheme, in the order in which they are tried."""

Row = dict[str, t.Any]


class Database:
    """Rows as dictionaries, so that a column that a version of MLflow lacks is simply not there. One connection a thread."""

    def __init__(self, option: str, uri: str, username: str | None = None, password: str | None = None) -> None:
        self.place = _without_password(uri)
        login = {key: value for key, value in (("user", username), ("password", password)) if value}
        self._connect, self._marker, self._errors = _connector(option, uri, login)
        self._mine = threading.local()
        self._connections: list[t.Any] = []
        self._lock = threading.Lock()
        self._columns: dict[str, frozenset[str]] = {}

    def columns(self, table: str) -> frozenset[str]:
        """The table's columns; none when there is no such table."""
        if table not in self._columns:
            connection = self._connection()
            cursor = connection.cursor()
            try:
                cursor.execute(f"SELECT * FROM {table} WHERE 1 = 0")
                names = frozenset(column[0] for column in cursor.description)
            except self._errors as error:
                # Whatever else keeps a table from being read must not pass for a version of MLflow that has none.
                if not _is_missing(error):
                    raise self._refusal(error) from error
                # PostgreSQL refuses everything else on a connection until a failed statement is rolled back.
                connection.rollback()
                names = frozenset()
            finally:
                cursor.close()
            self._columns[table] = names
        return self._columns[table]

    def tuples(self, query: str, parameters: Sequence[t.Any] = ()) -> Iterator[tuple[t.Any, ...]]:
        """Rows as they come, a bounded number in memory. Question marks stand for parameters."""
        cursor = self._execute(query, parameters)
        try:
            while rows := cursor.fetchmany(FETCHED):
                yield from rows
        finally:
            cursor.close()

    def rows(self, query: str, parameters: Sequence[t.Any] = ()) -> Iterator[Row]:
        """The same as dictionaries."""
        cursor = self._execute(query, parameters)
        try:
            names = [column[0] for column in cursor.description]
            while rows := cursor.fetchmany(FETCHED):
                for row in rows:
                    yield dict(zip(names, row, strict=True))
        finally:
            cursor.close()

    def of(self, table: str, column: str, ids: Sequence[t.Any], extra: str = "") -> Iterator[Row]:
        """The rows whose column has one of these values; none when there is no such table."""
        if column not in self.columns(table):
            return
        for start in range(0, len(ids), AT_ONCE):
            some = ids[start : start + AT_ONCE]
            marks = ", ".join("?" * len(some))
            yield from self.rows(f"SELECT * FROM {table} WHERE {column} IN ({marks}) {extra}", some)

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def _execute(self, query: str, parameters: Sequence[t.Any]) -> t.Any:
        cursor = self._connection().cursor()
        try:
            cursor.execute(query.replace("?", self._marker), tuple(parameters))
        except self._errors as error:
            cursor.close()
            raise self._refusal(error) from error
        return cursor

    def _refusal(self, error: Exception) -> MlflowError:
        # SQLite says this when a writer was killed: the first reader that may write undoes what that one had begun.
        hint = " Start its server once: it was killed while it wrote." if "readonly database" in str(error) else ""
        return MlflowError(f"The database {self.place} refused to be read: {error}.{hint}")

    def _connection(self) -> t.Any:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            try:
                connection = self._connect()
            except self._errors as error:
                raise MlflowError(f"The database {self.place} cannot be opened: {error}") from error
            self._mine.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection


def _connector(
    option: str, uri: str, login: dict[str, str]
) -> tuple[Callable[[], t.Any], str, tuple[type[Exception], ...]]:
    scheme = uri.partition(":")[0].partition("+")[0]
    if scheme == "sqlite":
        return _sqlite(option, uri), "?", (sqlite3.Error,)
    driver = _driver(option, uri, scheme)
    connect = _mysql if scheme == "mysql" else _postgresql
    return lambda: connect(driver, uri, login), "%s", (driver.Error,)


def _sqlite(option: str, uri: str) -> Callable[[], sqlite3.Connection]:
    path = Path(unquote(uri.removeprefix("sqlite:///").partition("?")[0]))
    if not uri.startswith("sqlite:///") or not path.is_file():
        raise MlflowError(f"{option}: there is no SQLite database at '{uri}': give sqlite:////absolute/path/mlflow.db.")
    # In autocommit no lock outlives a query, so a server that writes there goes on undisturbed.
    return lambda: sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=limits.DATABASE_LOCK,
        isolation_level=None,
        check_same_thread=False,
    )


def _driver(option: str, uri: str, scheme: str) -> t.Any:
    if scheme not in DRIVERS:
        raise MlflowError(
            f"{option}: '{_without_password(uri)}' is no database that is known: SQLite, PostgreSQL, MySQL."
        )
    named = uri.partition(":")[0].partition("+")[2]
    candidates = (named,) if named else DRIVERS[scheme]
    for candidate in candidates:
        try:
            return importlib.import_module(candidate)
        except ImportError:
            continue
    raise MlflowError(
        f"{option}: reading a {scheme} database needs the Python package {' or '.join(candidates)} on the host of the task. "
        "Install one, or give the URL of the MLflow server instead."
    )


def _is_missing(error: Exception) -> bool:
    """Whether SQLite, PostgreSQL or MySQL says that there is no such table."""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    return state == "42P01" or error.args[:1] == (1146,) or str(error).startswith("no such table")


def _login(uri: str, database: str) -> dict[str, t.Any]:
    parts = urlsplit(uri)
    login = {
        "host": parts.hostname or "localhost",
        "port": parts.port,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        database: unquote(parts.path.lstrip("/")),
        **dict(parse_qsl(parts.query)),
    }
    return {key: value for key, value in login.items() if value is not None}


def _postgresql(driver: t.Any, uri: str, login: dict[str, str]) -> t.Any:
    connection = driver.connect(**{**_login(uri, "dbname"), **login})
    connection.autocommit = True
    connection.cursor().execute("SET default_transaction_read_only = on")
    return connection


def _mysql(driver: t.Any, uri: str, login: dict[str, str]) -> t.Any:
    connection = driver.connect(**{**_login(uri, "database"), **login}, charset="utf8mb4", autocommit=True)
    cursor = connection.cursor()
    # Then names are quoted as everywhere else: "key" and "schema" are words of MySQL's.
    cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES'), SESSION transaction_read_only = 1")
    return connection


def _without_password(uri: str) -> str:
    scheme, separator, rest = uri.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"
