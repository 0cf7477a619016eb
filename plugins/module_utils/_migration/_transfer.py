# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""The order in which everything moves: what others refer to first, what ends things last."""

from __future__ import annotations

import typing as t
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import read_concurrently
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_experiments import ExperimentMover
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_models import LoggedModelMover
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_registry import RegistryMover
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_runs import RunMover
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_traces import (
    EvaluationDatasetMover,
    TraceMover,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._plan_of_transfer import (
    Forecast,
    forecast,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._read_ahead import ReadAhead

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Experiment


class Transfer:
    """One migration from a source to a server."""

    def __init__(self, context: Context) -> None:
        self._context = self.work = context
        self.experiments: list[Experiment] = []
        self.experiment_mover = ExperimentMover(context)
        self._models = LoggedModelMover(context)
        self.registry_mover = RegistryMover(context)
        self._traces = TraceMover(context, self.experiment_mover)
        self.evaluation_dataset_mover = EvaluationDatasetMover(context)

    def survey(self) -> None:
        """Read what is meant of the source and what is in the target already. Writes nothing."""
        context = self._context
        read = read_concurrently(
            {"here": lambda: list(context.source.experiments()), "there": self.experiment_mover.survey}
        )
        for experiment in read["here"]:
            if context.filters.takes_experiment(experiment):
                self.experiments.append(experiment)
            else:
                context.tally.add("experiment", left_out=1)
        self._runs = RunMover(context, self.experiments, self._models, self.experiment_mover)
        ids = self.experiment_mover.remember(self.experiments)
        of_experiments = {
            "runs": lambda: self._runs.survey(ids),
            "traces": lambda: self._traces.survey(ids),
        }
        read_concurrently(
            {
                **(of_experiments if ids else {}),
                "models": lambda: self._survey_models(ids),
                "registry": self.registry_mover.survey,
                "evaluation datasets": self.evaluation_dataset_mover.survey,
            }
        )

    def _survey_models(self, ids: Sequence[str]) -> None:
        if ids:
            self._models.survey(ids)
        self._models.index(self.experiments)

    def forecast(self) -> Forecast:
        """What would be written."""
        return forecast(self._context, self)

    def move(self) -> None:
        """Write what is not in the target."""
        source = self._context.source
        pages, registered = ReadAhead(source.runs(self.experiments)), ReadAhead(source.registered_models())
        self._at_once(self.experiment_mover.move, self.experiments)
        moved = [each for each in self.experiments if self._context.journal.get("experiment", each.id)]
        self._runs.move_all(pages)
        self._models.move_without_run()
        read_concurrently(
            {
                "registry": lambda: self.registry_mover.move_all(registered),
                "traces": lambda: self._traces.move_all(moved),
                "evaluation datasets": lambda: self.evaluation_dataset_mover.move_all(moved),
            }
        )
        self._at_once(self.experiment_mover.finish, moved)

    def _at_once(self, action: Callable[[Experiment], None], experiments: Sequence[Experiment]) -> None:
        with ThreadPoolExecutor(self._context.workers) as pool:
            list(pool.map(action, experiments))
