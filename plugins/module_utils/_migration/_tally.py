# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""What became of everything that was found: counts by kind, and every single thing that did not arrive whole."""

from __future__ import annotations

import threading
import typing as t
from collections import defaultdict
from dataclasses import asdict, dataclass, field

KINDS = (
    "experiment",
    "run",
    "metric_point",
    "dataset_input",
    "artifact",
    "logged_model",
    "registered_model",
    "model_version",
    "prompt",
    "prompt_version",
    "trace",
    "evaluation_dataset",
)
"""In the order in which a report shows them."""

MOST_PROBLEMS = 10_000
"""Problems that are told one by one; more are counted."""


@dataclass
class Count:
    """What became of the things of one kind."""

    found: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    left_out: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Problem:
    """One thing that is not in the target as it was in the source.

    :param is_loss: false when it is told for information: nothing is missing that the user asked for.
    """

    kind: str
    id: str
    name: str
    what: str
    is_loss: bool = True


@dataclass
class Tally:
    """May be used by many threads."""

    counts: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    problems: list[Problem] = field(default_factory=list)
    untold: int = 0
    bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, number: int = 1, **what: int) -> None:
        """C(add("run", created=1)) counts one found run that was created."""
        with self._lock:
            count = self.counts[kind]
            count.found += number
            for key, value in what.items():
                setattr(count, key, getattr(count, key) + value)

    def add_bytes(self, number: int) -> None:
        """Bytes of files that were written."""
        with self._lock:
            self.bytes += number

    def problem(self, kind: str, identity: str, name: str, what: str, is_loss: bool = True) -> None:
        """Something that did not arrive as it was."""
        with self._lock:
            if len(self.problems) < MOST_PROBLEMS:
                self.problems.append(Problem(kind, identity, name, what, is_loss))
            else:
                self.untold += 1

    @property
    def losses(self) -> int:
        """How many things are missing."""
        return sum(problem.is_loss for problem in self.problems) + self.untold

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return any(count.created or count.updated for count in self.counts.values())

    def report(self) -> dict[str, t.Any]:
        """As plain data."""
        ordered = sorted(self.counts, key=lambda kind: KINDS.index(kind) if kind in KINDS else len(KINDS))
        return {
            "counts": {kind: asdict(self.counts[kind]) for kind in ordered},
            "problems": [asdict(problem) for problem in self.problems],
            "problems_untold": self.untold,
            "bytes": self.bytes,
        }
