# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare two MLflow databases after a migration, knowing nothing of how it was done but the ids that it left in tags.

Every field, point, link and file that MLflow's API lets one set must be the same; ids are compared through the tags.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import typing as t
from collections import defaultdict

if t.TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "mlops.origin."
ID = f"{ORIGIN}id"
SERVERS_OWN = ("mlflow.artifactLocation", "mlflow.trace.spansLocation", "mlflow.modelVersions", "mlflow.runName")
HEX = re.compile(r"m-[0-9a-f]{32}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

ReadFile = t.Callable[[str], "dict[str, bytes]"]


class Side:
    """One database."""

    def __init__(self, database: Path, files: ReadFile) -> None:
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        self._connection.row_factory = sqlite3.Row
        self.files = files

    def rows(self, query: str, *values: t.Any) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def pairs(self, table: str, column: str, key: str = "key", value: str = "value") -> dict[t.Any, dict[str, str]]:
        found: dict[t.Any, dict[str, str]] = defaultdict(dict)
        for row in self.rows(f"SELECT {column} AS owner, {key} AS k, {value} AS v FROM {table}"):
            found[row["owner"]][row["k"]] = row["v"]
        return found


class Comparison:
    """All differences, in words."""

    def __init__(self, source: Side, target: Side) -> None:
        self.source, self.target = source, target
        self.differences: list[str] = []
        self.ids: dict[str, str] = {}

    def all(self) -> list[str]:
        """Compare everything."""
        self._learn_ids()
        self._same("experiment", self._experiments(self.source, False), self._experiments(self.target, True))
        self._same("run", self._runs(self.source, False), self._runs(self.target, True))
        self._same("logged model", self._models(self.source, False), self._models(self.target, True))
        self._same("registered model", self._registered(self.source, False), self._registered(self.target, True))
        self._same("version", self._versions(self.source, False), self._versions(self.target, True))
        self._same("trace", self._traces(self.source, False), self._traces(self.target, True))
        self._same("evaluation dataset", self._datasets(self.source, False), self._datasets(self.target, True))
        return self.differences

    def _learn_ids(self) -> None:
        for table, column in (("tags", "run_uuid"), ("experiment_tags", "experiment_id")):
            for row in self.target.rows(f"SELECT {column} AS new, value FROM {table} WHERE key = ?", ID):
                kind = "run" if table == "tags" else "experiment"
                self._learn(kind, row["new"], row["value"])
        for row in self.target.rows(
            "SELECT model_id AS new, tag_value AS value FROM logged_model_tags WHERE tag_key = ?", ID
        ):
            self._learn("model", row["new"], row["value"])

    def _learn(self, kind: str, new: t.Any, old: str) -> None:
        if old in (value for key, value in self.ids.items() if key.startswith(f"{kind} ")) and kind != "experiment":
            self.differences.append(f"{kind} {old} is there twice")
        self.ids[f"{kind} {new}"] = old

    def _old(self, kind: str, new: t.Any) -> str:
        return self.ids.get(f"{kind} {new}", f"{kind} {new} without origin")

    def _text(self, text: str | None, is_target: bool) -> str | None:
        """A text with ids, by their old ones."""
        if not is_target or text is None:
            return text

        def old(match: re.Match[str]) -> str:
            return self.ids.get(f"{'model' if match[0].startswith('m-') else 'run'} {match[0]}", match[0])

        return HEX.sub(old, text)

    def _same(self, kind: str, source: dict[str, t.Any], target: dict[str, t.Any]) -> None:
        for missing in sorted(source.keys() - target.keys()):
            self.differences.append(f"{kind} {missing} is missing")
        for more in sorted(target.keys() - source.keys()):
            self.differences.append(f"{kind} {more} is more")
        for key in sorted(source.keys() & target.keys()):
            for field in source[key]:
                before, after = source[key][field], target[key].get(field)
                if before != after:
                    self.differences.append(f"{kind} {key}: {field} is {after!r:.300}, was {before!r:.300}")

    def _tags(self, tags: dict[str, str], is_target: bool) -> dict[str, str | None]:
        return {
            key: self._text(value, is_target)
            for key, value in tags.items()
            if not key.startswith(ORIGIN) and key not in SERVERS_OWN
        }

    def _experiments(self, side: Side, is_target: bool) -> dict[str, t.Any]:
        tags = side.pairs("experiment_tags", "experiment_id")
        return {
            row["name"]: {
                "lifecycle": row["lifecycle_stage"],
                "tags": self._tags(tags[row["experiment_id"]], is_target),
            }
            for row in side.rows("SELECT * FROM experiments")
        }

    def _runs(self, side: Side, is_target: bool) -> dict[str, t.Any]:
        tags, params = side.pairs("tags", "run_uuid"), side.pairs("params", "run_uuid")
        points: dict[str, list[tuple[t.Any, ...]]] = defaultdict(list)
        query = 'SELECT run_uuid, "key", "timestamp", step, value, is_nan FROM metrics'
        for row in side.rows(query):
            points[row["run_uuid"]].append(tuple(row)[1:])
        names = {row["experiment_id"]: row["name"] for row in side.rows("SELECT * FROM experiments")}
        links = self._links(side, is_target)
        found = {}
        for row in side.rows("SELECT * FROM runs"):
            run_id = row["run_uuid"]
            found[self._old("run", run_id) if is_target else run_id] = {
                "experiment": names[row["experiment_id"]],
                "name": tags[run_id].get("mlflow.runName"),
                **{key: row[key] for key in ("user_id", "status", "start_time", "end_time", "lifecycle_stage")},
                "params": params[run_id],
                "tags": self._tags(tags[run_id], is_target),
                "points": _fingerprint(points[run_id]),
                "links": sorted(links[run_id]),
                "files": self._files(side, row["artifact_uri"], is_target),
            }
        return found

    def _links(self, side: Side, is_target: bool) -> dict[str, list[tuple[str, ...]]]:
        datasets = {row["dataset_uuid"]: row for row in side.rows("SELECT * FROM datasets")}
        tags = side.pairs("input_tags", "input_uuid", "name")
        found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for row in side.rows("SELECT * FROM inputs"):
            if row["source_type"] == "DATASET":
                kept = datasets[row["source_id"]]
                names = ("name", "digest", "dataset_source_type", "dataset_source", "dataset_schema", "dataset_profile")
                fields = [str(kept[key]) for key in names]
                found[row["destination_id"]].append(("dataset", *fields, json.dumps(tags[row["input_uuid"]])))
            else:
                model = self._old("model", row["destination_id"]) if is_target else row["destination_id"]
                step = str(row["step"]) if row["source_type"] == "RUN_OUTPUT" else ""
                found[row["source_id"]].append((row["source_type"], model, step))
        return found

    def _files(self, side: Side, uri: str, is_target: bool) -> dict[str, str]:
        found = {}
        for path, content in side.files(uri).items():
            if path.endswith("MLmodel"):
                content = (self._text(content.decode(), is_target) or "").encode()
            found[path] = hashlib.sha256(content).hexdigest()[:16]
        return found

    def _models(self, side: Side, is_target: bool) -> dict[str, t.Any]:
        tags = side.pairs("logged_model_tags", "model_id", "tag_key", "tag_value")
        params = side.pairs("logged_model_params", "model_id", "param_key", "param_value")
        metrics: dict[str, list[tuple[t.Any, ...]]] = defaultdict(list)
        for row in side.rows("SELECT * FROM logged_model_metrics"):
            run_id = self._old("run", row["run_id"]) if is_target else row["run_id"]
            fields = (
                "metric_name",
                "metric_timestamp_ms",
                "metric_step",
                "metric_value",
                "dataset_name",
                "dataset_digest",
            )
            metrics[row["model_id"]].append((run_id, *(row[key] for key in fields)))
        found = {}
        for row in side.rows("SELECT * FROM logged_models WHERE lifecycle_stage = 'active'"):
            run_id = self._old("run", row["source_run_id"]) if is_target else row["source_run_id"]
            found[self._old("model", row["model_id"]) if is_target else row["model_id"]] = {
                **{key: row[key] for key in ("name", "model_type", "status")},
                "run": run_id,
                "tags": self._tags(tags[row["model_id"]], is_target),
                "params": params[row["model_id"]],
                "metrics": sorted(metrics[row["model_id"]]),
                "files": self._files(side, row["artifact_location"], is_target),
            }
        return found

    def _registered(self, side: Side, is_target: bool) -> dict[str, t.Any]:
        tags = side.pairs("registered_model_tags", "name")
        aliases = side.pairs("registered_model_aliases", "name", "alias", "version")
        return {
            row["name"]: {
                "description": row["description"] or "",
                "tags": self._tags(tags[row["name"]], is_target),
                "aliases": aliases[row["name"]],
            }
            for row in side.rows("SELECT * FROM registered_models")
        }

    def _versions(self, side: Side, is_target: bool) -> dict[str, t.Any]:
        tags = side.pairs("model_version_tags", "name || '/' || version")
        found = {}
        for row in side.rows("SELECT * FROM model_versions WHERE current_stage != 'Deleted_Internal'"):
            key = f"{row['name']}/{row['version']}"
            found[key] = {
                "description": row["description"] or "",
                "stage": row["current_stage"],
                "status": row["status"],
                "run": self._old("run", row["run_id"]) if is_target and row["run_id"] else row["run_id"] or None,
                "tags": self._tags(tags[key], is_target),
                "files": self._version_files(side, row, is_target),
            }
        return found

    def _version_files(self, side: Side, row: sqlite3.Row, is_target: bool) -> dict[str, str]:
        source = str(row["source"])
        return self._files(side, source, is_target) if source.startswith(("s3:", "mlflow-artifacts:")) else {}

    def _traces(self, side: Side, is_target: bool) -> dict[str, t.Any]:
        tags, metadata = side.pairs("trace_tags", "request_id"), side.pairs("trace_request_metadata", "request_id")
        assessments: dict[str, list[tuple[t.Any, ...]]] = defaultdict(list)
        for row in side.rows("SELECT * FROM assessments"):
            left_out = ("trace_id", "experiment_id")
            assessments[row["trace_id"]].append(tuple(row[key] for key in row.keys() if key not in left_out))  # noqa: SIM118  # a Row has no other way
        found = {}
        for row in side.rows("SELECT * FROM trace_info"):
            trace_id = row["request_id"]
            fields = (
                "timestamp_ms",
                "execution_time_ms",
                "status",
                "client_request_id",
                "request_preview",
                "session_id",
            )
            found[trace_id] = {
                **{key: row[key] for key in (*fields, "response_preview", "trace_name")},
                "tags": self._tags(tags[trace_id], is_target),
                "metadata": {key: self._text(value, is_target) for key, value in metadata[trace_id].items()},
                "assessments": sorted(assessments[trace_id], key=str),
                "spans": self._spans(side, trace_id, tags[trace_id]),
            }
        return found

    def _spans(self, side: Side, trace_id: str, tags: dict[str, str]) -> list[t.Any]:
        kept = [json.loads(row[0]) for row in side.rows("SELECT content FROM spans WHERE trace_id = ?", trace_id)]
        if not kept:
            files = side.files(tags["mlflow.artifactLocation"])
            kept = json.loads(files["traces.json"])["spans"] if "traces.json" in files else []
        for span in kept:
            span["attributes"] = {key: json.loads(value) for key, value in span["attributes"].items()}
        return sorted(kept, key=lambda span: str(span["span_id"]))

    def _datasets(self, side: Side, is_target: bool) -> dict[str, t.Any]:
        tags = side.pairs("evaluation_dataset_tags", "dataset_id")
        names = {str(row["experiment_id"]): row["name"] for row in side.rows("SELECT * FROM experiments")}
        experiments: dict[str, list[str]] = defaultdict(list)
        for row in side.rows("SELECT * FROM entity_associations WHERE source_type = 'evaluation_dataset'"):
            experiments[row["source_id"]].append(names[row["destination_id"]])
        records: dict[str, list[str]] = defaultdict(list)
        for row in side.rows("SELECT * FROM evaluation_dataset_records"):
            kept = [json.loads(row[key]) if row[key] else None for key in ("inputs", "outputs", "expectations", "tags")]
            records[row["dataset_id"]].append(json.dumps(kept, sort_keys=True))
        return {
            row["name"]: {
                "tags": self._tags(tags[row["dataset_id"]], is_target),
                "experiments": sorted(experiments[row["dataset_id"]]),
                "records": sorted(records[row["dataset_id"]]),
            }
            for row in side.rows("SELECT * FROM evaluation_datasets")
        }


def _fingerprint(points: list[tuple[t.Any, ...]]) -> str:
    text = repr(sorted(points, key=repr))
    return f"{len(points)} points {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def folder_files(root: Path) -> ReadFile:
    """Files of a server that keeps what it calls mlflow-artifacts: in a folder."""

    def read(uri: str) -> dict[str, bytes]:
        if not uri.startswith("mlflow-artifacts:"):
            return {}
        folder = root / uri.removeprefix("mlflow-artifacts:").lstrip("/")
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read


def bucket_files(client: t.Any, other: ReadFile) -> ReadFile:
    """Files in S3; anything else as C(other) has it."""

    def read(uri: str) -> dict[str, bytes]:
        if not uri.startswith("s3://"):
            return other(uri)
        bucket, _slash, prefix = uri.removeprefix("s3://").partition("/")
        try:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
            keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        except client.exceptions.NoSuchBucket:
            return {}
        return {key[len(prefix) + 1 :]: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    return read
