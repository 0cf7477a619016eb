# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The proof: both sides are read again and compared by content. Nothing is taken from what the transfer believes."""

from __future__ import annotations

import hashlib
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _compare as compare
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import S3Prefix
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import (
    Owner,
    is_id_file,
    until_it_works,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import ACTIVE, DELETED
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_files import UNREADABLE
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._tally import Tally

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifact_places import (
        ArtifactFile,
        Place,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._capabilities import Capabilities
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Work
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        Experiment,
        ModelVersion,
        Run,
        Trace,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import (
        Addressable,
        Histories,
        Source,
    )

MISSING = "is missing in the target"


class Verification:
    """Compares a source with what it moved to.

    :param target: the target, read as if it were a source.
    :param can: what the target takes.
    :param is_full: histories point by point and files byte by byte, not only what a search shows.
    """

    def __init__(self, context: Work, target: Addressable, can: Capabilities, is_full: bool) -> None:
        self._context = context
        self._can = can
        self._source: Source = context.source
        self._target = target
        self._is_full = is_full
        self._new_id = context.journal.new_id
        self.tally = Tally()

    def run(self, experiments: Sequence[Experiment]) -> Tally:
        """All differences; C(unchanged) counts what is the same."""
        there = {each.id: each for each in self._target.experiments()}
        for experiment in experiments:
            other = there.get(self._new_id("experiment", experiment.id) or "")
            differing = [MISSING] if other is None else compare.experiment(experiment, other)
            self._judge("experiment", experiment.id, experiment.name, differing)
        moved = [each for each in experiments if self._new_id("experiment", each.id) in there]
        news = [there[str(self._new_id("experiment", each.id))] for each in moved]
        self._models(moved, news)
        with ThreadPoolExecutor(self._context.workers) as pool:
            buried = {each.id for each in moved if each.lifecycle_stage == DELETED}
            for page in self._source.runs(moved):
                self._runs(pool, [run for run in page if self._context.filters.takes_run(run)], buried)
        self._registry()
        self._traces(moved)
        self._evaluation_datasets(moved, news)
        return self.tally

    def _judge(self, kind: str, identity: str, name: str, differing: Iterable[str]) -> None:
        found = list(differing)
        self.tally.add(kind, **{"failed" if found else "unchanged": 1})
        for what in found:
            self.tally.problem(kind, identity, name, what)
        self._context.advance(kind, 1)

    # Runs.

    def _runs(self, pool: ThreadPoolExecutor, runs: Sequence[Run], buried: set[str]) -> None:
        start = 0
        while start < len(runs):
            batch = self._source.with_model_inputs(
                runs[start : start + min(self._source.batch_size(), self._target.batch_size())]
            )
            start += len(batch)
            news = [new for run in batch if (new := self._new_id("run", run.id))]
            there = {run.id: run for run in self._target.with_model_inputs(self._target.runs_by_id(news))}
            pairs = [(run, there.get(self._new_id("run", run.id) or "")) for run in batch]
            for run, other in pairs:
                self._run(run, other, run.experiment_id in buried)
            both = [(run, other) for run, other in pairs if other is not None]
            if self._is_full and both:
                mine, theirs = self._source.histories(batch), self._target.histories([other for _run, other in both])
                list(pool.map(partial(self._history, mine, theirs), both))
            list(pool.map(lambda pair: self._run_files(*pair), both))

    def _run(self, run: Run, other: Run | None, is_buried: bool) -> None:
        if other is None:
            self._judge("run", run.id, run.name, [MISSING])
            return
        if not self._can.logged_models:
            run = replace(run, model_inputs=(), model_outputs=())
        self._judge(
            "run", run.id, run.name, compare.run(run, other, self._new_id, self._context.with_new_ids, is_buried)
        )

    def _history(self, mine: Histories, theirs: Histories, pair: tuple[Run, Run]) -> None:
        run, other = pair
        before, after = compare.HistoryDigest(), compare.HistoryDigest()
        for chunk in mine.points(run):
            before.add(chunk)
        for chunk in theirs.points(other):
            after.add(chunk)
        is_same = before.value == after.value
        self.tally.add("metric_point", before.points, **{"unchanged" if is_same else "failed": before.points})
        if not is_same:
            what = f"its histories differ: {before.points} points became {after.points}"
            self.tally.problem("metric_point", run.id, run.name, what)

    def _run_files(self, run: Run, other: Run) -> None:
        self._files("run", run.id, run.name, run.artifact_uri, other.id, other.artifact_uri)

    # Files.

    def _files(self, kind: str, old: str, name: str, old_uri: str, new: str, new_uri: str) -> None:
        try:
            mine = self._source.artifacts.place(old_uri, Owner(kind, old))
            theirs = self._target.artifacts.place(new_uri, Owner(kind, new))
            before = {file.path: file for file in mine.files()}
            after = {file.path: file for file in theirs.files()} if before else {}
            for path in sorted(before):
                differing = self._file(before[path], after.get(path), mine, theirs)
                self._judge("artifact", f"{kind} {old}", f"{name}: {path}", differing)
        except UNREADABLE as error:
            self.tally.problem("artifact", f"{kind} {old}", name, f"its files could not be compared: {error}")

    def _file(self, before: ArtifactFile, after: ArtifactFile | None, mine: Place, theirs: Place) -> list[str]:
        if after is None:
            return [MISSING]
        is_rewritten = is_id_file(before.path)
        if before.size != after.size and not is_rewritten:
            return [f"{before.size} bytes became {after.size}"]
        if not self._is_full or (before.etag and before.etag == after.etag):
            return []
        expected = until_it_works(lambda: _checksum(self._expected_content(before.path, mine)))
        # Of an object that went up in one piece and is not encrypted with a key of KMS, the ETag is the checksum.
        if isinstance(theirs, S3Prefix) and after.etag == expected:
            return []
        is_same = until_it_works(lambda: _checksum(theirs.read(before.path))) == expected
        return [] if is_same else ["its content differs"]

    def _expected_content(self, path: str, mine: Place) -> Iterator[bytes]:
        if is_id_file(path):
            return iter([self._context.rewrite(b"".join(mine.read(path)))])
        return mine.read(path)

    # Everything else.

    def _models(self, experiments: Sequence[Experiment], news: Sequence[Experiment]) -> None:
        if not self._can.logged_models:
            return
        there = {model.id: model for model in self._target.logged_models(news)}
        for model in self._source.logged_models(experiments):
            if model.lifecycle_stage != ACTIVE:
                continue
            other = there.get(self._new_id("model", model.id) or "")
            if other is None:
                self._judge("logged_model", model.id, model.name, [MISSING])
                continue
            self._judge("logged_model", model.id, model.name, compare.logged_model(model, other, self._new_id))
            self._files("model", model.id, model.name, model.artifact_uri, other.id, other.artifact_uri)

    def _registry(self) -> None:
        there = {model.name: model for model in self._target.registered_models()}
        for model in self._source.registered_models():
            kind = "prompt" if model.is_prompt else "registered_model"
            if not self._context.filters.takes_model(model.name):
                continue
            if model.is_prompt and not self._can.prompts:
                continue
            other = there.get(model.name)
            differing = [MISSING] if other is None else compare.registered_model(model, other)
            self._judge(kind, model.name, model.name, differing)
            versions = {each.version: each for each in other.versions} if other else {}
            for version in model.versions:
                self._version(version, versions.get(version.version), model.is_prompt)

    def _version(self, version: ModelVersion, other: ModelVersion | None, is_prompt: bool) -> None:
        kind = "prompt_version" if is_prompt else "model_version"
        identity = f"{version.name}/{version.version}"
        if other is None:
            self._judge(kind, identity, version.name, [MISSING])
            return
        source = None if is_prompt else self._context.new_source(version.source, version.run_id)
        self._judge(kind, identity, version.name, compare.version(version, other, self._new_id, source))

    def _traces(self, experiments: Sequence[Experiment]) -> None:
        if not self._can.traces:
            return
        for page in self._source.traces(experiments):
            meant = [trace for trace in page if self._context.filters.takes_time(trace.request_time)]
            there = {trace.id: trace for trace in self._target.traces_by_id([trace.id for trace in meant])}
            for trace in self._source.with_spans(meant) if self._is_full else meant:
                self._trace(trace, there.get(trace.id))

    def _trace(self, trace: Trace, other: Trace | None) -> None:
        name = trace.tags.get("mlflow.traceName", "")
        if other is None:
            self._judge("trace", trace.id, name, [MISSING])
            return
        differing = compare.trace(trace, other, self._context.with_new_ids)
        if self._is_full and trace.spans is not None:
            differing += compare.spans(trace, other)
        self._judge("trace", trace.id, name, differing)

    def _evaluation_datasets(self, experiments: Sequence[Experiment], news: Sequence[Experiment]) -> None:
        if not self._can.evaluation_datasets:
            return
        there = {each.id: each for each in self._target.evaluation_datasets(news)}
        for dataset in self._source.evaluation_datasets(experiments):
            other = there.get(self._new_id("evaluation_dataset", dataset.id) or "")
            differing = [MISSING] if other is None else compare.evaluation_dataset(dataset, other, self._new_id)
            self._judge("evaluation_dataset", dataset.id, dataset.name, differing)


def _checksum(content: Iterable[bytes]) -> str:
    # MD5 because S3's ETags are; nobody is to be kept from forging one.
    checksum = hashlib.md5(usedforsecurity=False)
    for chunk in content:
        checksum.update(chunk)
    return checksum.hexdigest()
