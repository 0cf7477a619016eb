# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a migration would do: counts, bytes, requests and time, without a write."""

from __future__ import annotations

import math
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import Owner
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._batches import MOST_ITEMS, MOST_PARAMS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import ACTIVE, DELETED
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_files import (
    UNREADABLE,
    late_files,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_runs import files_of, is_complete

if t.TYPE_CHECKING:
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        Experiment,
        LoggedModel,
        Run,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_experiments import (
        ExperimentMover,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_registry import RegistryMover
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_traces import (
        EvaluationDatasetMover,
    )

REQUESTS = {"experiment": 2, "logged_model": 2, "registered_model": 2, "prompt": 2, "trace": 1, "evaluation_dataset": 3}
"""What one new thing of a kind costs the target."""
REQUESTS_OF_RUN = 2
"""Its beginning and its end."""


@dataclass
class Forecast:
    """Sums over everything that is still to move."""

    counts: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    requests: int = 0

    def add(self, kind: str, number: int = 1, requests: int | None = None) -> None:
        """Some more of a kind."""
        self.counts[kind] = self.counts.get(kind, 0) + number
        self.requests += REQUESTS.get(kind, 0) * number if requests is None else requests

    def report(self, rate: float | None) -> dict[str, t.Any]:
        """As plain data. Without a limit nobody knows how long it takes."""
        return {
            "counts": dict(self.counts),
            "bytes": self.bytes,
            "requests": self.requests,
            "requests_per_second": rate,
            "seconds": None if rate is None else math.ceil(self.requests / rate),
        }


class Surveyed(t.Protocol):
    """A transfer that knows what is in the target."""

    experiments: list[Experiment]
    experiment_mover: ExperimentMover
    registry_mover: RegistryMover
    evaluation_dataset_mover: EvaluationDatasetMover


def forecast(context: Context, transfer: Surveyed) -> Forecast:
    """Look at everything that is meant and not yet there."""
    found = Forecast()
    for experiment in transfer.experiments:
        if transfer.experiment_mover.there(experiment) is None:
            found.add("experiment")
            found.requests += experiment.lifecycle_stage == DELETED
    with ThreadPoolExecutor(context.workers) as pool:
        for page in context.source.runs(transfer.experiments):
            _runs(context, [run for run in page if context.filters.takes_run(run)], found, pool)
    for model in context.journal.models():
        if context.target.can.logged_models and context.journal.get("model", model.id) is None:
            found.add("logged_model")
            found.bytes += _files_of_model(context, model, found)
    _registry(context, transfer, found)
    _rest(context, transfer, found)
    return found


def _runs(context: Context, runs: list[Run], found: Forecast, pool: ThreadPoolExecutor) -> None:
    known = {run.id: context.journal.get("run", run.id) for run in runs}
    todo = [run for run in runs if not is_complete(run, known[run.id])]
    complete = [(run, there) for run in runs if (there := known[run.id]) and is_complete(run, there)]
    for late in pool.map(lambda pair: late_files(context, files_of(*pair)), complete):
        if late:
            found.add("artifact", len(late))
            found.bytes += sum(file.size for file in late)
    points = context.source.count_points(todo) if todo else {}
    for run, (files, size) in zip(
        todo, pool.map(lambda run: _files(context, "run", run.id, run.artifact_uri), todo), strict=True
    ):
        items = points[run.id] + len(run.params)
        batches = max(math.ceil(items / MOST_ITEMS), math.ceil(len(run.params) / MOST_PARAMS))
        links = bool(run.datasets) + bool(run.model_outputs) + bool(run.model_inputs)
        found.add("run", requests=REQUESTS_OF_RUN + batches + links + (run.lifecycle_stage != ACTIVE))
        found.add("metric_point", points[run.id])
        found.add("artifact", files)
        found.bytes += size


def _files(context: Context, kind: str, identity: str, uri: str) -> tuple[int, int]:
    try:
        sizes = (
            [file.size for file in context.source.artifacts.place(uri, Owner(kind, identity)).files()] if uri else []
        )
    except UNREADABLE:
        return 0, 0
    return len(sizes), sum(sizes)


def _files_of_model(context: Context, model: LoggedModel, found: Forecast) -> int:
    files, size = _files(context, "model", model.id, model.artifact_uri)
    found.add("artifact", files)
    return size


def _registry(context: Context, transfer: Surveyed, found: Forecast) -> None:
    for model in context.source.registered_models():
        if not context.filters.takes_model(model.name) or (model.is_prompt and not context.target.can.prompts):
            continue
        there = transfer.registry_mover.there(model.name)
        numbers = {version.version for version in there.versions} if there else set()
        new = [version for version in model.versions if version.version not in numbers]
        if there is None:
            found.add("prompt" if model.is_prompt else "registered_model")
            found.requests += len(model.aliases)
        if new:
            gaps = max(version.version for version in new) - max(numbers, default=0) - len(new)
            staged = sum(version.stage not in ("", "None") for version in new)
            found.add("prompt_version" if model.is_prompt else "model_version", len(new), len(new) + 2 * gaps + staged)


def _rest(context: Context, transfer: Surveyed, found: Forecast) -> None:
    if context.target.can.traces:
        for page in context.source.traces(transfer.experiments):
            for trace in page:
                is_meant = context.filters.takes_time(trace.request_time)
                if is_meant and context.journal.get("trace", trace.id) is None:
                    found.add("trace")
    if context.target.can.evaluation_datasets:
        for dataset in context.source.evaluation_datasets(transfer.experiments):
            if not transfer.evaluation_dataset_mover.is_there(dataset):
                found.add("evaluation_dataset")
