# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What a reader offers, whatever it reads: a server, a database, an archive. Nothing here writes to the source."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import Artifacts
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
        EvaluationDataset,
        Experiment,
        LoggedModel,
        Point,
        RegisteredModel,
        Run,
        Trace,
    )


@dataclass(frozen=True)
class SourceFacts:
    """What is known of a source before anything is read.

    :param kind: C(server), C(database) or C(archive).
    :param version: of MLflow, C("unknown") where nobody says.
    :param has_logged_models: false where MLflow is older than 3.
    """

    kind: str
    place: str
    version: str
    has_logged_models: bool = True
    has_traces: bool = True
    has_evaluation_datasets: bool = True


class Unreadable(t.NamedTuple):
    """Something of the source that could not be read, and so was not handed out."""

    kind: str
    id: str
    name: str
    what: str


class Histories(t.Protocol):
    """The metric histories of a batch of runs."""

    def points(self, run: Run) -> Iterator[list[Point]]:
        """Every point of one run, a bounded number at a time."""


class Source(t.Protocol):
    """One MLflow to read from. Used by many threads."""

    @property
    def facts(self) -> SourceFacts:
        """What it is."""

    @property
    def artifacts(self) -> Artifacts:
        """Where its files are."""

    def experiments(self) -> Iterator[Experiment]:
        """All of them, deleted ones too."""

    def count_runs(self, experiments: Sequence[Experiment]) -> int:
        """How many there are, so that somebody who waits knows how long."""

    def runs(self, experiments: Sequence[Experiment]) -> Iterator[list[Run]]:
        """Pages of runs, deleted ones too, in general those that began first first."""

    def with_model_inputs(self, runs: Sequence[Run]) -> list[Run]:
        """The same runs with the logged models that they used, where a search does not tell: after C(logged_models)."""

    def batch_size(self) -> int:
        """How many runs' histories are read together next."""

    def histories(self, runs: Sequence[Run]) -> Histories:
        """The histories of a few runs, read together where that is cheaper."""

    def count_points(self, runs: Sequence[Run]) -> dict[str, int]:
        """How many points each run has; over REST what the last steps let one expect."""

    def logged_models(self, experiments: Sequence[Experiment]) -> Iterator[LoggedModel]:
        """All of these experiments."""

    def registered_models(self) -> Iterator[RegisteredModel]:
        """All, prompts too."""

    def traces(self, experiments: Sequence[Experiment]) -> Iterator[list[Trace]]:
        """Pages of traces without spans."""

    def with_spans(self, traces: Iterable[Trace]) -> list[Trace]:
        """The same traces with their spans."""

    def evaluation_datasets(self, experiments: Sequence[Experiment]) -> Iterator[EvaluationDataset]:
        """All of these experiments, each once, with their records."""

    def unreadable(self) -> Sequence[Unreadable]:
        """What was left out so far because it could not be read."""

    def close(self) -> None:
        """Let connections go."""


class Addressable(Source, t.Protocol):
    """A source that knows its things by their ids, so that a migration's target can be compared with what it is of."""

    def runs_by_id(self, ids: Sequence[str]) -> list[Run]:
        """Those of these runs that there are, in any order."""

    def traces_by_id(self, ids: Sequence[str]) -> list[Trace]:
        """Those of these traces that there are, with their spans."""
