# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves the whole state a second after a change (later when it is large), and brings it back at start.

One file: a line of JSON that says what wrote it, then a pickle. A pickle is code, so the file belongs to the
user alone (0600), and one of another version is refused instead of guessed at.
"""

from __future__ import annotations

import json
import logging
import pickle
import shutil
import sys
import threading
import time
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING, Any, Protocol

from localaws import __version__, moto_pickle
from localaws.moto_pickle import Blobs, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from localaws.changes import Changes

SCHEMA = 1
FILE_NAME = "snapshot"
DELAY_SECONDS = 1.0
MOST_SHARE = 0.05
"""Which part of one processor saving may take: with thousands of objects, each save is a good part of a second."""

_log = logging.getLogger(__name__)
Content = dict[str, dict[str, Any]]


class Saved(Protocol):
    """A part with state."""

    def dump(self) -> object:
        """What is to be saved, as plain data."""

    def load(self, saved: object, /) -> None:
        """Become what was saved."""


class IncompatibleSnapshotError(Exception):
    """The saved state was written by something else."""


def stamps(region: str, account_id: str) -> dict[str, object]:
    """What must be the same for a snapshot to be readable."""
    return {
        "schema": SCHEMA,
        "moto": installed_version("moto"),
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "region": region,
        "account_id": account_id,
    }


def check(home: Path, expected: Mapping[str, object]) -> None:
    """Refuse a snapshot that cannot be read. Needs neither moto nor the pickle."""
    path = home / FILE_NAME
    if not path.exists():
        return
    try:
        with path.open("rb") as file:
            found = json.loads(file.readline())
    except ValueError:
        found = {}
    wrong = [
        f"{name} is {found.get(name)!r}, not {value!r}" for name, value in expected.items() if found.get(name) != value
    ]
    if wrong:
        raise IncompatibleSnapshotError(
            f"the saved state in {path} is of another version ({'; '.join(wrong)}). "
            "Run 'reset' to begin with an empty account, or start with what wrote it."
        )


def forget(home: Path) -> None:
    """Delete everything saved (of a local AWS that is not running)."""
    (home / FILE_NAME).unlink(missing_ok=True)
    for folder in ("objects", "mlflow/servers"):
        shutil.rmtree(home / folder, ignore_errors=True)


class Persistence:
    """Writes and reads the snapshot of one home."""

    def __init__(
        self,
        home: Path,
        changes: Changes,
        parts: Mapping[str, Saved],
        header: Mapping[str, object],
        holds_home: Callable[[], bool],
    ) -> None:
        self._path = home / FILE_NAME
        self._blobs = Blobs(home / "objects")
        self._changes = changes
        self._parts = dict(parts)
        self._header = dict(header)
        self._holds_home = holds_home
        self._writing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="persistence", daemon=True)

    def start(self) -> None:
        """Save after changes from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Save a last time."""
        self._changes.close()
        if self._thread.is_alive():
            self._thread.join()
        self.save()

    def save(self) -> None:
        """Write the snapshot now, unless the home was deleted: what is there now is not this process's."""
        with self._writing:
            if not self._holds_home():
                return
            with self._changes.lock:
                self._changes.take()
                self._blobs.begin()
                content = self.content()
            header = {**self._header, "localaws": __version__}
            write_atomically(self._path, json.dumps(header).encode() + b"\n" + pickle.dumps(content, protocol=5))
            self._blobs.collect_garbage()

    def restore(self) -> bool:
        """Take over the snapshot; False when there is none."""
        if not self._path.exists():
            return False
        with self._changes.lock, self._path.open("rb") as file:
            file.readline()
            self.load(pickle.load(file))
        return True

    def content(self) -> Content:
        """The whole state, to be pickled before anything changes."""
        return {"backends": self._backends(), "parts": self._dumped_parts()}

    def load(self, content: Content) -> None:
        """Take over a state, in the place of an empty one."""
        for module, saved in content["backends"].items():
            backends = moto_pickle.backends_of(module)
            if backends is not None:
                moto_pickle.load(backends, saved, self._blobs)
        for name, part in self._parts.items():
            if name in content["parts"]:
                part.load(content["parts"][name])

    def _run(self) -> None:
        pause = DELAY_SECONDS
        while self._changes.wait():
            self._changes.wait_closed(pause)
            began = time.thread_time()
            try:
                self.save()
            except OSError:
                _log.exception("the state could not be saved")
                self._changes.mark()
            pause = max(DELAY_SECONDS, (time.thread_time() - began) / MOST_SHARE)

    def _dumped_parts(self) -> dict[str, object]:
        return {name: part.dump() for name, part in self._parts.items()}

    def _backends(self) -> dict[str, bytes]:
        saved: dict[str, bytes] = {}
        for module, backends in moto_pickle.used_backends().items():
            try:
                saved[module] = moto_pickle.dump(backends, self._blobs)
            except (TypeError, AttributeError, pickle.PicklingError) as error:
                # A service of moto's that does not pickle is lost at a restart; the others must not be.
                _log.warning("the state of %s cannot be saved: %s", module, error)
        return saved
