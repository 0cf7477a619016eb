# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Many hosts wait for AWS at the same time, although Ansible has a worker for a few of them only.

The workers of one run share a folder. One of them, whoever holds the lock, looks at everything that is waited for, also
for hosts that have no worker yet, and notes what it saw; the others read the notes. A worker ends with its own host, and
another one takes the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import tempfile
import time
import typing as t
from dataclasses import asdict, dataclass
from pathlib import Path

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._progress import HEARTBEAT, duration
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._sagemaker_wait import FIRST_DELAY

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PAUSE = 0.2
"""Seconds between two looks at the notes."""
FORGOTTEN = 15.0
"""Seconds beyond the pause between two looks after which a note is not kept by anybody: a worker was killed."""


@dataclass(frozen=True)
class Target:
    """What one host waits for.

    :param subject: as in C(tracking server mlflow-staging-mlflow).
    :param before: what the host knew when it began to wait: another wait for the same is another target.
    """

    host: str
    arn: str
    subject: str
    environment: Mapping[str, str]
    before: str

    @property
    def key(self) -> str:
        """The name of its note."""
        return hashlib.sha256(f"{self.host} {self.arn} {self.before}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Look:
    """What AWS says: the status, and whether it is at work no more."""

    status: str
    settled: bool


@dataclass(frozen=True)
class Note:
    """What was seen of a target, and when. All times are of the clock that the workers of a machine share."""

    status: str
    settled: bool
    began: float
    looked: float
    told: float


def noted(before: Note | None, look: Look, now: float) -> tuple[Note, bool]:
    """The next note, and whether it is told: each change of the status is, and once a minute what stays."""
    began = now if before is None else before.began
    if before is None:
        is_told = not look.settled
    else:
        is_told = look.status != before.status or (not look.settled and now - before.told >= HEARTBEAT)
    told = now if is_told or before is None else before.told
    return Note(look.status, look.settled, began, now, told), is_told


def told(target: Target, note: Note) -> str:
    """One line for the terminal."""
    return f"{target.host}: {target.subject}: {note.status} ({duration(note.looked - note.began)})"


class Board:
    """The notes of one run, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def note(self, target: Target) -> Note | None:
        """What was seen of it."""
        path = self._folder / target.key
        return Note(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def keep(self, target: Target, note: Note) -> None:
        """Replace its note so that a reader finds the old or the new one and nothing between."""
        with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False, encoding="utf-8") as new:
            json.dump(asdict(note), new)
        Path(new.name).replace(self._folder / target.key)

    def count(self, name: str) -> int:
        """How often this was asked with this name."""
        with (self._folder / f"count-{name}").open("a+", encoding="utf-8") as marks:
            marks.write(".")
            return marks.tell()

    def set_flag(self, name: str) -> None:
        """Let all workers know this."""
        (self._folder / f"flag-{name}").touch()

    def has_flag(self, name: str) -> bool:
        """Whether some worker has set it."""
        return (self._folder / f"flag-{name}").exists()

    @contextlib.contextmanager
    def lock(self) -> Iterator[bool]:
        """Whether nobody else looks for everybody. The lock of a worker that was killed is free."""
        with (self._folder / "lock").open("w", encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
            else:
                yield True


@dataclass
class Wait:
    """One worker's wait.

    :param own: what its host waits for.
    :param others: tells what hosts of the run wait for that may have no worker. Only who looks for them asks: it takes a look at the
        variables of all.
    :param look: asks AWS about some of them; leaves out what it cannot tell.
    :param show: shows a line.
    """

    board: Board
    own: Target
    others: Callable[[], Sequence[Target]]
    look: Callable[[Sequence[Target]], Mapping[str, Look]]
    show: Callable[[str], None]
    timeout: float
    delay: float

    def until_settled(self) -> Note | None:
        """What was seen last of the own target, settled unless the time is over; None when AWS does not tell."""
        began = time.time()
        while True:
            note = self.board.note(self.own)
            if self._is_over(note):
                return note
            if self._is_forgotten(note, began):
                return self._lead([self.own])
            with self.board.lock() as is_mine:
                if is_mine:
                    return self._lead([self.own, *self.others()])
            time.sleep(PAUSE)

    def _is_over(self, note: Note | None) -> bool:
        return note is not None and (note.settled or time.time() - note.began >= self.timeout)

    def _is_forgotten(self, note: Note | None, began: float) -> bool:
        """Whether whoever looks for everybody does not know of this target."""
        return time.time() - (began if note is None else note.looked) > self.delay + FORGOTTEN

    def _lead(self, targets: Sequence[Target]) -> Note | None:
        """Look at them all until the own one is settled."""
        pause = min(FIRST_DELAY, self.delay)
        while True:
            self._look_once(targets)
            note = self.board.note(self.own)
            if note is None or self._is_over(note):
                return note
            time.sleep(min(pause, max(self.timeout - (time.time() - note.began), 0)))
            pause = min(pause * 2, self.delay)

    def _look_once(self, targets: Sequence[Target]) -> None:
        notes = {target.key: self.board.note(target) for target in targets}
        pending = [each for each in targets if not ((note := notes[each.key]) and note.settled)]
        looks = self.look(pending)
        for target in pending:
            if target.key not in looks:
                continue
            note, is_told = noted(notes[target.key], looks[target.key], time.time())
            self.board.keep(target, note)
            if is_told:
                self.show(told(target, note))
