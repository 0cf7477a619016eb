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
from urllib.parse import quote

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _rest_parse as parse
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import until_it_works
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
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import (
    NETWORK_ERRORS,
    ApiError,
    LostAnswer,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import ArtifactStore
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._capabilities import Capabilities
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import MlflowApi

V2, V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
RUNS_PAGE, FIRST_RUNS = 1000, 200
MODELS_PAGE, FIRST_MODELS = 100, 10
"""A logged model brings all of its points along."""
REGISTRY_PAGE = 1000
VERSIONS_PAGE = 10_000
TRACES_PAGE = 200
EXPERIMENTS_AT_ONCE = 100
IDS_AT_ONCE = 200
MOST_EXPECTED = 100_000
"""Points of one metric that a step lets one expect: some people log the time as step."""
TRACES_AT_ONCE = 20
READERS = 8
SPANS_LOCATION, IN_DATABASE = "mlflow.trace.spansLocation", "TRACKING_STORE"
ARTIFACT_LOCATION = "mlflow.artifactLocation"
UNREADABLE: tuple[type[Exception], ...] = (KeyError, MlflowError, LostAnswer, *NETWORK_ERRORS, *AWS_ERRORS)


class RestSource:
    """One server."""

    def __init__(self, api: MlflowApi, capabilities: Capabilities, artifacts: ArtifactStore) -> None:
        self.api = api
        self.artifacts = artifacts
        self._can = capabilities
        self._has_models = False
        self._experiment_ids: list[str] = []
        self._pool = ThreadPoolExecutor(READERS)
        self._bulk = BulkReader(api, self._pool)
        self.facts = SourceFacts(
            "server",
            api.endpoint.name,
            f"MLflow {capabilities.version}",
            capabilities.logged_models,
            capabilities.traces,
            capabilities.evaluation_datasets,
        )

    def experiments(self) -> Iterator[Experiment]:
        """All of them, deleted ones too."""
        question = {"max_results": RUNS_PAGE, "view_type": "ALL"}
        for page in self.api.pages(f"{V2}/experiments/search", question):
            found = [parse.experiment(item) for item in page.get("experiments", ())]
            self._experiment_ids += [experiment.id for experiment in found]
            yield from found

    def count_runs(self, experiments: Sequence[Experiment]) -> int:
        """A request for each thousand."""
        return sum(len(page) for page in self.runs(experiments))

    def runs(self, experiments: Sequence[Experiment]) -> Iterator[list[Run]]:
        """Pages of runs, the oldest first."""
        question = {"run_view_type": "ALL", "max_results": RUNS_PAGE, "order_by": ["attributes.start_time ASC"]}
        for ids in _portions(experiments):
            for page in self.api.pages(f"{V2}/runs/search", {**question, "experiment_ids": ids}, first=FIRST_RUNS):
                yield [parse.run(item) for item in page.get("runs", ())]

    def runs_by_id(self, ids: Sequence[str]) -> list[Run]:
        """These runs, in any order."""
        found = []
        for start in range(0, len(ids), IDS_AT_ONCE):
            some = ", ".join(f"'{each}'" for each in ids[start : start + IDS_AT_ONCE])
            question = {
                "experiment_ids": self._experiment_ids,
                "run_view_type": "ALL",
                "max_results": IDS_AT_ONCE,
                "filter": f"attributes.run_id IN ({some})",
            }
            found += [parse.run(item) for item in self.api.search(f"{V2}/runs/search", question).get("runs", ())]
        return found

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

    def count_points(self, runs: Sequence[Run]) -> dict[str, int]:
        """What the last steps let one expect: reading all histories to count them would take as long as moving them."""
        return {
            run.id: sum(min(max(1, point.step + 1), MOST_EXPECTED) for point in run.latest.values()) for run in runs
        }

    def logged_models(self, experiments: Sequence[Experiment]) -> Iterator[LoggedModel]:
        """All of these experiments; a server does not tell of deleted ones."""
        if not self._can.logged_models:
            return
        for ids in _portions(experiments):
            question = {"experiment_ids": ids, "max_results": MODELS_PAGE}
            for page in self.api.pages(f"{V2}/logged-models/search", question, first=FIRST_MODELS):
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
            # Servers hand out only what is in their database, and say 404 to a batch with one that is not.
            asked = {trace.id for trace in some if trace.tags.get(SPANS_LOCATION) == IN_DATABASE}
            found = self._spans(asked) if asked else {}
            done += [replace(trace, spans=found.get(trace.id) or self._from_file(trace)) for trace in some]
        return done

    def _from_file(self, trace: Trace) -> tuple[dict[str, t.Any], ...] | None:
        try:
            place = self.artifacts.place(trace.tags[ARTIFACT_LOCATION])
            content = until_it_works(lambda: b"".join(place.read("traces.json")))
        except UNREADABLE:
            return None
        return tuple(json.loads(content).get("spans", ()))

    def _spans(self, ids: set[str]) -> dict[str, tuple[dict[str, t.Any], ...]]:
        found: dict[str, tuple[dict[str, t.Any], ...]] = {}
        for item in self._batch(sorted(ids)):
            trace_id = item["trace_info"]["trace_id"]
            if item.get("spans"):
                found[trace_id] = tuple(span_of_otel(span, trace_id) for span in item["spans"])
        return found

    def _batch(self, ids: Sequence[str]) -> list[dict[str, t.Any]]:
        try:
            return list(self.api.get(f"{V3}/traces/batchGet", {"trace_ids": list(ids)}).get("traces", ()))
        except ApiError as error:
            # Versions before 3.10 do not know it, and a managed server may not allow it.
            if error.status not in (400, 403, 404, 405, 501):
                raise
            return []

    def traces_by_id(self, ids: Sequence[str]) -> list[Trace]:
        """These traces with their spans, wherever those are."""
        found = list(self._pool.map(self._trace, ids))
        return self.with_spans([trace for trace in found if trace is not None])

    def _trace(self, trace_id: str) -> Trace | None:
        try:
            return parse.trace(self.api.get(f"{V3}/traces/{quote(trace_id)}")["trace"]["trace_info"])
        except ApiError as error:
            if error.status == 404:
                return None
            raise

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

    def unreadable(self) -> tuple[()]:
        """Nothing: who cannot be read fails the run."""
        return ()

    def close(self) -> None:
        """Let the readers go."""
        self._pool.shutdown()


def _portions(experiments: Sequence[Experiment]) -> Iterator[list[str]]:
    for start in range(0, len(experiments), EXPERIMENTS_AT_ONCE):
        yield [experiment.id for experiment in experiments[start : start + EXPERIMENTS_AT_ONCE]]
