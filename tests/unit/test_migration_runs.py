# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which runs are written: parents first, whatever users' tags say, and nobody waits for what another run reads."""

from __future__ import annotations

import threading
import typing as t
from dataclasses import dataclass, field, replace

import pytest

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._capabilities import Capabilities
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    PARENT_TAG,
    Experiment,
    Run,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Journal, Moved
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_models import LoggedModelMover
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_runs import RunMover
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._tally import Tally

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXPERIMENT = Experiment("1", "one", "", "active", 0, 0, {})
PATIENCE = 20.0


def run(identity: str, parent: str = "") -> Run:
    """A run that ended."""
    tags = {PARENT_TAG: parent} if parent else {}
    return Run(identity, "1", identity, "me", "FINISHED", 1, 2, "active", "", {}, tags, {})


class NoHistories:
    def points(self, _run: Run) -> Iterator[list[t.Any]]:
        return iter(())


@dataclass
class Source:
    """The histories of runs, read two at a time.

    :param gate: histories are there when it is open.
    :param was_open: whether it was, each time that histories were wanted.
    """

    gate: threading.Event = field(default_factory=threading.Event)
    was_open: bool = True

    def with_model_inputs(self, runs: Sequence[Run]) -> list[Run]:
        return list(runs)

    def batch_size(self) -> int:
        return 2

    def histories(self, _runs: Sequence[Run]) -> NoHistories:
        self.was_open = self.gate.wait(PATIENCE) and self.was_open
        return NoHistories()


@dataclass
class Target:
    """Notes the tags with which runs are created, in this order.

    :param opens_at: runs that must be there before the source has histories.
    """

    source: Source
    opens_at: int
    created: dict[str, Mapping[str, str]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    can: Capabilities = field(default_factory=lambda: Capabilities(logged_models=False))

    def create_run(self, _experiment_id: str, wish: Run, tags: Mapping[str, str]) -> Run:
        self.created[wish.id] = tags
        if len(self.created) >= self.opens_at:
            self.source.gate.set()
        return replace(wish, id=f"new-{wish.id}", status="RUNNING")

    def log_batch(self, _run_id: str, _batch: t.Any) -> list[str]:
        return []

    def end_run(self, wish: Run, _there: Run) -> None:
        self.ended.append(wish.id)


class NoExperiments:
    def make_active(self, _experiment_id: str) -> None:
        return


def moved(pages: Sequence[Sequence[Run]], workers: int = 2, opens_at: int = 0) -> Target:
    """A target after these runs have moved to it."""
    source = Source()
    target = Target(source, opens_at)
    if not opens_at:
        source.gate.set()
    journal = Journal()
    journal.put(Moved("experiment", "1", "9", "", {}))
    context = Context(t.cast("t.Any", source), journal, Tally(), workers=workers, target=t.cast("t.Any", target))
    mover = RunMover(context, [EXPERIMENT], LoggedModelMover(context), t.cast("t.Any", NoExperiments()))
    thread = threading.Thread(target=mover.move_all, args=[pages], daemon=True)
    thread.start()
    thread.join(2 * PATIENCE)
    assert not thread.is_alive(), "runs wait for each other"
    return target


@pytest.mark.parametrize(
    ("pages", "linked"),
    [
        pytest.param(
            [[run("child", "parent"), run("other"), run("parent")]], {"child": "new-parent"}, id="listed after"
        ),
        pytest.param(
            [[run("c", "b"), run("b", "a"), run("d", "c"), run("a")]],
            {"b": "new-a", "c": "new-b", "d": "new-c"},
            id="deep",
        ),
        pytest.param([[run("child", "parent")], [run("parent")]], {"child": "new-parent"}, id="on a later page"),
        pytest.param([[run("child", "gone")]], {"child": "gone"}, id="that is nowhere"),
        pytest.param([[run("self", "self"), run("other")]], {"self": "self"}, id="itself"),
        pytest.param([[run("a", "b"), run("b", "a"), run("c", "a")]], {"b": "new-a"}, id="in a circle"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2, 16])
def test_runs_are_nested_in_what_their_parents_became(
    pages: Sequence[Sequence[Run]], linked: Mapping[str, str], workers: int
) -> None:
    target = moved(pages, workers)
    everything = [each.id for page in pages for each in page]
    assert sorted(target.ended) == sorted(target.created) == sorted(everything)
    order = list(target.created)
    for child, parent in linked.items():
        assert target.created[child][PARENT_TAG] == parent
        is_there = parent.startswith("new-")
        assert not is_there or order.index(parent.removeprefix("new-")) < order.index(child)


def test_children_do_not_wait_until_their_parents_end(monkeypatch: pytest.MonkeyPatch) -> None:
    is_there = threading.Event()
    create, waited = Target.create_run, []

    def create_run(target: Target, experiment_id: str, wish: Run, tags: Mapping[str, str]) -> Run:
        if wish.id == "child":
            is_there.set()
        return create(target, experiment_id, wish, tags)

    monkeypatch.setattr(Target, "create_run", create_run)
    monkeypatch.setattr(Target, "end_run", lambda *_run: waited.append(is_there.wait(PATIENCE / 4)))
    moved([[run("child", "parent"), run("parent")]])
    assert waited == [True, True], "the parent ended before its child was created"


def test_runs_begin_while_their_histories_are_read() -> None:
    target = moved([[run("a"), run("b")]], opens_at=2)
    assert target.source.was_open, "nothing was created before the histories were there"
