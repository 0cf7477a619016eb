# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock around all state of moto's, and the note that something has changed since it was saved."""

from __future__ import annotations

import threading


class Changes:
    """moto is not made for threads: one call at a time goes in, and never while a snapshot is taken."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._condition = threading.Condition()
        self._pending = False
        self._closed = False

    def mark(self) -> None:
        """Something has changed."""
        with self._condition:
            self._pending = True
            self._condition.notify_all()

    def take(self) -> bool:
        """Whether something had changed; from now on it counts as saved."""
        with self._condition:
            pending, self._pending = self._pending, False
            return pending

    def wait(self) -> bool:
        """Wait for a change. False when there will be none any more."""
        with self._condition:
            self._condition.wait_for(lambda: self._pending or self._closed)
            return not self._closed

    def wait_closed(self, seconds: float) -> bool:
        """Wait for the end, so long at most; whether it has come."""
        with self._condition:
            return self._condition.wait_for(lambda: self._closed, timeout=seconds)

    def close(self) -> None:
        """Wake whoever waits, for good."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
