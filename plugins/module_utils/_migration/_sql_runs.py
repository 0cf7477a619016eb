# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Runs from MLflow's tables."""

from __future__ import annotations

import math
import typing as t
from collections import defaultdict

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    DatasetInput,
    Point,
    Run,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._sql_database import Database, Row

PAGE = 500
POINTS = 2000
"""Points that are handed over at a time."""


class Inputs(t.NamedTuple):
    """What runs read and made."""

    datasets: dict[str, list[DatasetInput]]
    model_inputs: dict[str, list[str]]
    model_outputs: dict[str, list[tuple[str, int]]]


def pages(database: Database, experiment_id: str) -> Iterator[list[Run]]:
    """All runs of an experiment, the oldest first."""
    # The ids alone are read ahead: a query that stayed open would keep a lock on SQLite.
    query = "SELECT run_uuid FROM runs WHERE experiment_id = ? ORDER BY start_time, run_uuid"
    ids = [str(row[0]) for row in database.tuples(query, [int(experiment_id)])]
    for start in range(0, len(ids), PAGE):
        yield runs_of(database, ids[start : start + PAGE])


def runs_of(database: Database, ids: Sequence[str]) -> list[Run]:
    """These runs, in this order."""
    rows = {row["run_uuid"]: row for row in database.of("runs", "run_uuid", ids)}
    params, tags = _pairs(database, "params", ids), _pairs(database, "tags", ids)
    latest: dict[str, dict[str, Point]] = defaultdict(dict)
    for row in database.of("latest_metrics", "run_uuid", ids):
        latest[row["run_uuid"]][row["key"]] = Point(row["key"], _value(row), row["timestamp"], row["step"])
    inputs = _inputs(database, ids)
    return [_run(rows[each], params[each], tags[each], latest[each], inputs) for each in ids if each in rows]


def points(database: Database, run_id: str) -> Iterator[list[Point]]:
    """Every metric of a run, a bounded number of points at a time."""
    query = 'SELECT "key", value, "timestamp", step, is_nan FROM metrics WHERE run_uuid = ?'
    chunk: list[Point] = []
    for key, value, timestamp, step, is_nan in database.tuples(query, [run_id]):
        chunk.append(Point(key, math.nan if is_nan else value, timestamp, step))
        if len(chunk) == POINTS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def count_points(database: Database, ids: Sequence[str]) -> dict[str, int]:
    """How many points each run has."""
    found = dict.fromkeys(ids, 0)
    for start in range(0, len(ids), PAGE):
        some = ids[start : start + PAGE]
        marks = ", ".join("?" * len(some))
        query = f"SELECT run_uuid, COUNT(*) FROM metrics WHERE run_uuid IN ({marks}) GROUP BY run_uuid"
        found.update((str(run_id), int(count)) for run_id, count in database.tuples(query, some))
    return found


def _value(row: Row) -> float:
    return math.nan if row["is_nan"] else float(row["value"])


def _pairs(database: Database, table: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in database.of(table, "run_uuid", ids):
        found[row["run_uuid"]][row["key"]] = "" if row["value"] is None else str(row["value"])
    return found


def _run(row: Row, params: dict[str, str], tags: dict[str, str], latest: dict[str, Point], inputs: Inputs) -> Run:
    run_id = str(row["run_uuid"])
    return Run(
        id=run_id,
        experiment_id=str(row["experiment_id"]),
        name=row.get("name") or tags.get("mlflow.runName", ""),
        user_id=row.get("user_id") or "",
        status=str(row["status"]),
        start_time=row["start_time"],
        end_time=row["end_time"],
        lifecycle_stage=str(row["lifecycle_stage"]),
        artifact_uri=str(row["artifact_uri"] or ""),
        params=params,
        tags=tags,
        latest=latest,
        datasets=tuple(inputs.datasets.get(run_id, ())),
        model_inputs=tuple(inputs.model_inputs.get(run_id, ())),
        model_outputs=tuple(inputs.model_outputs.get(run_id, ())),
    )


def _inputs(database: Database, ids: Sequence[str]) -> Inputs:
    found = Inputs(defaultdict(list), defaultdict(list), defaultdict(list))
    rows = list(
        database.of("inputs", "destination_id", ids, "AND source_type = 'DATASET' AND destination_type = 'RUN'")
    )
    uuids = sorted({row["source_id"] for row in rows})
    datasets = {row["dataset_uuid"]: row for row in database.of("datasets", "dataset_uuid", uuids)}
    tags: dict[str, dict[str, str]] = defaultdict(dict)
    for row in database.of("input_tags", "input_uuid", [row["input_uuid"] for row in rows]):
        tags[row["input_uuid"]][row["name"]] = row["value"]
    for row in rows:
        if row["source_id"] in datasets:
            found.datasets[row["destination_id"]].append(_dataset(datasets[row["source_id"]], tags[row["input_uuid"]]))
    for row in database.of("inputs", "source_id", ids, "AND source_type IN ('RUN_INPUT', 'RUN_OUTPUT')"):
        if row["source_type"] == "RUN_INPUT":
            found.model_inputs[row["source_id"]].append(row["destination_id"])
        else:
            found.model_outputs[row["source_id"]].append((row["destination_id"], int(row.get("step") or 0)))
    return found


def _dataset(row: Row, tags: dict[str, str]) -> DatasetInput:
    return DatasetInput(
        name=row["name"],
        digest=row["digest"],
        source_type=row["dataset_source_type"],
        source=row["dataset_source"],
        schema=row["dataset_schema"],
        profile=row["dataset_profile"],
        tags=tags,
    )
