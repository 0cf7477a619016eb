# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""One worker works for many: what is slow to load is loaded once, and clients and connections are made once.

Ansible forks a worker for each host and task. The first one that has something to do answers the others, which only hand
over what they want, until all hosts of the task have come. Each still has its own result, as if it had done the work.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import selectors
import socket
import time
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Request = dict[str, t.Any]
Answer = dict[str, t.Any]
PAUSE = 0.02
"""Seconds until a worker asks again whether somebody answers it, or whether it shall be the one."""
LINGER = 1.0
"""Seconds without work after which nobody else is waited for."""
AT_ONCE = 512
"""Hosts that one process works for; each may wait for AWS as long as it takes."""
LONGEST = 100
"""Characters of a socket's name that every system takes."""
END = b"\n"
"""JSON on one line has none within."""


@dataclass(frozen=True)
class Attendance:
    """How many hosts of a task come.

    :param name: of the task and of those who may come.
    :param expected: their number.
    """

    folder: Path
    name: str
    expected: int

    def excuse(self) -> None:
        """This one does not come."""
        with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as marks:
            marks.write(".")

    def is_complete(self, came: int) -> bool:
        """Whether nobody is missing."""
        excused = self._path.stat().st_size if self._path.exists() else 0
        return came + excused >= self.expected

    @property
    def _path(self) -> Path:
        return self.folder / f"excused-{_digest(self.name)}"


@dataclass(frozen=True)
class SharedProcess:
    """The process that answers for one environment.

    :param folder: of the run, which only its user can read.
    :param name: those with the same name may share a process.
    """

    folder: Path
    name: str

    def run(
        self, request: Request, load: Callable[[], Callable[[Request], Answer] | None], attendance: Attendance
    ) -> Answer | None:
        """The answer of whoever answers; None when nobody can.

        :param load: makes what answers, None where that is not possible.
        """
        if attendance.expected < 2 or len(self._address) > LONGEST:
            answers = load()
            return answers(request) if answers else None
        while True:
            with self._lock() as is_mine:
                if is_mine:
                    return self._lead(request, load, attendance)
            answered = self._ask(request)
            if answered:
                return t.cast("Answer | None", json.loads(answered))
            time.sleep(PAUSE)

    @property
    def _address(self) -> str:
        return str(self.folder / _digest(self.name))

    @contextlib.contextmanager
    def _lock(self) -> Iterator[bool]:
        """Whether nobody else answers. The lock of a worker that was killed is free."""
        with Path(f"{self._address}.lock").open("w", encoding="utf-8") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
            else:
                yield True

    def _lead(
        self, request: Request, load: Callable[[], Callable[[Request], Answer] | None], attendance: Attendance
    ) -> Answer | None:
        address = Path(self._address)
        address.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
            listener.listen()
            answers = load()
            if answers is None:
                return None
            with ThreadPoolExecutor(AT_ONCE) as pool, selectors.DefaultSelector() as arrivals:
                arrivals.register(listener, selectors.EVENT_READ)
                service = _Service(listener, arrivals, pool, answers, attendance)
                own = pool.submit(answers, request)
                service.until_nobody_comes(own)
                address.unlink(missing_ok=True)
        return own.result()

    def _ask(self, request: Request) -> bytes:
        """What somebody answered, nothing when nobody did: there is nobody yet, or no more."""
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(OSError):
            connection.connect(self._address)
            connection.sendall(json.dumps(request).encode() + END)
            answered = _received(connection)
            return answered.removesuffix(END) if answered.endswith(END) else b""
        return b""


@dataclass
class _Service:
    listener: socket.socket
    arrivals: selectors.BaseSelector
    pool: ThreadPoolExecutor
    answers: Callable[[Request], Answer]
    attendance: Attendance
    came: int = field(default=1, init=False)

    def until_nobody_comes(self, own: Future[Answer]) -> None:
        """Answer, until all have come or nobody has for a while."""
        at_work: list[Future[t.Any]] = [own]
        idle_since = time.monotonic()
        while True:
            at_work = [each for each in at_work if not each.done()]
            if self.arrivals.select(PAUSE):
                connection, _address = self.listener.accept()
                at_work.append(self.pool.submit(self._answer, connection))
                self.came += 1
            elif not at_work and (self.attendance.is_complete(self.came) or time.monotonic() - idle_since > LINGER):
                return
            if at_work:
                idle_since = time.monotonic()

    def _answer(self, connection: socket.socket) -> None:
        """No answer of ours is an answer too: whoever asked does the work itself, and tells why it fails."""
        with connection, contextlib.suppress(OSError):
            asked = _received(connection)
            if asked.endswith(END):
                connection.sendall(json.dumps(self._attempt(json.loads(asked.removesuffix(END)))).encode() + END)

    def _attempt(self, request: Request) -> Answer | None:
        try:
            return self.answers(request)
        except Exception:
            return None


def _received(connection: socket.socket) -> bytes:
    """Everything up to the end, or what came before whoever sent it ended."""
    received = b""
    while not received.endswith(END) and (more := connection.recv(65536)):
        received += more
    return received


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def name_of(environment: Mapping[str, t.Any]) -> str:
    """Processes are shared by those with the same environment variables."""
    return json.dumps(environment, sort_keys=True, default=str)
