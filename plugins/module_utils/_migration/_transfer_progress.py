# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""How far a migration is, for somebody who waits: a bar, a rate, the time that is left."""

from __future__ import annotations

import threading
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import duration

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import Progress

PAUSE = 2.0
"""Seconds between two lines."""
WIDTH = 24


@dataclass
class TransferProgress:
    """Told of each thing that is done, by any thread.

    :param total: runs that there are, as soon as they are counted; what else moves is counted beside them.
    """

    progress: Progress
    doing: str
    total: Future[int] | None
    clock: Callable[[], float] = time.monotonic
    _done: dict[str, int] = field(default_factory=dict, init=False)
    _began: float = field(default=0.0, init=False)
    _told: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._began = self._told = self.clock()
        self.progress.begin()

    def advance(self, kind: str, number: int) -> None:
        """Some more of a kind are done."""
        with self._lock:
            self._done[kind] = self._done.get(kind, 0) + number
            now = self.clock()
            if now - self._told < PAUSE:
                return
            self._told = now
            self.progress.waiting(self.line(now - self._began), now - self._began)

    def line(self, elapsed: float) -> str:
        """What is told at this moment."""
        runs = self._done.get("run", 0)
        others = ", ".join(
            f"{number:,} {kind.replace('_', ' ')}{'s' * (number != 1)}"
            for kind, number in sorted(self._done.items())
            if kind != "run" and number
        )
        text = f"{self.doing} {self._runs(runs, runs / elapsed if elapsed else 0.0)}"
        return f"{text}; {others}" if others else text

    def _runs(self, runs: int, rate: float) -> str:
        total = self._counted()
        if total is None:
            return f"{runs:,} runs, {rate:.1f} a second"
        share = min(runs / total, 1.0) if total else 1.0
        filled = round(share * WIDTH)
        left = f", {duration((total - runs) / rate)} left" if rate and runs < total else ""
        shown = f"[{'#' * filled}{'-' * (WIDTH - filled)}]"
        return f"{shown} {share:.0%} {runs:,} of {total:,} runs, {rate:.1f} a second{left}"

    def _counted(self) -> int | None:
        """What keeps the runs from being counted keeps them from being moved as well, which tells it."""
        if self.total is None or not self.total.done() or self.total.exception():
            return None
        return self.total.result()
