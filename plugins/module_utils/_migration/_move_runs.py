# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Runs, each as one pipeline with as few requests as MLflow allows. What ends it says that all the rest has arrived."""

from __future__ import annotations

import typing as t
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor, wait
from threading import BoundedSemaphore, Event

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._archive_records import BrokenRecord
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import Owner
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._batches import MeasuredModel, batches
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import DELETED, Run
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Moved
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_files import (
    Files,
    late_files,
    move_files,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._read_ahead import ReadAhead
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Experiment, Point
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_experiments import (
        ExperimentMover,
    )
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_models import LoggedModelMover
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import Histories

ENDED = ("FINISHED", "FAILED", "KILLED")


def is_complete(run: Run, there: Moved | None) -> bool:
    """Whether nothing has to be written for a run: it is there, ended as it did, and has not changed since."""
    if there is None or there.digest != origin.run_digest(run):
        return False
    facts = there.facts
    # The server deletes the runs of an experiment with it, so only a run that is to be deleted must be.
    is_deleted = run.lifecycle_stage != DELETED or facts["lifecycle"] == DELETED
    return bool(facts["status"] == run.status and facts["end_time"] == run.end_time and is_deleted)


def noted(run: Run, there: Run, name: str = "") -> Moved:
    """What the journal keeps of a run of the target."""
    facts = {
        "name": name or there.name,
        "status": there.status,
        "end_time": there.end_time,
        "lifecycle": there.lifecycle_stage,
        "uri": there.artifact_uri,
        "old_uri": run.artifact_uri,
    }
    return Moved("run", run.id, there.id, there.tags.get(origin.DIGEST, ""), facts)


def files_of(run: Run, there: Moved) -> Files:
    """The files of a run that is in the target."""
    return Files(run.name, Owner("run", run.id), run.artifact_uri, there.new, there.facts["uri"], is_new=False)


class RunMover:
    """Moves the runs of experiments that are in the target."""

    def __init__(
        self,
        context: Context,
        experiments: Sequence[Experiment],
        models: LoggedModelMover,
        experiment_mover: ExperimentMover,
    ) -> None:
        self._context = context
        self._experiments = {experiment.id: experiment for experiment in experiments}
        self._models = models
        self._experiment_mover = experiment_mover
        self._room = BoundedSemaphore(2 * context.workers)
        self._futures: list[Future[None]] = []
        self._waiting: list[Run] = []
        self._coming: dict[str, Event] = {}
        self._is_broken = False

    def survey(self, experiment_ids: Sequence[str]) -> None:
        """Find out which runs are in the target."""
        for there in self._context.target.moved_runs(experiment_ids):
            placeholder = noted(there, there)
            facts = {**placeholder.facts, "old_uri": ""}
            self._context.journal.put(Moved("run", there.tags[origin.ID], there.id, placeholder.digest, facts))

    def move_all(self, pages: Iterable[Sequence[Run]]) -> None:
        """Every run of these pages that is not complete. A run waits for the one that it is nested in and for the models that it used."""
        with ThreadPoolExecutor(self._context.workers) as pool:
            for page in pages:
                self._submit(pool, self._todo(pool, page), may_wait=True)
            self._end_round()
            progress = True
            while self._waiting:
                runs, self._waiting = self._waiting, []
                self._submit(pool, runs, may_wait=progress)
                self._end_round()
                progress = len(self._waiting) < len(runs)

    def _todo(self, pool: ThreadPoolExecutor, page: Sequence[Run]) -> list[Run]:
        """The runs of a page that are meant and not complete. To the others, files may have come."""
        tally, journal = self._context.tally, self._context.journal
        taken = [run for run in page if self._context.filters.takes_run(run)]
        if len(taken) < len(page):
            tally.add("run", len(page) - len(taken), left_out=len(page) - len(taken))
        todo: list[Run] = []
        complete: list[Run] = []
        for run in taken:
            there = journal.get("run", run.id)
            (complete if is_complete(run, there) else todo).append(run)
        list(pool.map(self._catch_up, complete))
        return todo

    def _catch_up(self, run: Run) -> None:
        journal = self._context.journal
        there = journal.get("run", run.id)
        if there is None:
            raise AssertionError("a complete run is in the target")
        # Model versions name the place where the run's files were.
        journal.put(Moved("run", run.id, there.new, there.digest, {**there.facts, "old_uri": run.artifact_uri}))
        files = files_of(run, there)
        is_behind = bool(late_files(self._context, files))
        if is_behind:
            move_files(self._context, files)
        self._context.tally.add("run", **{"updated" if is_behind else "unchanged": 1})
        self._context.advance("run", 1)

    def _submit(self, pool: ThreadPoolExecutor, runs: Sequence[Run], may_wait: bool) -> None:
        with ThreadPoolExecutor(1) as reader:
            for batch, histories in ReadAhead(self._batches(reader, _parents_first(runs))):
                for run in batch:
                    self._room.acquire()
                    # A parent that was submitted before has a thread, so that who waits for it waits for something that goes on.
                    parent = self._coming.get(run.parent_id or "")
                    self._coming[run.id] = Event()
                    self._futures.append(pool.submit(self._move, run, histories, parent, may_wait))
                self._let_go_of_done()

    def _batches(
        self, reader: ThreadPoolExecutor, runs: Sequence[Run]
    ) -> Iterator[tuple[list[Run], Future[Histories]]]:
        """Runs, and their histories as soon as they are read, from which the source learns how many to read together next."""
        source, rest = self._context.source, deque(runs)
        while rest:
            some = [rest.popleft() for _number in range(min(len(rest), source.batch_size()))]
            batch = source.with_model_inputs(some)
            histories = reader.submit(source.histories, batch)
            yield batch, histories
            wait([histories])

    def _let_go_of_done(self) -> None:
        done = [future for future in self._futures if future.done()]
        self._futures = [future for future in self._futures if future not in done]
        for future in done:
            future.result()

    def _end_round(self) -> None:
        futures, self._futures = self._futures, []
        for future in futures:
            future.result()

    def _must_wait(self, run: Run) -> bool:
        """Whether something that the run refers to may still come."""
        journal = self._context.journal
        if run.parent_id and journal.get("run", run.parent_id) is None:
            return True
        used = {*run.model_inputs, *(old for old, _point in journal.model_points_of(run.id))}
        return any(journal.is_to_come(old, run.id) for old in used) if self._context.target.can.logged_models else False

    def _move(self, run: Run, histories: Future[Histories], parent: Event | None, may_wait: bool) -> None:
        is_over = True
        try:
            if parent is not None:
                parent.wait()
            if self._is_broken:
                return
            if may_wait and self._must_wait(run):
                is_over = False
                self._waiting.append(run)
                return
            self._pipeline(run, histories)
        except (ApiError, BrokenRecord) as error:
            if isinstance(error, ApiError) and error.status == 0:
                self._is_broken = True
                raise
            self._context.tally.add("run", failed=1)
            self._context.tally.problem("run", run.id, run.name, error.message)
        except BaseException:
            self._is_broken = True
            raise
        finally:
            self._arrived(run)
            self._room.release()
            self._context.advance("run", int(is_over))

    def _arrived(self, run: Run) -> None:
        """Children need not wait any more: their parent is there, or does not come in this round."""
        coming = self._coming.pop(run.id, None)
        if coming is not None:
            coming.set()

    def _pipeline(self, run: Run, histories: Future[Histories]) -> None:
        target, journal = self._context.target, self._context.journal
        known = journal.get("run", run.id)
        run_digest = origin.run_digest(run)
        # A run that ends says by its end that it is whole; of others, and of those that changed, a tag does.
        ends_itself = run.status in ENDED and run.end_time is not None and (not known or known.digest == run_digest)
        self._experiment_mover.make_active(run.experiment_id)
        if known is None:
            there = self._create(run, {origin.DIGEST: run_digest} if ends_itself else {})
        else:
            there = self._resume(run, known)
        self._arrived(run)
        models = self._models.move_of(run, there.id)
        self._log(run, there, histories.result(), {} if known is None else self._changed_tags(run, there))
        self._link(run, there, is_new=known is None)
        owner = Owner("run", run.id)
        move_files(self._context, Files(run.name, owner, run.artifact_uri, there.id, there.artifact_uri, known is None))
        self._models.fold(run, there.id, there.artifact_uri)
        self._models.end(models)
        target.end_run(run, there)
        if not ends_itself:
            target.set_run_tag(there.id, origin.DIGEST, run_digest)
        if run.lifecycle_stage == DELETED and self._experiments[run.experiment_id].lifecycle_stage != DELETED:
            target.delete_run(there.id)
        self._context.tally.add("run", **{"created" if known is None else "updated": 1})

    def _create(self, run: Run, more: dict[str, str]) -> Run:
        experiment_id = self._context.journal.new_id("experiment", run.experiment_id)
        if experiment_id is None:
            raise AssertionError("runs move after their experiments")
        there = self._context.target.create_run(experiment_id, run, {**self._context.run_tags(run), **more})
        self._context.journal.put(noted(run, there, run.name))
        return there

    def _resume(self, run: Run, known: Moved) -> Run:
        if known.facts["lifecycle"] == DELETED:
            self._context.target.restore_run(known.new)
        there = self._context.target.run(known.new)
        self._context.journal.put(noted(run, there, run.name))
        return there

    def _changed_tags(self, run: Run, there: Run) -> dict[str, str]:
        """What differs in the tags of a run that is there; what is gone from the source goes."""
        wished = self._context.run_tags(run)
        kept = {*wished, "mlflow.runName", "mlflow.log-model.history", origin.DIGEST}
        for key in there.tags:
            if key not in kept and not origin.is_own(key):
                self._context.target.delete_run_tag(there.id, key)
        return {key: value for key, value in wished.items() if there.tags.get(key) != value}

    def _log(self, run: Run, there: Run, histories: Histories, tags: dict[str, str]) -> None:
        measured: dict[tuple[str, int, int], list[MeasuredModel]] = defaultdict(list)
        for old, (_run_id, point, name, digest) in self._context.journal.model_points_of(run.id):
            new = self._context.journal.new_id("model", old)
            if new:
                measured[point.key, point.timestamp, point.step].append(MeasuredModel(new, name, digest))
        tags = {**tags, **self._context.late_tags(run)}
        chunks = self._counted(histories.points(run))
        for batch in batches(chunks, run.params, tags, measured):
            for refused in self._context.target.log_batch(there.id, batch):
                self._context.tally.problem("run", run.id, run.name, f"refused: {refused}")

    def _counted(self, chunks: Iterator[list[Point]]) -> Iterator[list[Point]]:
        for chunk in chunks:
            self._context.tally.add("metric_point", len(chunk), created=len(chunk))
            yield chunk

    def _link(self, run: Run, there: Run, is_new: bool) -> None:
        """Datasets and logged models that the run read or made."""
        target, new_id = self._context.target, self._context.journal.new_id
        if run.datasets:
            target.log_datasets(there.id, run.datasets)
            self._context.tally.add("dataset_input", len(run.datasets), created=len(run.datasets))
        linked = set() if is_new else {each for each, _step in there.model_outputs}
        outputs = [(new_id("model", old), step) for old, step in run.model_outputs]
        missing = [(new, step) for new, step in outputs if new and new not in linked]
        if missing:
            target.log_model_outputs(there.id, missing)
        inputs = [new_id("model", old) for old in run.model_inputs]
        wanted = [new for new in inputs if new and (is_new or new not in there.model_inputs)]
        if wanted:
            target.log_model_inputs(there.id, wanted)
        if target.can.logged_models and (None in inputs or None in dict(outputs)):
            what = "links to logged models that are not in the target"
            self._context.tally.problem("run", run.id, run.name, what)


def _parents_first(runs: Sequence[Run]) -> list[Run]:
    """By how deep runs are nested within the list; tags of users' own may nest them in a circle."""
    parents = {run.id: run.parent_id or "" for run in runs}

    def depth(run: Run) -> int:
        above: set[str] = set()
        each = run.id
        while each in parents and each not in above:
            above.add(each)
            each = parents[each]
        return len(above)

    return sorted(runs, key=depth)
