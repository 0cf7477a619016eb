# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Experiments: found again by their origin or their name, created, brought up to date, and deleted at the very end."""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import DELETED, Experiment
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Moved
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context


class ExperimentMover:
    """Moves experiments without their contents."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._restored: set[str] = set()
        self._lock = threading.Lock()
        self._by_origin: dict[tuple[str, str], Experiment] = {}
        self._by_name: dict[str, Experiment] = {}

    def survey(self) -> None:
        """Find out which ones are in the target."""
        for experiment in self._context.target.experiments():
            self._by_name[experiment.name] = experiment
            key = (experiment.tags.get(origin.ID, ""), experiment.tags.get(origin.CREATED, ""))
            if key[0]:
                self._by_origin[key] = experiment

    def there(self, experiment: Experiment) -> Experiment | None:
        """The target's experiment for one of the source's."""
        key = (experiment.id, "" if experiment.creation_time is None else str(experiment.creation_time))
        return self._by_origin.get(key) or self._by_name.get(experiment.name)

    def remember(self, experiments: Sequence[Experiment]) -> list[str]:
        """Note the new ids of those that are there; the ids in the target."""
        found = []
        for experiment in experiments:
            there = self.there(experiment)
            if there is not None:
                self._note(experiment, there)
                found.append(there.id)
        return found

    def move(self, experiment: Experiment) -> None:
        """Create one, or bring it up to date. Deleted ones are active as long as something may be written into them."""
        there = self.there(experiment)
        try:
            if there is None:
                self._create(experiment)
            else:
                self._update(experiment, there)
        except ApiError as error:
            if error.status == 0:
                raise
            self._context.tally.add("experiment", failed=1)
            self._context.tally.problem("experiment", experiment.id, experiment.name, error.message)
        self._context.advance("experiment", 1)

    def _create(self, experiment: Experiment) -> None:
        target = self._context.target
        tags = {**origin.foreign(experiment.tags), **origin.of_experiment(experiment)}
        new_id = target.create_experiment(experiment.name, tags)
        self._note(experiment, target.experiment(new_id))
        self._context.tally.add("experiment", created=1)

    def _update(self, experiment: Experiment, there: Experiment) -> None:
        target = self._context.target
        wished = {**origin.foreign(experiment.tags), **origin.of_experiment(experiment)}
        # The time of the last change is that of the experiment's runs too: it alone is no change.
        differing = {
            key: value
            for key, value in wished.items()
            if there.tags.get(key) != value and not (key == origin.UPDATED and key in there.tags)
        }
        self._note(experiment, there)
        is_renamed = there.name != experiment.name
        if (differing or is_renamed) and there.lifecycle_stage == DELETED:
            self.make_active(experiment.id)
        if is_renamed:
            target.rename_experiment(there.id, experiment.name)
        for key, value in differing.items():
            target.set_experiment_tag(there.id, key, value)
        self._context.tally.add("experiment", **{"updated" if differing or is_renamed else "unchanged": 1})

    def make_active(self, experiment_id: str) -> None:
        """Before something is written into an experiment that is deleted in the target."""
        there = self._context.journal.get("experiment", experiment_id)
        with self._lock:
            if there and there.facts["lifecycle"] == DELETED and there.new not in self._restored:
                self._context.target.restore_experiment(there.new)
                self._restored.add(there.new)

    def finish(self, experiment: Experiment) -> None:
        """Delete in the target what is deleted in the source."""
        there = self._context.journal.get("experiment", experiment.id)
        if there is None or experiment.lifecycle_stage != DELETED:
            return
        if there.facts["lifecycle"] != DELETED or there.new in self._restored:
            self._context.target.delete_experiment(there.new)

    def _note(self, experiment: Experiment, there: Experiment) -> None:
        facts = {"name": experiment.name, "lifecycle": there.lifecycle_stage, "uri": there.artifact_location}
        self._context.journal.put(Moved("experiment", experiment.id, there.id, "", facts))
