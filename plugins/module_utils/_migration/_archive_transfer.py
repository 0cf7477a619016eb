# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Into an archive: everything as it is, under its own ids. What is in the archive already is not read again.

Nothing leaves an archive by itself: what is gone from the source since the last time stays in it.
"""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, islice

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive_records import BrokenRecord
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive_writer import (
    ArchiveWriter,
    Wanted,
    is_other,
    refuse_other,
    wanted,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._plan_of_transfer import Forecast
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import Archive
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive_records import (
        RecordWriter,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Work
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        Experiment,
        LoggedModel,
        Point,
        RegisteredModel,
        Run,
        Trace,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import Histories

    Fill: t.TypeAlias = "Callable[[RecordWriter], None]"

AT_ONCE = 40
"""Traces or logged models that are read before they are written."""


class ArchiveTransfer:
    """One migration from a source into an archive."""

    def __init__(self, work: Work, archive: Archive) -> None:
        self.work = work
        self._archive = archive
        self._writer = ArchiveWriter(work, archive)
        self.experiments: list[Experiment] = []

    def survey(self) -> None:
        """Read what is meant of the source and what is in the archive already. Writes nothing."""
        everything = list(self.work.source.experiments())
        if self._archive.load() and is_other(self._archive, everything):
            refuse_other(self._archive, self.work.source.facts.place)
        for experiment in everything:
            if self.work.filters.takes_experiment(experiment):
                self.experiments.append(experiment)
            else:
                self.work.tally.add("experiment", left_out=1)
        self._archive.find_records()

    # What there is in the source.

    def _runs(self, page: Sequence[Run]) -> list[Run]:
        taken = [run for run in page if self.work.filters.takes_run(run)]
        self.work.tally.add("run", len(page) - len(taken), left_out=len(page) - len(taken))
        return taken

    def _models(self) -> Iterator[RegisteredModel]:
        for model in self.work.source.registered_models():
            if self.work.filters.takes_model(model.name):
                yield model
            else:
                self.work.tally.add(_kind(model), left_out=1)

    def _traces(self) -> Iterator[list[Trace]]:
        for page in self.work.source.traces(self.experiments):
            taken = [trace for trace in page if self.work.filters.takes_time(trace.request_time)]
            self.work.tally.add("trace", len(page) - len(taken), left_out=len(page) - len(taken))
            yield taken

    # A preview.

    def forecast(self) -> Forecast:
        """What is still to be archived. It costs no server a write."""
        found, source = Forecast(), self.work.source
        with ThreadPoolExecutor(self.work.workers) as pool:
            for page in source.runs(self.experiments):
                self._foresee_runs(found, pool, self._runs(page))
        wishes_of_others = chain(
            (("experiment", wanted(each)) for each in self.experiments),
            (("logged_model", wanted(each)) for each in source.logged_models(self.experiments)),
            ((_kind(each), wanted(each)) for each in self._models()),
            (("trace", wanted(each)) for page in self._traces() for each in page),
            (("evaluation_dataset", wanted(each)) for each in source.evaluation_datasets(self.experiments)),
        )
        for kind, wish in wishes_of_others:
            if not self._writer.is_current(wish):
                self._foresee(found, kind, wish)
        return found

    def _foresee_runs(self, found: Forecast, pool: ThreadPoolExecutor, runs: Sequence[Run]) -> None:
        wishes = [wanted(run) for run in runs]
        current = pool.map(self._writer.is_current, wishes)
        todo = [(run, wish) for run, wish, is_current in zip(runs, wishes, current, strict=True) if not is_current]
        points = self.work.source.count_points([run for run, _wish in todo]) if todo else {}
        for run, wish in todo:
            self._foresee(found, "run", wish)
            found.add("metric_point", points[run.id])

    def _foresee(self, found: Forecast, kind: str, wish: Wanted) -> None:
        found.add(kind, requests=0)
        files = self._writer.list_files(wish)
        if files:
            found.add("artifact", len(files))
            found.bytes += sum(file.size for file in files)

    # The transfer.

    def move(self) -> None:
        """Write what is not in the archive, and then what makes it count."""
        source = self.work.source
        for experiment in self.experiments:
            self._put("experiment", wanted(experiment))
        with ThreadPoolExecutor(self.work.workers) as pool:
            # Before the runs: a server that has none is not asked which run used which.
            for models in _portions(source.logged_models(self.experiments)):
                list(pool.map(lambda model: self._put("logged_model", wanted(model)), models))
            for page in source.runs(self.experiments):
                self._move_runs(pool, self._runs(page))
            for traces in self._traces():
                self._move_traces(pool, traces)
        for model in self._models():
            outcome = self._put(_kind(model), wanted(model))
            number = len(model.versions)
            self.work.tally.add("prompt_version" if model.is_prompt else "model_version", number, **{outcome: number})
        for dataset in source.evaluation_datasets(self.experiments):
            self._put("evaluation_dataset", wanted(dataset))
        self._writer.finish()

    def _put(self, kind: str, wish: Wanted, fill: Fill | None = None) -> str:
        """Archive a thing; what became of it.

        :param fill: adds what is long to the record, for a thing that is known not to be current.
        """
        tally = self.work.tally
        try:
            is_current = fill is None and self._writer.is_current(wish)
            outcome = "unchanged" if is_current else self._writer.put(wish, fill or _nothing)
        except (ApiError, BrokenRecord) as error:
            if isinstance(error, ApiError) and error.status == 0:
                raise
            outcome = "failed"
            tally.problem(kind, wish.id, wish.name, error.message)
        tally.add(kind, **{outcome: 1})
        self.work.advance(kind, 1)
        return outcome

    def _move_runs(self, pool: ThreadPoolExecutor, runs: Sequence[Run]) -> None:
        source, tally = self.work.source, self.work.tally
        current = list(pool.map(lambda run: self._writer.is_current(wanted(run)), runs))
        todo = [run for run, is_current in zip(runs, current, strict=True) if not is_current]
        done = len(runs) - len(todo)
        if done:
            tally.add("run", done, unchanged=done)
            self.work.advance("run", done)
        start = 0
        while start < len(todo):
            batch = source.with_model_inputs(todo[start : start + source.batch_size()])
            start += len(batch)
            histories = source.histories(batch)
            list(pool.map(partial(self._move_run, histories), batch))

    def _move_run(self, histories: Histories, run: Run) -> None:
        def fill(record: RecordWriter) -> None:
            for chunk in histories.points(run):
                record.points(chunk)
                self._count_points(chunk)

        self._put("run", wanted(run), fill)
        if run.datasets:
            self.work.tally.add("dataset_input", len(run.datasets), created=len(run.datasets))

    def _count_points(self, chunk: Sequence[Point]) -> None:
        self.work.tally.add("metric_point", len(chunk), created=len(chunk))

    def _move_traces(self, pool: ThreadPoolExecutor, traces: Sequence[Trace]) -> None:
        todo = [trace for trace in traces if not self._writer.is_current(wanted(trace))]
        done = len(traces) - len(todo)
        if done:
            self.work.tally.add("trace", done, unchanged=done)
            self.work.advance("trace", done)
        for start in range(0, len(todo), AT_ONCE):
            list(pool.map(self._move_trace, self.work.source.with_spans(todo[start : start + AT_ONCE])))

    def _move_trace(self, trace: Trace) -> None:
        wish = wanted(trace)
        if trace.spans is None:
            self.work.tally.problem("trace", trace.id, wish.name, "without its spans, which could not be read")
        self._put("trace", wish, lambda record: record.spans(trace.spans))


def _nothing(_record: RecordWriter) -> None:
    return


def _portions(models: Iterator[LoggedModel]) -> Iterator[list[LoggedModel]]:
    while some := list(islice(models, AT_ONCE)):
        yield some


def _kind(model: RegisteredModel) -> str:
    return "prompt" if model.is_prompt else "registered_model"
