# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Traces under their own ids, with spans and assessments, and evaluation datasets."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _rest_parse as parse
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import until_it_works
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import json_text
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Moved
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_files import UNREADABLE
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._sql_traces import timestamp
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        EvaluationDataset,
        Experiment,
        Trace,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_experiments import (
        ExperimentMover,
    )

ARTIFACT_LOCATION = "mlflow.artifactLocation"
SOURCE_RUN = "mlflow.sourceRun"
RECORDS_AT_ONCE = 200


def trace_document(trace: Trace, experiment_id: str, new_id: t.Callable[[str, str], str | None]) -> dict[str, t.Any]:
    """What creates a trace. Its run is the new one."""
    tags = {**origin.foreign(trace.tags), origin.ID: trace.id, origin.DIGEST: origin.trace_digest(trace)}
    metadata = dict(trace.metadata)
    for key in (SOURCE_RUN, "mlflow.modelId"):
        new = new_id("model" if key == "mlflow.modelId" else "run", metadata.get(key, ""))
        if new:
            metadata[key] = new
    document: dict[str, t.Any] = {
        "trace_id": trace.id,
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}},
        "request_time": timestamp(trace.request_time),
        "state": trace.state,
        "trace_metadata": metadata,
        "tags": tags,
        "assessments": list(trace.assessments),
    }
    optional = {
        "client_request_id": trace.client_request_id,
        "request_preview": trace.request_preview,
        "response_preview": trace.response_preview,
        "execution_duration": None if trace.duration is None else f"{trace.duration / 1000:.3f}s",
    }
    document.update({key: value for key, value in optional.items() if value is not None})
    return document


class TraceMover:
    """Moves the traces of experiments that are in the target."""

    def __init__(self, context: Context, experiment_mover: ExperimentMover) -> None:
        self._context = context
        self._experiment_mover = experiment_mover

    def survey(self, experiment_ids: Sequence[str]) -> None:
        """Find out which ones are in the target."""
        if not self._context.target.can.traces:
            return
        for there in self._context.target.traces(experiment_ids):
            digest = there.tags.get(origin.DIGEST, "")
            self._context.journal.put(Moved("trace", there.id, there.id, digest, {"tags": there.tags}))

    def move_all(self, experiments: Sequence[Experiment]) -> None:
        """Every trace that is not there."""
        by_id = {experiment.id: experiment for experiment in experiments}
        with ThreadPoolExecutor(self._context.workers) as pool:
            for page in self._context.source.traces(experiments):
                for some in _portions([trace for trace in page if self._is_meant(trace)]):
                    list(pool.map(lambda trace: self._move(trace, by_id[trace.experiment_id]), self._spans(some)))

    def _spans(self, traces: Sequence[Trace]) -> list[Trace]:
        return self._context.source.with_spans(traces)

    def _is_meant(self, trace: Trace) -> bool:
        tally = self._context.tally
        if not self._context.filters.takes_time(trace.request_time):
            tally.add("trace", left_out=1)
            return False
        if not self._context.target.can.traces:
            tally.add("trace", left_out=1)
            return False
        moved = self._context.journal.get("trace", trace.id)
        if moved and moved.digest == origin.trace_digest(trace):
            tally.add("trace", unchanged=1)
            self._context.advance("trace", 1)
            return False
        return True

    def _move(self, trace: Trace, experiment: Experiment) -> None:
        tally = self._context.tally
        try:
            moved = self._context.journal.get("trace", trace.id)
            if moved:
                self._update(trace, moved)
                tally.add("trace", updated=1)
            else:
                self._create(trace, experiment)
                tally.add("trace", created=1)
        except UNREADABLE as error:
            if isinstance(error, ApiError) and error.status == 0:
                raise
            tally.add("trace", failed=1)
            tally.problem("trace", trace.id, trace.tags.get("mlflow.traceName", ""), str(error))
        self._context.advance("trace", 1)

    def _create(self, trace: Trace, experiment: Experiment) -> None:
        """Spans first: that the trace is there says that it is whole."""
        self._experiment_mover.make_active(experiment.id)
        place = self._context.journal.get("experiment", experiment.id)
        if place is None:
            raise AssertionError("traces move after their experiments")
        expected = f"{place.facts['uri'].rstrip('/')}/traces/{trace.id}/artifacts"
        self._write_spans(trace, expected)
        document = trace_document(trace, place.new, self._context.journal.new_id)
        made = self._context.target.create_trace(document)
        actual = made.get("tags", {}).get(ARTIFACT_LOCATION, expected)
        if actual != expected:
            self._write_spans(trace, actual)
        self._context.journal.put(Moved("trace", trace.id, trace.id, origin.trace_digest(trace), {}))

    def _write_spans(self, trace: Trace, uri: str) -> None:
        if trace.spans is None:
            self._context.tally.problem(
                "trace", trace.id, trace.tags.get("mlflow.traceName", ""), "without its spans, which could not be read"
            )
            return
        content = json_text({"spans": list(trace.spans)}).encode()
        place = self._context.target.artifacts.place(uri)
        until_it_works(lambda: place.write("traces.json", len(content), iter([content])))
        self._context.tally.add_bytes(len(content))

    def _update(self, trace: Trace, moved: Moved) -> None:
        """Only tags of a trace can be changed; the rest is told."""
        target = self._context.target
        for key, value in origin.foreign(trace.tags).items():
            if moved.facts["tags"].get(key) != value:
                target.set_trace_tag(trace.id, key, value)
        target.set_trace_tag(trace.id, origin.DIGEST, origin.trace_digest(trace))


class EvaluationDatasetMover:
    """Moves evaluation datasets, whose names need not be unique."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._there: dict[str, dict[str, t.Any]] = {}

    def survey(self) -> None:
        """Find out which ones are in the target."""
        if self._context.target.can.evaluation_datasets:
            for item in self._context.target.evaluation_datasets():
                tags = parse.json_tags(item)
                if origin.ID in tags:
                    self._there[tags[origin.ID]] = {**item, "tags": tags}

    def move_all(self, experiments: Sequence[Experiment]) -> None:
        """Every dataset that is not there as it is."""
        for dataset in self._context.source.evaluation_datasets(experiments):
            try:
                self._move(dataset)
            except ApiError as error:
                if error.status == 0:
                    raise
                self._context.tally.add("evaluation_dataset", failed=1)
                self._context.tally.problem("evaluation_dataset", dataset.id, dataset.name, error.message)
            self._context.advance("evaluation_dataset", 1)

    def is_there(self, dataset: EvaluationDataset) -> bool:
        """Whether one is in the target as it is."""
        there = self._there.get(dataset.id)
        digest = origin.of_evaluation_dataset(dataset)[origin.DIGEST]
        return there is not None and there["tags"].get(origin.DIGEST) == digest

    def _move(self, dataset: EvaluationDataset) -> None:
        tally, target = self._context.tally, self._context.target
        if not target.can.evaluation_datasets:
            tally.add("evaluation_dataset", left_out=1)
            return
        there = self._there.get(dataset.id)
        wished = origin.of_evaluation_dataset(dataset)
        if there and self.is_there(dataset):
            self._note(dataset, there["dataset_id"])
            tally.add("evaluation_dataset", unchanged=1)
            return
        new_id = there["dataset_id"] if there else self._create(dataset)
        for start in range(0, len(dataset.records), RECORDS_AT_ONCE):
            target.upsert_records(new_id, json_text(dataset.records[start : start + RECORDS_AT_ONCE]))
        target.set_evaluation_dataset_tags(new_id, json_text({**origin.foreign(dataset.tags), **wished}))
        self._note(dataset, new_id)
        tally.add("evaluation_dataset", **{"updated" if there else "created": 1})

    def _create(self, dataset: EvaluationDataset) -> str:
        new_id = self._context.journal.new_id
        experiments = [new for old in dataset.experiment_ids if (new := new_id("experiment", old))]
        tags = {**origin.foreign(dataset.tags), origin.ID: dataset.id}
        return self._context.target.create_evaluation_dataset(dataset.name, experiments, json_text(tags), dataset.id)

    def _note(self, dataset: EvaluationDataset, new_id: str) -> None:
        self._context.journal.put(Moved("evaluation_dataset", dataset.id, new_id, "", {"name": dataset.name}))


def _portions(traces: Sequence[Trace]) -> t.Iterator[Sequence[Trace]]:
    for start in range(0, len(traces), 40):
        yield traces[start : start + 40]
