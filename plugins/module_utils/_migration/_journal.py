# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What has moved where, and an index of logged models, in a file instead of memory.

The target is the truth: the journal is filled from it at the beginning of each run, so a lost journal loses nothing.
"""

from __future__ import annotations

import csv
import json
import pickle
import sqlite3
import threading
import typing as t
from dataclasses import dataclass, field

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        LoggedModel,
        ModelPoint,
    )

ROWS = 1000

_TABLES = """
CREATE TABLE moved (kind TEXT, old TEXT, new TEXT, digest TEXT, facts TEXT, PRIMARY KEY (kind, old));
CREATE TABLE models (id TEXT PRIMARY KEY, run_id TEXT, document BLOB);
CREATE INDEX models_of_run ON models (run_id);
CREATE TABLE model_points (run_id TEXT, model_id TEXT, document BLOB);
CREATE INDEX points_of_run ON model_points (run_id);
"""


@dataclass(frozen=True)
class Moved:
    """One thing that is in the target.

    :param digest: of what it was when it moved.
    :param facts: what else the target says of it.
    """

    kind: str
    old: str
    new: str
    digest: str = ""
    facts: dict[str, t.Any] = field(default_factory=dict)


class Journal:
    """May be used by many threads."""

    def __init__(self, path: Path | None = None) -> None:
        # An empty name is SQLite's for a file that it makes, and removes when it is closed.
        self._connection = sqlite3.connect("" if path is None else str(path), check_same_thread=False)
        self._connection.executescript(_TABLES)
        self._lock = threading.Lock()

    def put(self, moved: Moved) -> None:
        """Remember; what was remembered of the same thing is replaced."""
        row = (moved.kind, moved.old, moved.new, moved.digest, json.dumps(moved.facts))
        with self._lock:
            self._connection.execute("INSERT OR REPLACE INTO moved VALUES (?, ?, ?, ?, ?)", row)

    def get(self, kind: str, old: str) -> Moved | None:
        """What is known of a thing by its old id."""
        with self._lock:
            cursor = self._connection.execute("SELECT * FROM moved WHERE kind = ? AND old = ?", (kind, old))
            row = cursor.fetchone()
        return None if row is None else Moved(row[0], row[1], row[2], row[3], json.loads(row[4]))

    def new_id(self, kind: str, old: str | None) -> str | None:
        """The new id; None when the thing is not in the target."""
        found = self.get(kind, old) if old else None
        return found.new if found else None

    def all(self) -> Iterator[Moved]:
        """Everything, by kind and old id, a bounded number in memory."""
        last = ("", "")
        query = "SELECT * FROM moved WHERE (kind, old) > (?, ?) ORDER BY kind, old LIMIT ?"
        while True:
            with self._lock:
                rows = self._connection.execute(query, (*last, ROWS)).fetchall()
            if not rows:
                return
            for row in rows:
                yield Moved(row[0], row[1], row[2], row[3], json.loads(row[4]))
            last = (rows[-1][0], rows[-1][1])

    def keep_models(self, models: Iterable[LoggedModel]) -> int:
        """Index logged models by the run that made them and by the runs that measured them; their number."""
        count = 0
        for model in models:
            count += 1
            with self._lock:
                row = (model.id, model.source_run_id or "", pickle.dumps(model))
                self._connection.execute("INSERT OR REPLACE INTO models VALUES (?, ?, ?)", row)
                self._connection.executemany(
                    "INSERT INTO model_points VALUES (?, ?, ?)",
                    [(each.run_id, model.id, pickle.dumps(each)) for each in model.metrics],
                )
        return count

    def models_of(self, run_id: str) -> list[LoggedModel]:
        """The logged models that a run made."""
        with self._lock:
            query = "SELECT document FROM models WHERE run_id = ? ORDER BY id"
            rows = self._connection.execute(query, (run_id,)).fetchall()
        return [pickle.loads(row[0]) for row in rows]

    def models(self) -> Iterator[LoggedModel]:
        """All logged models of the source."""
        with self._lock:
            ids = [row[0] for row in self._connection.execute("SELECT id FROM models ORDER BY id")]
        for each in ids:
            with self._lock:
                row = self._connection.execute("SELECT document FROM models WHERE id = ?", (each,)).fetchone()
            yield pickle.loads(row[0])

    def is_to_come(self, model_id: str, run_id: str) -> bool:
        """Whether a logged model is one of another run of the source and has not moved yet."""
        query = (
            "SELECT 1 FROM models WHERE id = ? AND run_id NOT IN (?, '') "
            "AND NOT EXISTS (SELECT 1 FROM moved WHERE kind = 'model' AND old = models.id)"
        )
        with self._lock:
            return self._connection.execute(query, (model_id, run_id)).fetchone() is not None

    def model_points_of(self, run_id: str) -> list[tuple[str, ModelPoint]]:
        """The points that a run measured of logged models, with the models' old ids."""
        with self._lock:
            query = "SELECT model_id, document FROM model_points WHERE run_id = ?"
            rows = self._connection.execute(query, (run_id,)).fetchall()
        return [(row[0], pickle.loads(row[1])) for row in rows]

    def write_csv(self, path: Path) -> None:
        """The map from old to new ids, for people and programs."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["kind", "old_id", "new_id", "name"])
            for moved in self.all():
                writer.writerow([moved.kind, moved.old, moved.new, moved.facts.get("name", "")])

    def close(self) -> None:
        """Let it go."""
        with self._lock:
            self._connection.close()


class SameIds(Journal):
    """Of an archive: everything has the id that it had."""

    def get(self, kind: str, old: str) -> Moved | None:
        """As if everything had moved; the comparison finds what has not."""
        return super().get(kind, old) or Moved(kind, old, old)
