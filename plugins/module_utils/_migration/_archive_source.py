# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""An archive that is read, as the source of a migration or to be compared with what it is of."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _archive_records as records
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import files_path
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import CheckedFolder
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import SourceFacts, Unreadable

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive import Archive, Entry
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import Owner
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        EvaluationDataset,
        Experiment,
        LoggedModel,
        Point,
        RegisteredModel,
        Run,
        Trace,
    )

Thing = t.TypeVar("Thing")

READERS = 8
PAGE = 200
BATCH = 50
OWNERS = {"run": "run", "model": "logged_model"}
"""The kinds of records that have files, by what the owner of files is called."""


@dataclass(frozen=True)
class ArchivedFiles:
    """The files of runs and logged models.

    :param is_listed: what is there is told, not what should be.
    """

    archive: Archive
    is_listed: bool = False

    def place(self, uri: str, owner: Owner | None = None) -> CheckedFolder:
        """The files of an owner. Raises MlflowError when the archive has not got it."""
        entry = self.archive.index.get(OWNERS[owner.kind], owner.id) if owner else None
        if owner is None or entry is None:
            raise MlflowError(f"{self.archive.uri} holds no files of '{uri}'.")
        files = self.archive.head(entry)[1] if entry.files else []
        folder = self.archive.store.below(files_path(entry.kind, entry.id))
        return CheckedFolder(folder, {file.path: file for file in files}, self.is_listed)


class ArchivedHistories:
    """Read when they are asked for: a record a run."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def points(self, run: Run) -> Iterator[list[Point]]:
        """Every point of one run."""
        entry = self._archive.index.get("run", run.id)
        return self._archive.stream(entry, records.points) if entry and entry.points else iter(())


class ArchiveSource:
    """One archive, whose index is loaded."""

    def __init__(self, archive: Archive, is_target: bool = False) -> None:
        self.archive = archive
        self.artifacts = ArchivedFiles(archive, is_target)
        self._pool = ThreadPoolExecutor(READERS)
        self._unreadable: dict[tuple[str, str], Unreadable] = {}
        about = (archive.about or {}).get("source", {})
        self.facts = SourceFacts("archive", archive.uri, str(about.get("version", "unknown")))

    def experiments(self) -> Iterator[Experiment]:
        """All of them, deleted ones too."""
        for page in self._pages("experiment", None, records.experiment):
            yield from page

    def count_runs(self, experiments: Sequence[Experiment]) -> int:
        """Counted in the index."""
        return sum(1 for each in experiments for _entry in self.archive.index.entries("run", each.id))

    def runs(self, experiments: Sequence[Experiment]) -> Iterator[list[Run]]:
        """Pages of runs, experiment by experiment."""
        for experiment in experiments:
            yield from self._pages("run", experiment.id, records.run)

    def runs_by_id(self, ids: Sequence[str]) -> list[Run]:
        """Those of these runs that are in the archive."""
        return self._read(filter(None, (self.archive.index.get("run", each) for each in ids)), records.run)

    def with_model_inputs(self, runs: Sequence[Run]) -> list[Run]:
        """They have them."""
        return list(runs)

    def batch_size(self) -> int:
        """Nothing is gained by more."""
        return BATCH

    def histories(self, runs: Sequence[Run]) -> ArchivedHistories:  # noqa: ARG002  # as every source has it
        """Each run's own, when it is asked for."""
        return ArchivedHistories(self.archive)

    def count_points(self, runs: Sequence[Run]) -> dict[str, int]:
        """As they were counted when they were archived."""
        found = ((run.id, self.archive.index.get("run", run.id)) for run in runs)
        return {run_id: entry.points if entry else 0 for run_id, entry in found}

    def logged_models(self, experiments: Sequence[Experiment]) -> Iterator[LoggedModel]:
        """All of these experiments."""
        for experiment in experiments:
            for page in self._pages("logged_model", experiment.id, records.logged_model):
                yield from page

    def registered_models(self) -> Iterator[RegisteredModel]:
        """All, prompts too."""
        for page in self._pages("registered_model", None, records.registered_model):
            yield from page

    def traces(self, experiments: Sequence[Experiment]) -> Iterator[list[Trace]]:
        """Pages of traces without spans."""
        for experiment in experiments:
            yield from self._pages("trace", experiment.id, records.trace)

    def traces_by_id(self, ids: Sequence[str]) -> list[Trace]:
        """Those of these traces that are in the archive, with their spans."""
        entries = filter(None, (self.archive.index.get("trace", each) for each in ids))
        return self.with_spans(self._read(entries, records.trace))

    def with_spans(self, traces: Iterable[Trace]) -> list[Trace]:
        """The same traces with their spans."""
        return list(self._pool.map(self._with_spans, traces))

    def _with_spans(self, trace: Trace) -> Trace:
        entry = self.archive.index.get("trace", trace.id)
        if entry is None:
            return trace
        return replace(trace, spans=self._try(entry, lambda: self.archive.read(entry, records.spans)))

    def evaluation_datasets(self, experiments: Sequence[Experiment]) -> Iterator[EvaluationDataset]:
        """Those of these experiments, and those of none."""
        wanted = {experiment.id for experiment in experiments}
        for page in self._pages("evaluation_dataset", None, records.evaluation_dataset):
            yield from (each for each in page if not each.experiment_ids or wanted.intersection(each.experiment_ids))

    def _pages(
        self, kind: str, experiment_id: str | None, make: Callable[[dict[str, t.Any]], Thing]
    ) -> Iterator[list[Thing]]:
        waiting: list[Entry] = []
        for entry in self.archive.index.entries(kind, experiment_id):
            waiting.append(entry)
            if len(waiting) == PAGE:
                yield self._read(waiting, make)
                waiting = []
        if waiting:
            yield self._read(waiting, make)

    def _read(self, entries: Iterable[Entry], make: Callable[[dict[str, t.Any]], Thing]) -> list[Thing]:
        documents = self._pool.map(lambda entry: self._try(entry, lambda: self.archive.head(entry)[0]), entries)
        return [make(document) for document in documents if document is not None]

    def _try(self, entry: Entry, read: Callable[[], Thing]) -> Thing | None:
        try:
            return read()
        except records.BrokenRecord as error:
            what = Unreadable(entry.kind, entry.id, entry.name, error.message)
            self._unreadable[entry.kind, entry.id] = what
            return None

    def unreadable(self) -> list[Unreadable]:
        """Records that are damaged, once they have been met."""
        return list(self._unreadable.values())

    def close(self) -> None:
        """Let the readers go."""
        self._pool.shutdown()
        self.archive.close()
