# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of schedules that were due, and the signal that there may be others to wait for."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Literal, cast

LIMIT = 5_000

Outcome = Literal["carried out", "refused", "failed", "not carried out"]


@dataclass(frozen=True)
class Invocation:
    """One time that a schedule was due.

    :param due: the moment, in UTC and ISO 8601.
    :param outcome: C(refused) when its role may not do it, C(failed) when the target said no, C(not carried out) when
        the local AWS does not invoke such a target.
    """

    due: str
    schedule: str
    target: str
    role: str
    outcome: Outcome
    reason: str = ""


class Invocations:
    """The latest of them, and who waits for more."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._kept: deque[Invocation] = deque(maxlen=LIMIT)
        self._woken = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the local AWS is about to end."""
        return self._closed

    def add(self, invocation: Invocation) -> None:
        """Keep one."""
        with self._condition:
            self._kept.append(invocation)

    def entries(self) -> list[dict[str, object]]:
        """All that are kept, oldest first."""
        with self._condition:
            return [asdict(each) for each in self._kept]

    def clear(self) -> None:
        """Forget them."""
        self.load([])

    def dump(self) -> object:
        """To be saved."""
        with self._condition:
            return list(self._kept)

    def load(self, saved: object) -> None:
        """Take over what was saved."""
        with self._condition:
            self._kept = deque(cast("list[Invocation]", saved), maxlen=LIMIT)

    def wake(self) -> None:
        """Schedules or the clock have changed: what comes next may be another moment."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def wait(self, seconds: float | None) -> bool:
        """Wait so long at most (None: without end) for a wake-up. False when there will be none any more."""
        with self._condition:
            self._condition.wait_for(lambda: self._woken or self._closed, timeout=seconds)
            self._woken = False
            return not self._closed

    def close(self) -> None:
        """Wake whoever waits, for good."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
