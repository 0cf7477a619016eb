# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Writing to an MLflow server over REST. What cannot be repeated unseen is looked up by its origin before it is repeated."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _rest_parse as parse
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import PROMPT_TAG
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import ArtifactStore
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._batches import Batch
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._capabilities import Capabilities
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        DatasetInput,
        Experiment,
        LoggedModel,
        ModelVersion,
        Run,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import MlflowApi

V2, V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
PAGE, FIRST_RUNS = 1000, 200
MODELS_PAGE, FIRST_MODELS = 100, 10
"""A logged model brings all of its points along."""
VERSIONS_PAGE = 10_000
TRACES_PAGE = 500
EXPERIMENTS_AT_ONCE = 100
RUN_FILTER = f"tags.`{origin.ID}` LIKE '%'"

Document = dict[str, t.Any]


def pairs(values: Mapping[str, str]) -> list[dict[str, str]]:
    """As MLflow takes tags and params."""
    return [{"key": key, "value": value} for key, value in values.items()]


def quoted(value: str) -> str:
    """A value in a filter. MLflow knows no escape, but two kinds of quotes."""
    return f'"{value}"' if "'" in value else f"'{value}'"


class RestTarget:
    """One server."""

    def __init__(self, api: MlflowApi, capabilities: Capabilities, artifacts: ArtifactStore) -> None:
        self.api = api
        self.can = capabilities
        self.artifacts = artifacts

    # Reading what is there.

    def experiments(self) -> Iterator[Experiment]:
        """All, deleted ones too."""
        for page in self.api.pages(f"{V2}/experiments/search", {"max_results": PAGE, "view_type": "ALL"}):
            yield from map(parse.experiment, page.get("experiments", ()))

    def moved_runs(self, experiment_ids: Sequence[str]) -> Iterator[Run]:
        """The runs that a migration wrote."""
        for some in _portions(experiment_ids):
            question = {"experiment_ids": some, "run_view_type": "ALL", "max_results": PAGE, "filter": RUN_FILTER}
            for page in self.api.pages(f"{V2}/runs/search", question, first=FIRST_RUNS):
                yield from map(parse.run, page.get("runs", ()))

    def logged_models(self, experiment_ids: Sequence[str]) -> Iterator[LoggedModel]:
        """All logged models."""
        for some in _portions(experiment_ids):
            question = {"experiment_ids": some, "max_results": MODELS_PAGE}
            for page in self.api.pages(f"{V2}/logged-models/search", question, first=FIRST_MODELS):
                yield from map(parse.logged_model, page.get("models", ()))

    def registered_models(self) -> Iterator[Document]:
        """All, prompts too, without versions."""
        yield from self._registry("registered-models", "registered_models", PAGE, "")

    def versions(self, name: str | None = None) -> Iterator[ModelVersion]:
        """All versions, or those of one model."""
        text = f"name = {quoted(name)}" if name else ""
        yield from map(parse.version, self._registry("model-versions", "model_versions", VERSIONS_PAGE, text))

    def _registry(self, path: str, key: str, page_size: int, text: str) -> Iterator[Document]:
        filters = [text, " AND ".join(filter(None, (text, f"tags.`{PROMPT_TAG}` = 'true'")))]
        seen: set[tuple[str, str]] = set()
        for each in filters if self.can.prompts else filters[:1]:
            question = {"max_results": page_size, **({"filter": each} if each else {})}
            for page in self.api.pages(f"{V2}/{path}/search", question, by_post=False):
                for item in page.get(key, ()):
                    identity = (item["name"], str(item.get("version", "")))
                    if identity not in seen:
                        seen.add(identity)
                        yield item

    def traces(self, experiment_ids: Sequence[str]) -> Iterator[t.Any]:
        """All traces, without spans."""
        for some in _portions(experiment_ids):
            locations = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": each}} for each in some]
            for page in self.api.pages(f"{V3}/traces/search", {"locations": locations, "max_results": TRACES_PAGE}):
                yield from map(parse.trace, page.get("traces", ()))

    def evaluation_datasets(self) -> Iterator[Document]:
        """All, without records."""
        for page in self.api.pages(f"{V3}/datasets/search", {"max_results": 50}):
            yield from page.get("datasets", ())

    def run(self, run_id: str) -> Run:
        """One run with everything but histories."""
        return parse.run(self.api.get(f"{V2}/runs/get", {"run_id": run_id})["run"])

    # Experiments.

    def create_experiment(self, name: str, tags: Mapping[str, str]) -> str:
        """The new id."""

        def find() -> Document | None:
            for experiment in self.experiments():
                if experiment.name == name:
                    return {"experiment_id": experiment.id}
            return None

        body = {"name": name, "tags": pairs(tags)}
        return str(self.api.create(f"{V2}/experiments/create", body, find)["experiment_id"])

    def experiment(self, experiment_id: str) -> Experiment:
        """One experiment."""
        return parse.experiment(self.api.get(f"{V2}/experiments/get", {"experiment_id": experiment_id})["experiment"])

    def set_experiment_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Set, whether or not it is there."""
        self._post("experiments/set-experiment-tag", experiment_id=experiment_id, key=key, value=value)

    def rename_experiment(self, experiment_id: str, name: str) -> None:
        """Another name."""
        self._post("experiments/update", experiment_id=experiment_id, new_name=name)

    def delete_experiment(self, experiment_id: str) -> None:
        """With its runs."""
        self._done_already("experiments/delete", experiment_id=experiment_id)

    def restore_experiment(self, experiment_id: str) -> None:
        """With its runs."""
        self._done_already("experiments/restore", experiment_id=experiment_id)

    # Runs.

    def create_run(self, experiment_id: str, run: Run, tags: Mapping[str, str]) -> Run:
        """The new run."""

        def find() -> Document | None:
            question = {
                "experiment_ids": [experiment_id],
                "run_view_type": "ALL",
                "max_results": 1,
                "filter": f"tags.`{origin.ID}` = {quoted(run.id)}",
            }
            found = self.api.search(f"{V2}/runs/search", question).get("runs")
            return {"run": found[0]} if found else None

        body = {
            "experiment_id": experiment_id,
            "user_id": run.user_id,
            "start_time": run.start_time or 0,
            "run_name": run.name,
            "tags": pairs(tags),
        }
        return parse.run(self.api.create(f"{V2}/runs/create", body, find)["run"])

    def log_batch(self, run_id: str, batch: Batch) -> list[str]:
        """Params, tags and points; what was refused, in words, after everything else was taken."""
        try:
            self.api.send("POST", f"{V2}/runs/log-batch", body=batch.body(run_id))
        except ApiError as error:
            if error.status != 400:
                raise
            if len(batch) == 1:
                item = (batch.metrics + batch.params + batch.tags)[0]
                return [f"{item[:120]}: {error.message}"]
            return [text for half in batch.halves() for text in self.log_batch(run_id, half)]
        return []

    def log_datasets(self, run_id: str, datasets: Iterable[DatasetInput]) -> None:
        """Datasets that a run read; the same ones again change nothing."""
        items = []
        for each in datasets:
            optional = {"schema": each.schema, "profile": each.profile}
            dataset = {"name": each.name, "digest": each.digest, "source_type": each.source_type, "source": each.source}
            dataset.update({key: value for key, value in optional.items() if value is not None})
            items.append({"tags": pairs(each.tags), "dataset": dataset})
        self._post("runs/log-inputs", run_id=run_id, datasets=items)

    def log_model_inputs(self, run_id: str, model_ids: Sequence[str]) -> None:
        """Logged models that a run used."""
        body = {"run_id": run_id, "models": [{"model_id": each} for each in model_ids]}
        self.api.create(
            f"{V2}/runs/log-inputs", body, lambda: {} if set(model_ids) <= set(self.run(run_id).model_inputs) else None
        )

    def log_model_outputs(self, run_id: str, models: Sequence[tuple[str, int]]) -> None:
        """Logged models that a run made."""
        body = {"run_id": run_id, "models": [{"model_id": each, "step": step} for each, step in models]}

        def find() -> Document | None:
            there = {each for each, _step in self.run(run_id).model_outputs}
            return {} if {each for each, _step in models} <= there else None

        self.api.create(f"{V2}/runs/outputs", body, find)

    def end_run(self, run: Run, there: Run) -> None:
        """Status and end: the sign that everything else has arrived. A run that goes on is left as it was created."""
        change: Document = {} if run.end_time is None else {"end_time": run.end_time}
        if run.name and there.name != run.name:
            change["run_name"] = run.name
        if change or run.status != there.status:
            self._post("runs/update", run_id=there.id, status=run.status, **change)

    def set_run_tag(self, run_id: str, key: str, value: str) -> None:
        """Set, whether or not it is there."""
        self._post("runs/set-tag", run_id=run_id, key=key, value=value)

    def delete_run_tag(self, run_id: str, key: str) -> None:
        """Gone, whether or not it was there."""
        self._done_already("runs/delete-tag", run_id=run_id, key=key)

    def delete_run(self, run_id: str) -> None:
        """Marked as deleted."""
        self._done_already("runs/delete", run_id=run_id)

    def restore_run(self, run_id: str) -> None:
        """Active again."""
        self._done_already("runs/restore", run_id=run_id)

    # Logged models.

    def create_logged_model(
        self, experiment_id: str, model: LoggedModel, run_id: str | None, tags: Mapping[str, str]
    ) -> LoggedModel:
        """The new model, pending."""

        def find() -> Document | None:
            for each in self.logged_models([experiment_id]):
                if each.tags.get(origin.ID) == model.id:
                    return self.api.get(f"{V2}/logged-models/{each.id}")
            return None

        body: Document = {
            "experiment_id": experiment_id,
            "name": model.name,
            "params": pairs(model.params),
            "tags": pairs(tags),
        }
        optional = {"model_type": model.model_type, "source_run_id": run_id}
        body.update({key: value for key, value in optional.items() if value})
        return parse.logged_model(self.api.create(f"{V2}/logged-models", body, find)["model"])

    def end_logged_model(self, model_id: str, status: str) -> None:
        """Ready or failed."""
        path = f"{V2}/logged-models/{model_id}"
        self.api.send("PATCH", path, body={"model_id": model_id, "status": f"LOGGED_MODEL_{status}"})

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, str]) -> None:
        """Set, whether or not they are there."""
        self.api.send("PATCH", f"{V2}/logged-models/{model_id}/tags", body={"tags": pairs(tags)})

    # Traces and evaluation datasets.

    def create_trace(self, document: Document) -> Document:
        """A trace under its own id; the answer is what the server made of it."""
        trace_id = document["trace_id"]

        def find() -> Document | None:
            try:
                return self.api.get(f"{V3}/traces/{quote(trace_id)}")
            except ApiError as error:
                if error.status == 404:
                    return None
                raise

        answer = self.api.create(f"{V3}/traces", {"trace": {"trace_info": document}}, find)
        return t.cast("Document", answer["trace"]["trace_info"])

    def set_trace_tag(self, trace_id: str, key: str, value: str) -> None:
        """Set, whether or not it is there."""
        path = f"{V2}/traces/{quote(trace_id)}/tags"
        self.api.send("PATCH", path, body={"key": key, "value": value})

    def create_evaluation_dataset(self, name: str, experiment_ids: Sequence[str], tags: str, old_id: str) -> str:
        """The new id."""

        def find() -> Document | None:
            for each in self.evaluation_datasets():
                if parse.json_tags(each).get(origin.ID) == old_id:
                    return {"dataset": each}
            return None

        body = {"name": name, "experiment_ids": list(experiment_ids), "tags": tags}
        return str(self.api.create(f"{V3}/datasets/create", body, find)["dataset"]["dataset_id"])

    def upsert_records(self, dataset_id: str, records: str) -> None:
        """Records with the same inputs are the same record."""
        self.api.send(
            "POST", f"{V3}/datasets/{dataset_id}/records", body={"dataset_id": dataset_id, "records": records}
        )

    def set_evaluation_dataset_tags(self, dataset_id: str, tags: str) -> None:
        """Set, whether or not they are there."""
        self.api.send("PATCH", f"{V3}/datasets/{dataset_id}/tags", body={"dataset_id": dataset_id, "tags": tags})

    def _post(self, path: str, **body: t.Any) -> Document:
        return self.api.send("POST", f"{V2}/{path}", body=body)

    def _done_already(self, path: str, **body: t.Any) -> None:
        """A change that a server refuses when it is made already, as it is after a lost answer."""
        try:
            self._post(path, **body)
        except ApiError as error:
            if error.status not in (400, 404):
                raise


def _portions(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), EXPERIMENTS_AT_ONCE):
        yield list(ids[start : start + EXPERIMENTS_AT_ONCE])
