# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What every part of a migration works with."""

from __future__ import annotations

import fnmatch
import json
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration import _origin as origin
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._artifacts import rewriter
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._entities import (
    ACTIVE,
    PARENT_TAG,
    Experiment,
    Run,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._journal import Journal
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._rest_target import RestTarget
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._source import Source
    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._migration._tally import Tally

HISTORY_TAG = "mlflow.log-model.history"
_ID = re.compile(r"m-[0-9a-f]{32}|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


@dataclass(frozen=True)
class Filters:
    """What of the source is meant.

    :param experiments: names, or patterns with C(*) and C(?); all when empty.
    :param models: the same of registered models and prompts.
    :param since: start of the oldest run and trace that moves, in milliseconds.
    :param until: start of the youngest one.
    :param deleted: whether what is deleted in the source moves, and is deleted in the target too.
    """

    experiments: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    deleted: bool = True

    def takes_experiment(self, experiment: Experiment) -> bool:
        """Whether its runs and traces are meant."""
        is_meant = self.deleted or experiment.lifecycle_stage == ACTIVE
        return is_meant and _matches(experiment.name, self.experiments)

    def takes_run(self, run: Run) -> bool:
        """Whether a run of such an experiment is meant."""
        return (self.deleted or run.lifecycle_stage == ACTIVE) and self.takes_time(run.start_time or 0)

    def takes_time(self, milliseconds: int) -> bool:
        """Whether something that began then is meant."""
        return (self.since is None or milliseconds >= self.since) and (self.until is None or milliseconds < self.until)

    def takes_model(self, name: str) -> bool:
        """Whether a registered model is meant."""
        return _matches(name, self.models)


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


@dataclass
class Work:
    """One migration, wherever it goes.

    :param advance: told of each thing that is done, by kind.
    :param workers: how many runs are written at the same time.
    """

    source: Source
    journal: Journal
    tally: Tally
    filters: Filters = field(default_factory=Filters)
    workers: int = 12
    advance: Callable[[str, int], None] = lambda _kind, _number: None

    def rewrite(self, content: bytes) -> bytes:
        """An MLmodel file with the new ids."""
        return rewriter(self.journal.new_id)(content)

    def with_new_ids(self, text: str) -> str:
        """A text in which the ids of runs and logged models are the new ones."""
        return _ID.sub(lambda match: self._new(match[0]) or match[0], text)

    def _new(self, old: str) -> str | None:
        return self.journal.new_id("model" if old.startswith("m-") else "run", old) or None

    def new_source(self, uri: str, run_id: str | None) -> str | None:
        """Where the files of a model version are now; None when they did not move.

        :param run_id: the old id of the version's run.
        """
        if uri.startswith("models:/m-"):
            old, _slash, rest = uri.removeprefix("models:/").partition("/")
            moved = self.journal.get("model", old)
            if moved is None:
                return None
            # Where there are no logged models, the files are among those of the run.
            return "/".join(filter(None, (f"models:/{moved.new}" if moved.new else moved.facts["uri"], rest)))
        if uri.startswith(("runs:/", "models:/")):
            return self.with_new_ids(uri)
        for old in filter(None, (run_id, *_ID.findall(uri))):
            moved = self.journal.get("model" if old.startswith("m-") else "run", old)
            before = moved.facts.get("old_uri", "").rstrip("/") if moved else ""
            if moved and before and (uri == before or uri.startswith(f"{before}/")):
                return f"{moved.facts['uri'].rstrip('/')}{uri[len(before) :]}"
        return None


@dataclass(kw_only=True)
class Context(Work):
    """A migration to a server."""

    target: RestTarget

    def run_tags(self, run: Run) -> dict[str, str]:
        """The tags of the new run: the user's, with the parent's new id, and where it came from."""
        tags = origin.foreign(run.tags)
        # The name is a field of its own, and two that differ are refused.
        tags.pop("mlflow.runName", None)
        # It holds the run's own new id, which nobody knows before the run is there.
        tags.pop(HISTORY_TAG, None)
        parent = self.journal.new_id("run", run.parent_id)
        if parent:
            tags[PARENT_TAG] = parent
        return {**tags, origin.ID: run.id}

    def late_tags(self, run: Run) -> dict[str, str]:
        """Tags that name the run itself."""
        history = run.tags.get(HISTORY_TAG)
        return {HISTORY_TAG: self.with_new_ids(history)} if history else {}


def json_text(value: t.Any) -> str:
    """JSON as it goes into a string field."""
    return json.dumps(value, ensure_ascii=False)
