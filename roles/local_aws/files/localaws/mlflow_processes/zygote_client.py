# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's side of the conversation with the zygote."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any, Final, cast

from localaws.mlflow_processes import environment
from localaws.mlflow_processes.launch import LaunchError, last_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LEAVE_SECONDS: Final = 10.0


class Child:
    """A process that the zygote was asked to start."""

    def __init__(self, key: str, on_exit: Callable[[], None]) -> None:
        self.key = key
        self.pid: int | None = None
        self.port = 0
        self.status: int | None = None
        self.started = threading.Event()
        self.exited = threading.Event()
        self._on_exit = on_exit

    def has_started(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port
        self.started.set()

    def has_exited(self, status: int | None) -> None:
        self.status = status
        self.exited.set()
        self.started.set()
        self._on_exit()


class ZygoteClient:
    """One zygote process and the children it has."""

    def __init__(self, python: str, mode: str, log: Path) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._children: dict[str, Child] = {}
        self._ready = threading.Event()
        self._gone = threading.Event()
        self.mlflow_version = ""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as log_file:
            self._process = subprocess.Popen(
                [python, "-m", "localaws.mlflow_processes.zygote", mode],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log_file,
                env=environment.of_zygote(),
                cwd=log.parent,
                # A Ctrl-C meant for the daemon must not kill the servers before their state is saved.
                start_new_session=True,
            )
        threading.Thread(target=self._listen, name="mlflow-zygote-events", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._gone.is_set()

    def wait_until_ready(self, seconds: float) -> None:
        """Wait for MLflow's import."""
        if not self._ready.wait(seconds):
            raise LaunchError(f"MLflow was not imported within {seconds:g} seconds; see {self._log}")
        if not self.mlflow_version:
            raise LaunchError(f"MLflow cannot be started by this Python interpreter:\n{last_lines(self._log)}")

    def start(self, key: str, command: Mapping[str, Any], on_exit: Callable[[], None] = lambda: None) -> Child:
        """Ask for a child; it is known by its ``started`` and ``exited`` events from then on."""
        child = Child(key, on_exit)
        with self._lock:
            self._children[key] = child
        try:
            self._send({**command, "key": key})
        except OSError as error:
            raise LaunchError(f"the parent process of the MLflow servers is gone:\n{last_lines(self._log)}") from error
        return child

    def stop(self, child: Child) -> None:
        """Ask for a child's end; its ``exited`` event tells when."""
        with contextlib.suppress(OSError):
            self._send({"do": "stop", "key": child.key})

    def leave(self) -> None:
        """End the zygote with everything it started."""
        with contextlib.suppress(OSError), self._lock:
            # The end of its stdin is its signal to stop everything and to go.
            self._input.close()
        try:
            self._process.wait(LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._gone.wait(LEAVE_SECONDS)

    @property
    def _input(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)

    def _send(self, command: Mapping[str, Any]) -> None:
        line = json.dumps(command).encode() + b"\n"
        with self._lock:
            if self._input.closed:
                raise BrokenPipeError
            self._input.write(line)
            self._input.flush()

    def _listen(self) -> None:
        output = self._process.stdout
        for line in output or ():
            self._hear(json.loads(line))
        self._gone.set()
        self._ready.set()
        self._bury_children()

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event["event"] == "ready":
            self.mlflow_version = event["version"]
            self._ready.set()
            return
        with self._lock:
            child = self._children.get(event["key"])
            if child is not None and event["event"] == "exited":
                del self._children[event["key"]]
        if child is None:
            return
        if event["event"] == "started":
            child.has_started(event["pid"], event["port"])
        else:
            child.has_exited(event["status"])

    def _bury_children(self) -> None:
        """The zygote is gone: kill what the kernel did not (grandchildren of the cli mode) and tell who waits."""
        with self._lock:
            children = list(self._children.values())
            self._children.clear()
        for child in children:
            if child.pid is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGKILL)
            child.has_exited(None)
