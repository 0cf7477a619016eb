# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fill the database and artifact folder of a self-hosted MLflow, of any size, through MLflow's own store.

  python tests/migration_workload.py FOLDER --kind real --runs 1000

writes FOLDER/mlflow.db and FOLDER/artifacts, which C(mlflow server --artifacts-destination FOLDER/artifacts) serves.
A *plain* workload is what every tool can read; a *real* one is what a year of MLflow 3 leaves behind. The same numbers give
the same content.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sqlite3
import typing as t
from dataclasses import dataclass, replace
from pathlib import Path

T0 = 1_750_000_000_000
NAMES = ("größe/läuft", 'say "hi" 100% %2F', "простой эксперимент", "  spaces  inside ", "emoji 🚀 run", "a'b;c--")
STEPS_WITHOUT_END = (math.nan, math.inf, -math.inf)


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    experiments: int = 3
    runs: int = 24
    params: int = 6
    metrics: int = 3
    steps: int = 20
    files: int = 2
    registered_models: int = 4
    versions: int = 3
    traces: int = 8
    spans: int = 4
    prompts: int = 2

    @classmethod
    def of_runs(cls, runs: int) -> Size:
        """The proportions of the reference: 1,000 runs have 1.6 million points."""
        return cls(
            experiments=max(2, runs // 50),
            runs=runs,
            params=10,
            metrics=8,
            steps=200,
            files=3,
            registered_models=max(2, runs // 20),
            versions=4,
            traces=max(4, runs // 5),
            spans=5,
            prompts=max(2, runs // 100),
        )


class Workload:
    """Writes one workload."""

    def __init__(self, folder: Path, size: Size, is_real: bool, artifact_root: str = "mlflow-artifacts:/") -> None:
        # MLflow takes seconds to import, which only the process that writes needs.
        from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

        self.size, self.is_real = size, is_real
        self.random = random.Random(42)
        self.folder = folder
        self.artifacts = folder / "artifacts"
        self.artifacts.mkdir(parents=True, exist_ok=True)
        self.database = folder / "mlflow.db"
        uri = f"sqlite:///{self.database}"
        self.tracking = Tracking(uri, artifact_root)
        self.registry = Registry(uri)
        self.runs: list[t.Any] = []
        self.models: list[t.Any] = []
        self.points: list[tuple[t.Any, ...]] = []

    def write(self) -> None:
        """All of it."""
        experiments = self._experiments()
        for index in range(self.size.runs):
            self._run(index, experiments[index % len(experiments)])
        self._write_points()
        self._registered_models()
        if self.is_real:
            self._prompts()
            self._traces(experiments)
            self._evaluation_datasets(experiments)
            self._odd_things(experiments)
        with sqlite3.connect(self.database) as connection:
            connection.execute("ANALYZE")

    def _experiments(self) -> list[str]:
        from mlflow.entities import ExperimentTag

        ids = []
        for index in range(self.size.experiments):
            name = NAMES[index % len(NAMES)] + f" {index}" if self.is_real else f"experiment-{index:03d}"
            tags = [
                ExperimentTag("team", f"team-{index}"),
                ExperimentTag("mlflow.note.content", f"# Note {index}\ntext"),
            ]
            ids.append(self.tracking.create_experiment(name, tags=tags))
        if self.is_real:
            self.tracking.set_experiment_tag("0", ExperimentTag("owner", "everybody"))
        return ids

    def _run(self, index: int, experiment_id: str) -> None:
        from mlflow.entities import Param, RunStatus, RunTag

        name = f"{NAMES[index % len(NAMES)]}-{index}" if self.is_real else f"run-{index:05d}"
        tags = [RunTag("mlflow.runName", name), RunTag("mlflow.user", f"user{index % 7}"), RunTag("stage", "x" * 300)]
        siblings = [run for run in self.runs[-40:] if run.info.experiment_id == experiment_id]
        if index % 10 == 9 and siblings:
            tags.append(RunTag("mlflow.parentRunId", self.random.choice(siblings).info.run_id))
        start = T0 + index * 60_000
        run = self.tracking.create_run(experiment_id, f"user{index % 7}", start, tags, name)
        run_id = run.info.run_id
        params = [Param(f"param_{number}", f"{self.random.random()}") for number in range(self.size.params)]
        if self.is_real and index % 5 == 0:
            params.append(Param("long", "ü" * 6000))
        self.tracking.log_batch(run_id, [], params, [])
        self.runs.append(run)
        self._metrics(run_id, index, start)
        if index % 4 == 1:
            self._dataset(run_id, index)
        self._files(run.info.artifact_uri, index)
        if index % 5 == 2:
            self._logged_model(run, index, start)
        status = ("FINISHED", "FINISHED", "FAILED", "KILLED", "FINISHED")[index % 5]
        if self.is_real and index % 23 == 22:
            return
        self.tracking.update_run_info(run_id, RunStatus.from_string(status), start + 45_000 + index, name)

    def _metrics(self, run_id: str, index: int, start: int) -> None:
        for metric in range(self.size.metrics):
            key = f"metric_{metric}"
            for step in range(self.size.steps):
                at = step * (3 if metric % 2 else 1) - (5 if self.is_real and metric == 1 else 0)
                value = self.random.gauss(0, 1)
                self.points.append((key, value, start + step * 10, at, False, run_id))
        if self.is_real and index % 3 == 0:
            self.points.append(("odd/nan", 0.0, start, 0, True, run_id))
            self.points.append(("odd/inf", 1.7976931348623157e308, start, 1, False, run_id))
            self.points.append(("odd/inf", -1.7976931348623157e308, start, 2, False, run_id))
            self.points += [("odd/same step", float(number), start + number, 0, False, run_id) for number in range(30)]

    def _write_points(self) -> None:
        latest: dict[tuple[str, str], tuple[t.Any, ...]] = {}
        for point in self.points:
            key = (point[5], point[0])
            if key not in latest or (point[3], point[2], point[1]) > (latest[key][3], latest[key][2], latest[key][1]):
                latest[key] = point
        columns = '("key", value, "timestamp", step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)'
        with sqlite3.connect(self.database) as connection:
            connection.executemany(f"INSERT INTO metrics {columns}", self.points)
            connection.executemany(f"INSERT INTO latest_metrics {columns}", latest.values())
        self.points = []

    def _dataset(self, run_id: str, index: int) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        number = index // 8
        dataset = Dataset(
            f"data-{number}", f"digest{number:08d}", "http", json.dumps({"url": f"https://x/{number}"}), "{}", "{}"
        )
        self.tracking.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])

    def _path(self, uri: str) -> Path:
        return self.artifacts / uri.removeprefix("mlflow-artifacts:/")

    def _files(self, uri: str, index: int) -> None:
        root = self._path(uri)
        for number in range(self.size.files):
            name = "plots/ü 100%.png" if self.is_real and number == 1 else f"folder{number % 2}/file{number}.bin"
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.random.randbytes(200 + 5000 * (number == 2) + index))

    def _logged_model(self, run: t.Any, index: int, start: int) -> None:
        from mlflow.entities import LoggedModelOutput, LoggedModelParameter, LoggedModelStatus, LoggedModelTag, Metric

        run_id = run.info.run_id
        model = self.tracking.create_logged_model(
            run.info.experiment_id,
            f"model-{index}",
            run_id,
            [LoggedModelTag("flavour", "sklearn")],
            [LoggedModelParameter("depth", str(index)), LoggedModelParameter("long", "p" * 300)],
            "classifier",
        )
        root = self._path(model.artifact_location)
        root.mkdir(parents=True)
        (root / "MLmodel").write_text(
            f"artifact_path: model\nmodel_id: {model.model_id}\nrun_id: {run_id}\nmodel_uuid: abc\n"
        )
        (root / "model.pkl").write_bytes(self.random.randbytes(1000))
        self.tracking.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=index % 3)])
        metric = Metric("accuracy", 0.5 + index / 10_000, start + 5, 1, model.model_id, "data-0", "digest00000000")
        self.tracking.log_batch(run_id, [metric], [], [])
        self.tracking.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
        self.models.append(model)

    def _registered_models(self) -> None:
        from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

        for index in range(self.size.registered_models):
            name = (
                f"Model {NAMES[index % len(NAMES)]} {index}".replace("/", "-")
                if self.is_real
                else f"registered-{index:03d}"
            )
            self.registry.create_registered_model(
                name, [RegisteredModelTag("tier", str(index))], f"Description {index}"
            )
            for number in range(self.size.versions):
                run = self.runs[(index * 3 + number) % len(self.runs)]
                source = f"{run.info.artifact_uri}/folder0"
                run_id: str | None = run.info.run_id
                if number % 2 and self.models:
                    model = self.models[(index + number) % len(self.models)]
                    source, run_id = f"{model.artifact_location}", model.source_run_id
                tags = [ModelVersionTag("quality", f"q{number}")]
                self.registry.create_model_version(name, source, run_id, tags, None, f"version {number}")
            self.registry.set_registered_model_alias(name, "champion", self.size.versions)
            self.registry.set_registered_model_alias(name, "first", 1)
            self.registry.transition_model_version_stage(name, 1, "Staging", False)

    def _prompts(self) -> None:
        from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag

        for index in range(self.size.prompts):
            name = f"prompt-{index}"
            marks = [RegisteredModelTag("mlflow.prompt.is_prompt", "true"), RegisteredModelTag("use", "chat")]
            self.registry.create_registered_model(name, marks, "A prompt")
            for number in range(3):
                tags = {"mlflow.prompt.is_prompt": "true", "mlflow.prompt.text": f"Say {{{{x}}}} {number}", "k": "v"}
                self.registry.create_model_version(
                    name, "dummy-source", None, [ModelVersionTag(*pair) for pair in tags.items()], None, "why"
                )
            self.registry.set_registered_model_alias(name, "production", 2)

    def _traces(self, experiments: list[str]) -> None:
        for index in range(self.size.traces):
            self._trace(index, experiments[index % len(experiments)])

    def _trace(self, index: int, experiment_id: str) -> None:
        from mlflow.entities import AssessmentSource, Expectation, Feedback, TraceInfo, TraceLocation, TraceState

        hexadecimal = f"{self.random.getrandbits(128) | 1 << 127:032x}"
        trace_id = f"tr-{hexadecimal}"
        source = AssessmentSource("HUMAN", "me@example.com")
        moments = {"create_time_ms": T0 + index, "last_update_time_ms": T0 + index + 7, "trace_id": trace_id}
        assessments = [Feedback("good", index % 2 == 0, source=source, rationale="ü", metadata={"a": "b"}, **moments)]
        if index % 3 == 0:
            assessments.append(Expectation("answer", {"text": "42"}, source=source, **moments))
        run = self.runs[index % len(self.runs)]
        info = TraceInfo(
            trace_id=trace_id,
            trace_location=TraceLocation.from_experiment_id(experiment_id),
            request_time=T0 + index * 1000,
            state=TraceState.OK if index % 4 else TraceState.ERROR,
            execution_duration=100 + index,
            request_preview='{"q": "ü"}',
            response_preview="42",
            client_request_id=f"client-{index}",
            trace_metadata={"mlflow.sourceRun": run.info.run_id, "mlflow.trace.session": f"s{index}", "own": "1"},
            tags={"mlflow.traceName": f"predict {index}", "colour": "blue"},
            assessments=assessments,
        )
        self.tracking.start_trace(info)
        self.tracking.log_spans(experiment_id, [self._span(trace_id, hexadecimal, n) for n in range(self.size.spans)])

    def _span(self, trace_id: str, hexadecimal: str, number: int) -> t.Any:
        from mlflow.entities import Span
        from opentelemetry.sdk.trace import Event, ReadableSpan
        from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

        def context(span: int) -> SpanContext:
            return SpanContext(int(hexadecimal, 16), 1000 + span, is_remote=False, trace_flags=TraceFlags(1))

        start = T0 * 1_000_000 + number * 1000
        attributes = {
            "mlflow.traceRequestId": json.dumps(trace_id),
            "mlflow.spanType": json.dumps("LLM"),
            "mlflow.spanInputs": json.dumps({"q": "ü", "n": number, "list": [1, 2.5, None, True]}),
            "plain": json.dumps(0.25),
        }
        return Span(
            ReadableSpan(
                name=f"span {number}",
                context=context(number),
                parent=context(number - 1) if number else None,
                start_time=start,
                end_time=start + 500,
                attributes=attributes,
                status=Status(StatusCode.ERROR, "broke") if number == 1 else Status(StatusCode.OK),
                events=[Event("event", {"exception.message": "no"}, start + 10)] if number == 1 else [],
            )
        )

    def _evaluation_datasets(self, experiments: list[str]) -> None:
        for index in range(2):
            dataset = self.tracking.create_dataset(f"questions-{index}", {"kind": "golden"}, experiments[: index + 1])
            records = [
                {"inputs": {"q": f"q{n}"}, "expectations": {"answer": n}, "tags": {"n": str(n)}}
                for n in range(5 + index)
            ]
            self.tracking.upsert_dataset_records(dataset.dataset_id, records)

    def _odd_things(self, experiments: list[str]) -> None:
        from mlflow.entities import LoggedModelInput

        for run in self.runs[3::11]:
            self.tracking.delete_run(run.info.run_id)
        alive = [
            run for run in self.runs[4::11] if self.tracking.get_run(run.info.run_id).info.lifecycle_stage == "active"
        ]
        for run in alive[:3]:
            self.tracking.log_inputs(run.info.run_id, [], [LoggedModelInput(self.models[0].model_id)])
        gone = self.tracking.create_experiment("deleted experiment")
        # One with a logged model.
        self._run(len(self.runs) // 5 * 5 + 7, gone)
        self._trace(self.size.traces, gone)
        self._write_points()
        self.tracking.delete_experiment(gone)
        self.registry.create_registered_model("with gaps", [], "")
        for number in range(5):
            self.registry.create_model_version("with gaps", f"s3://elsewhere/model-{number}", None)
        for number in (1, 3, 5):
            self.registry.delete_model_version("with gaps", str(number))
        self.registry.create_registered_model("empty model", [], "nothing yet")


def main() -> None:
    """Write one workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", choices=["plain", "real"], default="real")
    parser.add_argument("--runs", type=int, help="scale everything by this number of runs; otherwise a small workload")
    parser.add_argument("--steps", type=int, help="of each metric; otherwise as the size has it")
    wish = parser.parse_args()
    size = Size.of_runs(wish.runs) if wish.runs else Size()
    size = replace(size, steps=wish.steps or size.steps)
    Workload(wish.folder, size, wish.kind == "real").write()


if __name__ == "__main__":
    main()
