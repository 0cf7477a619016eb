# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Live progress of a wait: lines in a file that the action plugin of the module shows while the module runs.

A module cannot write to the terminal: its output is read when it has ended. Without the file (a remote host, C(async),
another way to run the module) nothing is written and nothing else changes.
"""

from __future__ import annotations

import os
import typing as t
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

if t.TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "SAGEMAKER_MLFLOW_PROGRESS_FILE"
"""The environment variable by which the action plugin names the file."""
PLACE: ContextVar[str | None] = ContextVar("PLACE", default=None)
"""The file, in a process that runs several modules."""
HEARTBEAT = 60.0
"""Seconds after which a line is written although nothing changed."""


def duration(seconds: float) -> str:
    """Elapsed time as people write it: C(12s), C(4m 10s), C(1h 02m 05s)."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes:02d}m {rest:02d}s"
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


@dataclass
class Progress:
    """Decides when a look is worth a line, and writes the line.

    :param subject: what is waited for, as in C(tracking server mlflow-staging-mlflow).
    :param path: the file to write to; None when nobody reads it.
    """

    subject: str
    path: Path | None
    _state: str | None = field(default=None, init=False)
    _written_at: float = field(default=0.0, init=False)

    @classmethod
    def of_task(cls, subject: str, environment: Mapping[str, str] | None = None) -> Progress:
        """Progress to the file that the action plugin named, if any."""
        name = PLACE.get() or (os.environ if environment is None else environment).get(VARIABLE)
        return cls(subject, Path(name) if name else None)

    @property
    def is_read(self) -> bool:
        """Whether anybody reads it."""
        return self.path is not None

    def begin(self) -> None:
        """A new wait: its first look counts as a change of state."""
        self._state = None

    def waiting(self, state: str, elapsed: float) -> None:
        """A look that was not the last: a line at each change of state and once a minute."""
        if state != self._state or elapsed - self._written_at >= HEARTBEAT:
            self._write(state, elapsed)

    def over(self, state: str, elapsed: float) -> None:
        """The last look: a line when there was one before, so that the reader sees how the wait ended."""
        if self._state is not None and state != self._state:
            self._write(state, elapsed)

    def _write(self, state: str, elapsed: float) -> None:
        self._state, self._written_at = state, elapsed
        if self.path is None:
            return
        line = " ".join(f"{self.subject}: {state} ({duration(elapsed)})".split())
        try:
            with self.path.open("a", encoding="utf-8") as lines:
                lines.write(line + "\n")
        except OSError:
            # A task that became another user may not be able to write here. Progress is a courtesy: the work goes on.
            self.path = None
