# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Logged models and the model registry from MLflow's tables."""

from __future__ import annotations

import math
import typing as t
from collections import defaultdict

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    ACTIVE,
    LoggedModel,
    ModelPoint,
    ModelVersion,
    Point,
    RegisteredModel,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._sql_database import Database, Row

PAGE = 200
STATUS = {0: "UNSPECIFIED", 1: "PENDING", 2: "READY", 3: "FAILED"}


def logged_models(database: Database, experiment_id: str) -> Iterator[LoggedModel]:
    """All of an experiment, deleted ones too."""
    if not database.columns("logged_models"):
        return
    query = "SELECT model_id FROM logged_models WHERE experiment_id = ? ORDER BY creation_timestamp_ms, model_id"
    ids = [str(row[0]) for row in database.tuples(query, [int(experiment_id)])]
    for start in range(0, len(ids), PAGE):
        yield from _logged_models(database, ids[start : start + PAGE])


def _logged_models(database: Database, ids: Sequence[str]) -> Iterator[LoggedModel]:
    rows = {row["model_id"]: row for row in database.of("logged_models", "model_id", ids)}
    params = _pairs(database, "logged_model_params", "model_id", ids, "param_key", "param_value")
    tags = _pairs(database, "logged_model_tags", "model_id", ids, "tag_key", "tag_value")
    metrics: dict[str, list[ModelPoint]] = defaultdict(list)
    for row in database.of("logged_model_metrics", "model_id", ids):
        value = math.nan if row["metric_value"] is None else float(row["metric_value"])
        point = Point(row["metric_name"], value, row["metric_timestamp_ms"], row["metric_step"])
        metrics[row["model_id"]].append(ModelPoint(row["run_id"], point, row["dataset_name"], row["dataset_digest"]))
    for each in ids:
        if each in rows:
            yield _logged_model(rows[each], params[each], tags[each], metrics[each])


def _logged_model(row: Row, params: dict[str, str], tags: dict[str, str], metrics: list[ModelPoint]) -> LoggedModel:
    return LoggedModel(
        id=row["model_id"],
        experiment_id=str(row["experiment_id"]),
        name=row["name"],
        model_type=row["model_type"] or None,
        source_run_id=row["source_run_id"] or None,
        status=STATUS.get(row["status"], "UNSPECIFIED"),
        status_message=row["status_message"],
        artifact_uri=row["artifact_location"],
        creation_time=row["creation_timestamp_ms"],
        last_update_time=row["last_updated_timestamp_ms"],
        params=params,
        tags=tags,
        metrics=tuple(metrics),
        lifecycle_stage=row["lifecycle_stage"] or ACTIVE,
    )


def registered_models(database: Database, workspace: str) -> Iterator[RegisteredModel]:
    """The registry of a workspace, prompts too."""
    where, values = _workspace(database, "registered_models", workspace)
    for row in list(database.rows(f"SELECT * FROM registered_models {where} ORDER BY name", values)):
        yield _registered_model(database, row, workspace)


def _registered_model(database: Database, row: Row, workspace: str) -> RegisteredModel:
    name = row["name"]
    tags = {each["key"]: each["value"] or "" for each in _named(database, "registered_model_tags", name, workspace)}
    aliases = {
        each["alias"]: int(each["version"])
        for each in (
            _named(database, "registered_model_aliases", name, workspace)
            if database.columns("registered_model_aliases")
            else ()
        )
    }
    version_tags: dict[int, dict[str, str]] = defaultdict(dict)
    for each in _named(database, "model_version_tags", name, workspace):
        version_tags[each["version"]][each["key"]] = each["value"] or ""
    versions = [
        _version(each, version_tags[each["version"]])
        for each in _named(database, "model_versions", name, workspace)
        if each["current_stage"] != "Deleted_Internal"
    ]
    return RegisteredModel(
        name=name,
        creation_time=row["creation_time"],
        last_update_time=row["last_updated_time"],
        description=row["description"] or "",
        tags=tags,
        aliases=aliases,
        versions=tuple(sorted(versions, key=lambda version: version.version)),
    )


def _version(row: Row, tags: dict[str, str]) -> ModelVersion:
    return ModelVersion(
        name=row["name"],
        version=int(row["version"]),
        creation_time=row["creation_time"],
        last_update_time=row["last_updated_time"],
        description=row["description"] or "",
        user_id=row["user_id"],
        stage=row["current_stage"] or "None",
        source=row["source"] or "",
        run_id=row["run_id"] or None,
        run_link=row.get("run_link") or None,
        model_id=None,
        status=row["status"] or "READY",
        tags=tags,
    )


def _named(database: Database, table: str, name: str, workspace: str) -> Iterator[Row]:
    where, values = _workspace(database, table, workspace)
    joint = f"{where} AND" if where else "WHERE"
    return database.rows(f"SELECT * FROM {table} {joint} name = ?", [*values, name])


def _workspace(database: Database, table: str, workspace: str) -> tuple[str, list[str]]:
    return ("WHERE workspace = ?", [workspace]) if "workspace" in database.columns(table) else ("", [])


def _pairs(
    database: Database, table: str, column: str, ids: Sequence[str], key: str, value: str
) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in database.of(table, column, ids):
        found[row[column]][row[key]] = row[value] or ""
    return found
