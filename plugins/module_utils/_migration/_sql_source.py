# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""An MLflow that is read from its database, past its server: no request, and what is deleted is there too."""

from __future__ import annotations

import json
import typing as t
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _sql_models as models
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _sql_runs as sql_runs
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _sql_traces as sql_traces
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import ACTIVE, Experiment
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import SourceFacts

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import ArtifactStore
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        EvaluationDataset,
        LoggedModel,
        Point,
        RegisteredModel,
        Run,
        Trace,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._sql_database import Database

DEFAULT_WORKSPACE = "default"
BATCH = 50


class SqlHistories:
    """Read when they are asked for: a query a run."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def points(self, run: Run) -> Iterator[list[Point]]:
        """Every point of one run."""
        return sql_runs.points(self._database, run.id)


class SqlSource:
    """One database."""

    def __init__(self, database: Database, artifacts: ArtifactStore, workspace: str = DEFAULT_WORKSPACE) -> None:
        self.database = database
        self.artifacts = artifacts
        self._workspace = workspace
        if not database.columns("experiments") or not database.columns("runs"):
            raise MlflowError(f"The database {database.place} holds no MLflow: it has no tables experiments and runs.")
        self.facts = SourceFacts(
            "database",
            database.place,
            self._version(),
            bool(database.columns("logged_models")),
            bool(database.columns("trace_info")),
            bool(database.columns("evaluation_datasets")),
        )

    def _version(self) -> str:
        if not self.database.columns("alembic_version"):
            return "unknown"
        revision = next(self.database.tuples("SELECT version_num FROM alembic_version"), ("unknown",))[0]
        return f"schema {revision}"

    def experiments(self) -> Iterator[Experiment]:
        """All of the workspace, deleted ones too."""
        where, values = "", []
        if "workspace" in self.database.columns("experiments"):
            where, values = "WHERE workspace = ?", [self._workspace]
        rows = list(self.database.rows(f"SELECT * FROM experiments {where} ORDER BY experiment_id", values))
        tags: dict[str, dict[str, str]] = {str(row["experiment_id"]): {} for row in rows}
        for tag in self.database.of("experiment_tags", "experiment_id", [row["experiment_id"] for row in rows]):
            tags[str(tag["experiment_id"])][tag["key"]] = tag["value"] or ""
        for row in rows:
            yield Experiment(
                id=str(row["experiment_id"]),
                name=row["name"],
                artifact_location=row["artifact_location"] or "",
                lifecycle_stage=row["lifecycle_stage"] or ACTIVE,
                creation_time=row.get("creation_time"),
                last_update_time=row.get("last_update_time"),
                tags=tags[str(row["experiment_id"])],
            )

    def count_runs(self, experiments: Sequence[Experiment]) -> int:
        """Counted by the database."""
        query = "SELECT COUNT(*) FROM runs WHERE experiment_id = ?"
        return sum(int(next(self.database.tuples(query, [int(each.id)]))[0]) for each in experiments)

    def runs(self, experiments: Sequence[Experiment]) -> Iterator[list[Run]]:
        """Pages of runs, experiment by experiment."""
        for experiment in experiments:
            yield from sql_runs.pages(self.database, experiment.id)

    def with_model_inputs(self, runs: Sequence[Run]) -> list[Run]:
        """They have them."""
        return list(runs)

    def batch_size(self) -> int:
        """Nothing is gained by more."""
        return BATCH

    def histories(self, runs: Sequence[Run]) -> SqlHistories:  # noqa: ARG002  # as every source has it
        """Each run's own, when it is asked for."""
        return SqlHistories(self.database)

    def count_points(self, runs: Sequence[Run]) -> dict[str, int]:
        """Counted."""
        return sql_runs.count_points(self.database, [run.id for run in runs])

    def logged_models(self, experiments: Sequence[Experiment]) -> Iterator[LoggedModel]:
        """All of these experiments, deleted ones too."""
        for experiment in experiments:
            yield from models.logged_models(self.database, experiment.id)

    def registered_models(self) -> Iterator[RegisteredModel]:
        """All of the workspace, prompts too."""
        return models.registered_models(self.database, self._workspace)

    def traces(self, experiments: Sequence[Experiment]) -> Iterator[list[Trace]]:
        """Pages without spans."""
        for experiment in experiments:
            yield from sql_traces.traces(self.database, experiment.id)

    def with_spans(self, traces: Iterable[Trace]) -> list[Trace]:
        """Those that are in the database; others are in a file of the trace."""
        return [self._from_file(trace) for trace in sql_traces.with_spans(self.database, list(traces))]

    def _from_file(self, trace: Trace) -> Trace:
        location = trace.tags.get("mlflow.artifactLocation")
        if trace.spans is not None or not location:
            return trace
        try:
            content = b"".join(self.artifacts.place(location).read("traces.json"))
        except (MlflowError, OSError):
            return trace
        return replace(trace, spans=tuple(json.loads(content).get("spans", ())))

    def evaluation_datasets(self, experiments: Sequence[Experiment]) -> Iterator[EvaluationDataset]:
        """Those of these experiments, and those of none."""
        wanted = frozenset(experiment.id for experiment in experiments)
        return sql_traces.evaluation_datasets(self.database, self._workspace, wanted)

    def unreadable(self) -> tuple[()]:
        """Nothing: who cannot be read fails the run."""
        return ()

    def close(self) -> None:
        """Close the connections."""
        self.database.close()
