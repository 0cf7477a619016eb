# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Traces and evaluation datasets from MLflow's tables, in the form of the REST API."""

from __future__ import annotations

import json
import typing as t
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timezone

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    EvaluationDataset,
    Trace,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._sql_database import Database, Row

PAGE = 200
NAME_TAG = "mlflow.traceName"
SESSION = "mlflow.trace.session"
COLUMNS_OF_METADATA: dict[str, tuple[str, ...]] = {
    "mlflow.trace.tokenUsage": (
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "cache_creation_input_tokens_above_1hr",
    ),
    "mlflow.trace.cost": ("input_cost", "output_cost", "total_cost"),
}
"""Metadata that newer versions keep in columns, under the same names as in the metadata's JSON."""


def traces(database: Database, experiment_id: str) -> Iterator[list[Trace]]:
    """All of an experiment without spans, the oldest first."""
    if not database.columns("trace_info"):
        return
    query = "SELECT request_id FROM trace_info WHERE experiment_id = ? ORDER BY timestamp_ms, request_id"
    ids = [str(row[0]) for row in database.tuples(query, [int(experiment_id)])]
    for start in range(0, len(ids), PAGE):
        yield _traces(database, ids[start : start + PAGE])


def with_spans(database: Database, some: Sequence[Trace]) -> list[Trace]:
    """The same traces with the spans that are in the database; None where there are none."""
    spans: dict[str, list[dict[str, t.Any]]] = defaultdict(list)
    for row in database.of("spans", "trace_id", [trace.id for trace in some]):
        spans[row["trace_id"]].append(json.loads(row["content"]))
    return [
        replace(trace, spans=tuple(sorted(spans[trace.id], key=_beginning)) if trace.id in spans else None)
        for trace in some
    ]


def _beginning(span: dict[str, t.Any]) -> int:
    return int(span.get("start_time_unix_nano") or 0)


def _traces(database: Database, ids: Sequence[str]) -> list[Trace]:
    rows = {row["request_id"]: row for row in database.of("trace_info", "request_id", ids)}
    tags, metadata = _pairs(database, "trace_tags", ids), _pairs(database, "trace_request_metadata", ids)
    assessments: dict[str, list[dict[str, t.Any]]] = defaultdict(list)
    for row in database.of("assessments", "trace_id", ids):
        assessments[row["trace_id"]].append(_assessment(row))
    return [_trace(rows[each], tags[each], metadata[each], assessments[each]) for each in ids if each in rows]


def _pairs(database: Database, table: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in database.of(table, "request_id", ids):
        found[row["request_id"]][row["key"]] = row["value"] or ""
    return found


def _trace(row: Row, tags: dict[str, str], metadata: dict[str, str], assessments: list[dict[str, t.Any]]) -> Trace:
    if row.get("trace_name") is not None:
        tags[NAME_TAG] = row["trace_name"]
    if row.get("session_id") is not None:
        metadata[SESSION] = row["session_id"]
    for key, columns in COLUMNS_OF_METADATA.items():
        values = {column: row[column] for column in columns if row.get(column) is not None}
        if values:
            metadata[key] = json.dumps(values)
    return Trace(
        id=row["request_id"],
        experiment_id=str(row["experiment_id"]),
        request_time=row["timestamp_ms"],
        duration=row["execution_time_ms"],
        state=row["status"],
        client_request_id=row.get("client_request_id"),
        request_preview=row.get("request_preview"),
        response_preview=row.get("response_preview"),
        metadata=metadata,
        tags=tags,
        assessments=tuple(sorted(assessments, key=lambda each: str(each["assessment_id"]))),
    )


def _assessment(row: Row) -> dict[str, t.Any]:
    value = json.loads(row["value"])
    found: dict[str, t.Any] = {
        "assessment_id": row["assessment_id"],
        "assessment_name": row["name"],
        "trace_id": row["trace_id"],
        "source": {"source_type": row["source_type"], "source_id": row["source_id"]},
        "create_time": timestamp(row["created_timestamp"]),
        "last_update_time": timestamp(row["last_updated_timestamp"]),
        "valid": bool(row["valid"]),
    }
    optional = {"span_id": row["span_id"], "rationale": row["rationale"], "overrides": row["overrides"]}
    found.update({key: content for key, content in optional.items() if content})
    if row["assessment_metadata"]:
        found["metadata"] = {key: str(each) for key, each in json.loads(row["assessment_metadata"]).items()}
    if row["assessment_type"] == "expectation":
        found["expectation"] = _expectation(value)
    elif row["assessment_type"] == "issue":
        found["issue"] = value
    else:
        error = json.loads(row["error"]) if row["error"] else None
        found["feedback"] = {"value": value, **({"error": error} if error else {})}
    return found


def _expectation(value: t.Any) -> dict[str, t.Any]:
    if isinstance(value, (dict, list)):
        return {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": json.dumps(value)}}
    return {"value": value}


def timestamp(milliseconds: int) -> str:
    """As protobuf writes a time in JSON."""
    moment = datetime.fromtimestamp(milliseconds // 1000, tz=timezone.utc)
    fraction = f".{milliseconds % 1000:03d}" if milliseconds % 1000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def evaluation_datasets(
    database: Database, workspace: str, experiment_ids: frozenset[str]
) -> Iterator[EvaluationDataset]:
    """Those of these experiments, and those of none."""
    if not database.columns("evaluation_datasets"):
        return
    experiments: dict[str, list[str]] = defaultdict(list)
    query = (
        "SELECT source_type, source_id, destination_type, destination_id FROM entity_associations "
        "WHERE source_type = 'evaluation_dataset' OR destination_type = 'evaluation_dataset'"
    )
    for source_type, source_id, destination_type, destination_id in database.tuples(query):
        if source_type == "evaluation_dataset" and destination_type == "experiment":
            experiments[source_id].append(destination_id)
        elif source_type == "experiment":
            experiments[destination_id].append(source_id)
    for row in list(database.rows("SELECT * FROM evaluation_datasets ORDER BY created_time, dataset_id")):
        its = tuple(sorted(experiments[row["dataset_id"]]))
        is_here = row.get("workspace", workspace) == workspace
        if is_here and (not its or experiment_ids.intersection(its)):
            yield _evaluation_dataset(database, row, its)


def _evaluation_dataset(database: Database, row: Row, experiment_ids: tuple[str, ...]) -> EvaluationDataset:
    ids = [row["dataset_id"]]
    return EvaluationDataset(
        id=row["dataset_id"],
        name=row["name"],
        tags={each["key"]: each["value"] for each in database.of("evaluation_dataset_tags", "dataset_id", ids)},
        experiment_ids=experiment_ids,
        creation_time=row["created_time"],
        created_by=row["created_by"],
        records=tuple(_record(each) for each in database.of("evaluation_dataset_records", "dataset_id", ids)),
    )


def _record(row: Row) -> dict[str, t.Any]:
    decoded = {key: _decoded(row[key]) for key in ("inputs", "outputs", "expectations", "tags", "source")}
    outputs = decoded["outputs"]
    if isinstance(outputs, dict) and set(outputs) == {"mlflow_wrapped"}:
        decoded["outputs"] = outputs["mlflow_wrapped"]
    return {key: value for key, value in decoded.items() if value is not None}


def _decoded(value: t.Any) -> t.Any:
    """SQLite keeps JSON as text, PostgreSQL and MySQL hand it over decoded or as text."""
    return json.loads(value) if isinstance(value, (str, bytes)) else value
