# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""An MLflow server that is read over REST."""

from __future__ import annotations

import json
import typing as t
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _rest_parse as parse
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    PROMPT_TAG,
    EvaluationDataset,
    Experiment,
    LoggedModel,
    ModelVersion,
    RegisteredModel,
    Run,
    Trace,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._otel_spans import span_of_otel
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_histories import (
    BulkHistories,
    BulkReader,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import SourceFacts
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import ArtifactStore
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._capabilities import Capabilities
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import MlflowApi

V2, V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
RUNS_PAGE = 1000
MODELS_PAGE = 100
REGISTRY_PAGE = 1000
VERSIONS_PAGE = 10_000
TRACES_PAGE = 200
EXPERIMENTS_AT_ONCE = 100
TRACES_AT_ONCE = 20
READERS = 8


class RestSource:
    """One server."""

    def __init__(self, api: MlflowApi, capabilities: Capabilities, artifacts: ArtifactStore) -> None:
        self.api = api
        self.artifacts = artifacts
        self._can = capabilities
        self._has_models = False
        self._pool = ThreadPoolExecutor(READERS)
        self._bulk = BulkReader(api, self._pool)
        self.facts = SourceFacts(
            "server",
            api.endpoint.name,
            capabilities.version,
            capabilities.logged_models,
            capabilities.traces,
            capabilities.evaluation_datasets,
        )

    def experiments(self) -> Iterator[Experiment]:
        """All of them, deleted ones too."""
        question = {"max_results": RUNS_PAGE, "view_type": "ALL"}
        for page in self.api.pages(f"{V2}/experiments/search", question):
            yield from map(parse.experiment, page.get("experiments", ()))

    def runs(self, experiments: Sequence[Experiment]) -> Iterator[list[Run]]:
        """Pages of runs, the oldest first."""
        question = {"run_view_type": "ALL", "max_results": RUNS_PAGE, "order_by": ["attributes.start_time ASC"]}
        for ids in _portions(experiments):
            for page in self.api.pages(f"{V2}/runs/search", {**question, "experiment_ids": ids}):
                yield [parse.run(item) for item in page.get("runs", ())]

    def with_model_inputs(self, runs: Sequence[Run]) -> list[Run]:
        """A search leaves them out, so each run is asked for, where there are logged models that it may have used."""
        return list(self._pool.map(self._with_model_inputs, runs)) if self._has_models else list(runs)

    def _with_model_inputs(self, run: Run) -> Run:
        answer = self.api.get(f"{V2}/runs/get", {"run_id": run.id})
        return replace(run, model_inputs=parse.run(answer["run"]).model_inputs)

    def batch_size(self) -> int:
        """How many runs are read together next."""
        return self._bulk.batch

    def histories(self, runs: Sequence[Run]) -> BulkHistories:
        """Read together where that is cheaper."""
        return self._bulk.read(runs)

    def logged_models(self, experiments: Sequence[Experiment]) -> Iterator[LoggedModel]:
        """All of these experiments; a server does not tell of deleted ones."""
        if not self._can.logged_models:
            return
        for ids in _portions(experiments):
            question = {"experiment_ids": ids, "max_results": MODELS_PAGE}
            for page in self.api.pages(f"{V2}/logged-models/search", question):
                for item in page.get("models", ()):
                    self._has_models = True
                    yield parse.logged_model(item)

    def registered_models(self) -> Iterator[RegisteredModel]:
        """All, prompts too, which a search leaves out unless it is asked for them."""
        versions: dict[str, list[ModelVersion]] = defaultdict(list)
        for item in self._registry("model-versions", "model_versions", VERSIONS_PAGE):
            versions[item["name"]].append(parse.version(item))
        for item in self._registry("registered-models", "registered_models", REGISTRY_PAGE):
            yield parse.registered_model(item, versions.pop(item["name"], ()))

    def _registry(self, path: str, key: str, page_size: int) -> Iterator[dict[str, t.Any]]:
        seen: set[tuple[str, str]] = set()
        for text in (None, f"tags.`{PROMPT_TAG}` = 'true'"):
            question = {"max_results": page_size, **({"filter": text} if text else {})}
            for page in self.api.pages(f"{V2}/{path}/search", question, by_post=False):
                for item in page.get(key, ()):
                    identity = (item["name"], str(item.get("version", "")))
                    if identity not in seen:
                        seen.add(identity)
                        yield item

    def traces(self, experiments: Sequence[Experiment]) -> Iterator[list[Trace]]:
        """Pages without spans, the oldest first."""
        if not self._can.traces:
            return
        for ids in _portions(experiments):
            locations = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": each}} for each in ids]
            question = {"locations": locations, "max_results": TRACES_PAGE, "order_by": ["timestamp_ms ASC"]}
            for page in self.api.pages(f"{V3}/traces/search", question):
                yield [parse.trace(item) for item in page.get("traces", ())]

    def with_spans(self, traces: Iterable[Trace]) -> list[Trace]:
        """Spans are in the database of newer servers, in a file of older ones."""
        waiting, done = list(traces), []
        for start in range(0, len(waiting), TRACES_AT_ONCE):
            some = waiting[start : start + TRACES_AT_ONCE]
            found = self._spans({trace.id for trace in some})
            done += [replace(trace, spans=found.get(trace.id)) for trace in some]
        return done

    def _spans(self, ids: set[str]) -> dict[str, tuple[dict[str, t.Any], ...]]:
        try:
            answer = self.api.get(f"{V3}/traces/batchGet", {"trace_ids": sorted(ids)})
        except ApiError as error:
            if error.status not in (400, 403, 404, 405, 501):
                raise
            return {}
        found: dict[str, tuple[dict[str, t.Any], ...]] = {}
        for each in answer.get("traces", ()):
            trace_id = each["trace_info"]["trace_id"]
            if each.get("spans"):
                found[trace_id] = tuple(span_of_otel(span, trace_id) for span in each["spans"])
        return found

    def evaluation_datasets(self, experiments: Sequence[Experiment]) -> Iterator[EvaluationDataset]:
        """Those of these experiments, each once."""
        if not self._can.evaluation_datasets:
            return
        found: dict[str, dict[str, t.Any]] = {}
        question: dict[str, t.Any] = {"max_results": 50}
        for page in self.api.pages(f"{V3}/datasets/search", question):
            found.update({item["dataset_id"]: item for item in page.get("datasets", ())})
        wanted = {experiment.id for experiment in experiments}
        for item in found.values():
            its = self.api.get(f"{V3}/datasets/{item['dataset_id']}/experiment-ids").get("experiment_ids", ())
            if not its or wanted.intersection(its):
                yield self._evaluation_dataset(item, tuple(sorted(its)))

    def _evaluation_dataset(self, item: dict[str, t.Any], experiment_ids: tuple[str, ...]) -> EvaluationDataset:
        records: list[dict[str, t.Any]] = []
        path = f"{V3}/datasets/{item['dataset_id']}/records"
        for page in self.api.pages(path, {"max_results": 1000}, by_post=False):
            records += json.loads(page.get("records") or "[]")
        kept = ("inputs", "outputs", "expectations", "tags", "source")
        return EvaluationDataset(
            id=item["dataset_id"],
            name=item["name"],
            tags=json.loads(item.get("tags") or "{}"),
            experiment_ids=experiment_ids,
            creation_time=parse.integer(item.get("created_time")),
            created_by=item.get("created_by") or None,
            records=tuple({key: record[key] for key in kept if record.get(key) is not None} for record in records),
        )

    def close(self) -> None:
        """Let the readers go."""
        self._pool.shutdown()


def _portions(experiments: Sequence[Experiment]) -> Iterator[list[str]]:
    for start in range(0, len(experiments), EXPERIMENTS_AT_ONCE):
        yield [experiment.id for experiment in experiments[start : start + EXPERIMENTS_AT_ONCE]]
