# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Waiting for AWS, bounded and in words: the same for tracking servers and MLflow Apps."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._aws import AWS_ERRORS, Deadline
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError, explain
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import duration

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress

State = t.TypeVar("State")

FIRST_DELAY = limits.SAGEMAKER_FIRST_PAUSE
MAXIMUM_DELAY = limits.SAGEMAKER_LONGEST_PAUSE


@dataclass(frozen=True)
class Patience:
    """How long one operation may take, and how long the pause between two looks may become."""

    timeout: float
    delay: float


def checked_patience(timeout: float, delay: float) -> Patience:
    """The options C(wait_timeout) and C(wait_delay)."""
    if timeout <= 0:
        raise MlflowError(f"wait_timeout: {timeout:g} is not allowed: give a number of seconds above 0.")
    if not 0 < delay <= MAXIMUM_DELAY:
        raise MlflowError(f"wait_delay: {delay:g} is not allowed: give seconds above 0, at most {MAXIMUM_DELAY:g}.")
    return Patience(timeout, delay)


@dataclass
class Watch(t.Generic[State]):
    """Looks at one resource until it is as wished.

    :param title: how messages name it, as in C(tracking server 'mlflow').
    :param look: reads it once.
    :param status: AWS's word for what was read.
    :param details: the module's return values for what was read; part of the result when the wait fails.
    """

    title: str
    look: Callable[[], State]
    status: Callable[[State], str]
    details: Callable[[State], dict[str, t.Any]]
    patience: Patience
    progress: Progress

    def until(self, is_over: Callable[[State, float], bool], goal: str) -> State:
        """Look until C(is_over(state, elapsed)); the state read last.

        :param goal: what is waited for, to be read after "waiting", as in C(to be created).
        """
        self.progress.begin()
        seen = "nothing"
        state: State | None = None
        deadline = Deadline(self.patience.timeout, self.patience.delay, first_delay=FIRST_DELAY)
        for elapsed in deadline.ticks():
            try:
                state = self.look()
            except AWS_ERRORS as error:
                raise MlflowError(self._interrupted(error, goal, seen, elapsed)) from error
            seen = self.status(state)
            if is_over(state, deadline.elapsed):
                self.progress.over(seen, deadline.elapsed)
                return state
            self.progress.waiting(seen, elapsed)
        raise MlflowError(
            f"Timed out after {duration(deadline.elapsed)} waiting for the {self.title} {goal}; it is {seen}. "
            "AWS goes on with it: repeat the run to wait on, or raise wait_timeout.",
            elapsed=int(deadline.elapsed),
            last_seen=None if state is None else self.details(state),
        )

    def _interrupted(self, error: Exception, goal: str, seen: str, elapsed: float) -> str:
        doing = f"waiting for the {self.title} {goal} (last seen {seen}, after {duration(elapsed)})"
        return f"{explain(error, doing)}. AWS goes on with it: repeat the run to wait on.".replace("..", ".")
