# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call that reached the local AWS: what proves that a second run wrote nothing."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "requests.jsonl"
MEMORY_LIMIT = 20_000  # entries kept for /_localaws/log; the file has all
FILE_LIMIT = 20 * 1024 * 1024  # bytes before the file is put aside (one older file is kept)


@dataclass
class Entry:
    """One call. Never holds a body, a secret or a signature."""

    t: float
    service: str
    operation: str
    region: str = ""
    access_key: str = ""
    status: int = 0
    milliseconds: float = 0.0
    fault: str | None = None
    denied: bool = False
    plane: str = "control"  # "control" or "data"
    write: bool = False
    resource: str = ""
    error: str | None = None
    # Seconds of the machine's monotonic clock, and the number of the connection: what tells which calls waited for which.
    arrived: float = 0.0
    departed: float = 0.0
    connection: int = 0
    rights: list[str] = field(
        default_factory=list
    )  # "action resource" of each right that was asked for; while IAM is enforced

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"


class RequestLog:
    """The latest entries in memory, all of them in a file of the home folder."""

    def __init__(self, home: Path | None = None) -> None:
        self._entries: deque[Entry] = deque(maxlen=MEMORY_LIMIT)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._path = None if home is None else home / FILE_NAME
        self._file: TextIO | None = None

    def add(self, entry: Entry) -> None:
        """Record a finished call."""
        line = json.dumps(asdict(entry), separators=(",", ":"))
        with self._lock:
            self._entries.append(entry)
            self._counts[entry.name] += 1
            self._append(line)

    def entries(self) -> list[dict[str, object]]:
        """All entries in memory, oldest first."""
        with self._lock:
            return [asdict(entry) for entry in self._entries]

    def count(self) -> dict[str, int]:
        """How often each operation was called."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def clear(self) -> None:
        """Forget the entries."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()
            self._close()
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            self._close()

    def _append(self, line: str) -> None:
        if self._path is None:
            return
        if self._file is None:
            self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a")
        self._file.write(line + "\n")
        self._file.flush()
        if self._file.tell() > FILE_LIMIT:
            self._close()
            self._path.replace(self._path.with_suffix(".jsonl.1"))

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
