# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""From the JSON of MLflow's REST API to plain entities."""

from __future__ import annotations

import json
import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    ACTIVE,
    DatasetInput,
    Experiment,
    LoggedModel,
    ModelPoint,
    ModelVersion,
    Point,
    RegisteredModel,
    Run,
    Trace,
    number,
)

Document = dict[str, t.Any]

_SECONDS = re.compile(r"(-?\d+(?:\.\d+)?)s")


def pairs(items: t.Iterable[Document] | None) -> dict[str, str]:
    """A list of keys and values."""
    return {str(item["key"]): str(item.get("value", "")) for item in items or ()}


def integer(value: t.Any) -> int | None:
    """A 64-bit number, which some servers write as a string."""
    return None if value is None else int(value)


def point(item: Document) -> Point:
    """One value of a metric."""
    return Point(item["key"], number(item["value"]), int(item.get("timestamp", 0)), int(item.get("step", 0)))


def experiment(item: Document) -> Experiment:
    """One of experiments/search."""
    return Experiment(
        id=str(item["experiment_id"]),
        name=item["name"],
        artifact_location=item.get("artifact_location", ""),
        lifecycle_stage=item.get("lifecycle_stage", ACTIVE),
        creation_time=integer(item.get("creation_time")),
        last_update_time=integer(item.get("last_update_time")),
        tags=pairs(item.get("tags")),
    )


def run(item: Document) -> Run:
    """One of runs/search or runs/get; runs/search leaves model inputs out."""
    info, data = item["info"], item.get("data", {})
    inputs, outputs = item.get("inputs", {}), item.get("outputs", {})
    tags = pairs(data.get("tags"))
    return Run(
        id=info.get("run_id") or info["run_uuid"],
        experiment_id=str(info["experiment_id"]),
        name=info.get("run_name") or tags.get("mlflow.runName", ""),
        user_id=info.get("user_id", ""),
        status=info.get("status", "RUNNING"),
        start_time=integer(info.get("start_time")),
        end_time=integer(info.get("end_time")),
        lifecycle_stage=info.get("lifecycle_stage", ACTIVE),
        artifact_uri=info.get("artifact_uri", ""),
        params=pairs(data.get("params")),
        tags=tags,
        latest={each["key"]: point(each) for each in data.get("metrics", ())},
        datasets=tuple(_dataset(each) for each in inputs.get("dataset_inputs", ())),
        model_inputs=tuple(each["model_id"] for each in inputs.get("model_inputs", ())),
        model_outputs=tuple((each["model_id"], int(each.get("step", 0))) for each in outputs.get("model_outputs", ())),
    )


def _dataset(item: Document) -> DatasetInput:
    dataset = item["dataset"]
    return DatasetInput(
        name=dataset["name"],
        digest=dataset["digest"],
        source_type=dataset.get("source_type", ""),
        source=dataset.get("source", ""),
        schema=dataset.get("schema"),
        profile=dataset.get("profile"),
        tags=pairs(item.get("tags")),
    )


def logged_model(item: Document) -> LoggedModel:
    """One of logged-models/search."""
    info, data = item["info"], item.get("data", {})
    return LoggedModel(
        id=info["model_id"],
        experiment_id=str(info["experiment_id"]),
        name=info["name"],
        model_type=info.get("model_type") or None,
        source_run_id=info.get("source_run_id") or None,
        status=_status(info.get("status")),
        status_message=info.get("status_message"),
        artifact_uri=info.get("artifact_uri", ""),
        creation_time=integer(info.get("creation_timestamp_ms")),
        last_update_time=integer(info.get("last_updated_timestamp_ms")),
        params=pairs(data.get("params")),
        tags=pairs(info.get("tags")),
        metrics=tuple(
            ModelPoint(each.get("run_id", ""), point(each), each.get("dataset_name"), each.get("dataset_digest"))
            for each in data.get("metrics", ())
        ),
    )


def _status(value: t.Any) -> str:
    if isinstance(value, int):
        return {1: "PENDING", 2: "READY", 3: "FAILED"}.get(value, "UNSPECIFIED")
    return str(value or "UNSPECIFIED").removeprefix("LOGGED_MODEL_").removeprefix("UPLOAD_")


def version(item: Document) -> ModelVersion:
    """One of model-versions/search."""
    return ModelVersion(
        name=item["name"],
        version=int(item["version"]),
        creation_time=integer(item.get("creation_timestamp")),
        last_update_time=integer(item.get("last_updated_timestamp")),
        description=item.get("description", ""),
        user_id=item.get("user_id"),
        stage=item.get("current_stage") or "None",
        source=item.get("source", ""),
        run_id=item.get("run_id") or None,
        run_link=item.get("run_link") or None,
        model_id=item.get("model_id") or None,
        status=item.get("status", "READY"),
        tags=pairs(item.get("tags")),
    )


def registered_model(item: Document, versions: t.Iterable[ModelVersion]) -> RegisteredModel:
    """One of registered-models/search."""
    return RegisteredModel(
        name=item["name"],
        creation_time=integer(item.get("creation_timestamp")),
        last_update_time=integer(item.get("last_updated_timestamp")),
        description=item.get("description", ""),
        tags=pairs(item.get("tags")),
        aliases={each["alias"]: int(each["version"]) for each in item.get("aliases", ())},
        versions=tuple(sorted(versions, key=lambda each: each.version)),
    )


def trace(item: Document) -> Trace:
    """One of traces/search, without spans."""
    location = item.get("trace_location", {}).get("mlflow_experiment", {})
    return Trace(
        id=item["trace_id"],
        experiment_id=str(location.get("experiment_id", "")),
        request_time=milliseconds(item.get("request_time", "1970-01-01T00:00:00Z")),
        duration=_duration(item.get("execution_duration")),
        state=item.get("state", "STATE_UNSPECIFIED"),
        client_request_id=item.get("client_request_id") or None,
        request_preview=item.get("request_preview"),
        response_preview=item.get("response_preview"),
        metadata=dict(item.get("trace_metadata", {})),
        tags=dict(item.get("tags", {})),
        assessments=tuple(sorted(item.get("assessments", ()), key=lambda each: str(each.get("assessment_id")))),
    )


def json_tags(item: Document) -> dict[str, str]:
    """An evaluation dataset's tags, which are JSON in a string."""
    return {str(key): str(value) for key, value in json.loads(item.get("tags") or "{}").items()}


def milliseconds(text: str) -> int:
    """A time of protobuf's JSON; fractions have 0, 3, 6 or 9 digits."""
    base, _point, fraction = text.rstrip("Z").partition(".")
    seconds = datetime.strptime(base, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
    return int(seconds) * 1000 + int((fraction + "000")[:3])


def _duration(text: str | None) -> int | None:
    match = _SECONDS.fullmatch(text or "")
    return round(float(match[1]) * 1000) if match else None
