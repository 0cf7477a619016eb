# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one clock of all own timers. It can be moved, so that a test need not sleep 25 minutes."""

from __future__ import annotations

import threading
import time as system_time
from datetime import datetime, timezone
from typing import cast


class Clock:
    """The time of the machine plus an offset that an administrator can enlarge."""

    def __init__(self) -> None:
        self._moves: list[tuple[float, float]] = []  # the machine's time of a move, seconds
        self._offset = 0.0
        self._lock = threading.Lock()

    @property
    def offset(self) -> float:
        """Seconds that this clock is ahead of the machine's."""
        return self._offset

    def time(self) -> float:
        """Seconds since the epoch."""
        return system_time.time() + self._offset

    def now(self) -> datetime:
        """The same moment as an aware UTC datetime."""
        return datetime.fromtimestamp(self.time(), timezone.utc)

    def local(self, machine_time: float) -> float:
        """What this clock showed when the machine's showed that: clients date what they sign by the machine's."""
        with self._lock:
            return machine_time + sum(seconds for moved_at, seconds in self._moves if moved_at <= machine_time)

    def advance(self, seconds: float) -> None:
        """Move on. Time never goes back: timers that already fired could not be undone."""
        if seconds < 0:
            raise ValueError(f"the clock only moves forward, not by {seconds} seconds")
        with self._lock:
            self._moves.append((system_time.time(), seconds))
            self._offset += seconds

    def reset(self) -> None:
        """Be the machine's clock again (only when all state goes too)."""
        self.load([])

    def dump(self) -> object:
        with self._lock:
            return list(self._moves)

    def load(self, saved: object) -> None:
        with self._lock:
            self._moves = list(cast("list[tuple[float, float]]", saved))
            self._offset = sum(seconds for _unused, seconds in self._moves)
