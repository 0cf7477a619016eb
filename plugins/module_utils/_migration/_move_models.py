# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Logged models of MLflow 3. Their points travel with those of the runs that measured them."""

from __future__ import annotations

import typing as t

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import Owner
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    ACTIVE,
    LoggedModel,
    Run,
)
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Moved
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._move_files import Files, move_files
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import ApiError

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._context import Context
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import Experiment

ENDED = ("READY", "FAILED")
REMOVED = "deleted in the source, and MLflow's API shows no deleted logged model, so it is left out"


class LoggedModelMover:
    """Moves logged models, with their run or without one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._is_on = context.target.can.logged_models

    def survey(self, experiment_ids: Sequence[str]) -> None:
        """Find out which ones are in the target."""
        if not self._is_on:
            return
        for there in self._context.target.logged_models(experiment_ids):
            if origin.ID in there.tags:
                facts = {"name": there.name, "status": there.status, "uri": there.artifact_uri, "old_uri": ""}
                self._context.journal.put(Moved("model", there.tags[origin.ID], there.id, "", facts))

    def index(self, experiments: Sequence[Experiment]) -> int:
        """Note all of the source's, so that each run finds its own; their number."""
        count = self._context.journal.keep_models(self._meant(experiments))
        for model in self._context.journal.models():
            moved = self._context.journal.get("model", model.id)
            if moved:
                facts = {**moved.facts, "old_uri": model.artifact_uri}
                self._context.journal.put(Moved("model", model.id, moved.new, "", facts))
        return count

    def _meant(self, experiments: Sequence[Experiment]) -> t.Iterator[LoggedModel]:
        for model in self._context.source.logged_models(experiments):
            if model.lifecycle_stage == ACTIVE:
                yield model
            else:
                self._context.tally.add("logged_model", left_out=1)
                self._context.tally.problem("logged_model", model.id, model.name, REMOVED, is_loss=False)

    def move_of(self, run: Run, new_run_id: str) -> list[tuple[LoggedModel, Moved]]:
        """Create the models that a run made; they are pending until C(end)."""
        if not self._is_on:
            return []
        return [(model, self._create(model, new_run_id)) for model in self._context.journal.models_of(run.id)]

    def fold(self, run: Run, new_run_id: str, new_uri: str) -> None:
        """Into the run's own files, where MLflow 2 keeps a model, when the target knows no logged models."""
        if self._is_on:
            return
        for model in self._context.journal.models_of(run.id):
            uri = f"{new_uri.rstrip('/')}/{model.name}"
            owner = Owner("model", model.id)
            move_files(self._context, Files(model.name, owner, model.artifact_uri, new_run_id, uri, is_new=False))
            self._context.journal.put(Moved("model", model.id, "", "", {"uri": uri, "old_uri": model.artifact_uri}))
            self._context.tally.add("logged_model", left_out=1)

    def _create(self, model: LoggedModel, new_run_id: str | None) -> Moved:
        moved = self._context.journal.get("model", model.id)
        if moved:
            return moved
        experiment_id = self._context.journal.new_id("experiment", model.experiment_id)
        if experiment_id is None:
            raise AssertionError("models move after their experiments")
        tags = {**origin.foreign(model.tags), **origin.of_model(model)}
        there = self._context.target.create_logged_model(experiment_id, model, new_run_id, tags)
        facts = {"name": model.name, "status": there.status, "uri": there.artifact_uri, "old_uri": model.artifact_uri}
        moved = Moved("model", model.id, there.id, "", {**facts, "is_new": True})
        self._context.journal.put(moved)
        return moved

    def end(self, models: Sequence[tuple[LoggedModel, Moved]]) -> None:
        """Files, then the status: the sign that a model is whole."""
        for model, moved in models:
            if moved.facts["status"] == model.status and model.status in ENDED:
                self._context.tally.add("logged_model", unchanged=1)
                continue
            owner = Owner("model", model.id)
            is_new = moved.facts.get("is_new", False)
            files = Files(model.name, owner, model.artifact_uri, moved.new, moved.facts["uri"], is_new)
            move_files(self._context, files)
            if model.status in ENDED:
                self._context.target.end_logged_model(moved.new, model.status)
            self._context.tally.add("logged_model", created=1)

    def move_without_run(self) -> None:
        """Models of no run, or of one that did not move."""
        if not self._is_on:
            return
        for model in self._context.journal.models():
            run_id = self._context.journal.new_id("run", model.source_run_id)
            if run_id is not None:
                continue
            try:
                self.end([(model, self._create(model, None))])
            except ApiError as error:
                if error.status == 0:
                    raise
                self._context.tally.add("logged_model", failed=1)
                self._context.tally.problem("logged_model", model.id, model.name, error.message)
