# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that is the parent of every MLflow server.

Importing MLflow costs seconds and 200 MiB, so it is imported once, here, and every server is a fork of this process: about
0.2 s and 50 MiB each. The other two modes start the same children without the import (``uvicorn``: each child
imports MLflow itself; ``cli``: each child runs ``mlflow server``), for an MLflow whose internals have moved.

The daemon speaks to it in JSON lines on stdin and hears events on stdout. When the daemon dies, however it dies, stdin ends
and all servers are stopped; when this process dies, the kernel kills its children. It runs in MLflow's interpreter, which need not have moto:
this file imports nothing but the standard library until it has to.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib
import importlib.metadata
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Command = Mapping[str, Any]

STOP_GRACE_SECONDS: Final = 5.0
PR_SET_PDEATHSIG: Final = 1

# Imported before the fork, so that their pages are shared by all servers.
PRELOADED_MODULES: Final = (
    "uvicorn",
    "mlflow.server.fastapi_app",
    "mlflow.cli",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.store.model_registry.sqlalchemy_workspace_store",
    "mlflow.store.workspace.sqlalchemy_store",
    "mlflow.store.artifact.s3_artifact_repo",
    "mlflow.tracing.processor.base_mlflow",
    "sqlalchemy.dialects.sqlite.pysqlite",
    "alembic.command",
    "boto3",
)


@dataclass
class Child:
    """A process that this one is the parent of; ``pid`` is its process group too."""

    key: str
    pid: int
    kill_at: float | None = None


class Zygote:
    """Starts and stops children as told and reports what becomes of them."""

    def __init__(self, mode: str, commands: int, events: int) -> None:
        self._mode = mode
        self._commands = commands
        self._events = events
        self._pid = os.getpid()
        self._children: dict[int, Child] = {}
        self._unread = b""
        self._wakeup, signal_pipe = os.pipe()
        for end in (self._wakeup, signal_pipe):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(signal_pipe, warn_on_full_buffer=False)
        # A handler is what makes the signal reach the wake-up pipe at all.
        signal.signal(signal.SIGCHLD, lambda *_unused: None)
        signal.signal(signal.SIGTERM, self._leave_on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._asked_to_leave = False

    def run(self) -> None:
        """Serve until the daemon is gone, then stop everything."""
        self._report(event="ready", version=importlib.metadata.version("mlflow"))
        while not self._asked_to_leave:
            if not self._attend(self._seconds_to_next_kill()):
                break
        self._stop_everything()

    def _leave_on_signal(self, _number: int, _frame: object) -> None:
        self._asked_to_leave = True

    def _attend(self, timeout: float | None) -> bool:
        """Wait for one thing to do and do it; False when the daemon is gone."""
        ready, _unused, _unused = select.select([self._commands, self._wakeup], [], [], timeout)
        if self._wakeup in ready:
            self._drain_wakeup()
        self._reap()
        self._kill_overdue()
        return self._commands not in ready or self._read_commands()

    def _drain_wakeup(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wakeup, 4096)

    def _read_commands(self) -> bool:
        data = os.read(self._commands, 65536)
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))
        return bool(data)

    def _obey(self, command: Command) -> None:
        if command["do"] == "stop":
            self._stop(command["key"])
        elif command["do"] == "serve":
            self._start_server(command)
        else:
            self._start(command, lambda: migrate(command["database"]))

    def _start_server(self, command: Command) -> None:
        """Bind the port here: the daemon can connect at once and waits in the accept queue until MLflow is up."""
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
            if self._mode == "cli":
                self._start(command, lambda: run_mlflow_server(command, listener), port)
            else:
                listener.listen(128)
                self._start(command, lambda: serve(listener), port)

    def _start(self, command: Command, work: Callable[[], None], port: int = 0) -> None:
        pid = os.fork()
        if pid == 0:
            self._become_child(command, work)
        # Also done by the child: whoever comes first, the group exists before anybody signals it.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        self._children[pid] = Child(command["key"], pid)
        self._report(event="started", key=command["key"], pid=pid, port=port)

    def _become_child(self, command: Command, work: Callable[[], None]) -> None:
        """Everything between the fork and the child's own work. Never returns."""
        status = 1
        try:
            os.setpgid(0, 0)
            restore_signals()
            signal_when_parent_dies(self._pid, signal.SIGHUP if self._mode == "cli" else signal.SIGKILL)
            self._leave_pipes(Path(command["log"]))
            os.chdir(command["directory"])
            os.environ.clear()
            os.environ.update(command["environ"])
            work()
            status = 0
        except SystemExit as leaving:
            status = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _leave_pipes(self, log: Path) -> None:
        """A child that kept the event pipe would hide this process's death from the daemon."""
        for end in (self._commands, self._events, self._wakeup):
            os.close(end)
        log_file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log_file, 1), (log_file, 2)):
            os.dup2(source, target)

    def _stop(self, key: str) -> None:
        for child in self._children.values():
            if child.key == key and child.kill_at is None:
                child.kill_at = time.monotonic() + STOP_GRACE_SECONDS
                signal_group(child.pid, signal.SIGTERM)

    def _seconds_to_next_kill(self) -> float | None:
        deadlines = [child.kill_at for child in self._children.values() if child.kill_at is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _kill_overdue(self) -> None:
        for child in self._children.values():
            if child.kill_at is not None and child.kill_at <= time.monotonic():
                signal_group(child.pid, signal.SIGKILL)
                child.kill_at = time.monotonic() + STOP_GRACE_SECONDS

    def _reap(self) -> None:
        for child in list(self._children.values()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                # What the child started itself (workers of the cli mode) goes with it.
                signal_group(pid, signal.SIGKILL)
                del self._children[pid]
                self._report(event="exited", key=child.key, status=os.waitstatus_to_exitcode(status))

    def _stop_everything(self) -> None:
        for child in list(self._children.values()):
            self._stop(child.key)
        while self._children:
            select.select([self._wakeup], [], [], self._seconds_to_next_kill())
            self._drain_wakeup()
            self._reap()
            self._kill_overdue()

    def _report(self, **event: object) -> None:
        # A daemon that is gone hears nothing; its end of stdin tells us so.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._events, json.dumps(event).encode() + b"\n")


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal a child and all that it started; gone is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def signal_when_parent_dies(parent: int, number: signal.Signals) -> None:
    """Have the kernel signal this process when its parent dies (Linux; elsewhere the end of stdin has to do)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


@contextlib.contextmanager
def leaving_with_daemon(commands: int) -> Iterator[None]:
    """Leave at once when the daemon dies while nobody reads its commands. The thread is gone before the first fork."""
    over, not_over = os.pipe()

    def watch() -> None:
        ends = select.poll()
        ends.register(commands, 0)  # its hanging up is always reported; commands that wait to be read are not
        ends.register(over, 0)
        if any(end == commands for end, _unused in ends.poll()):
            os._exit(1)

    thread = threading.Thread(target=watch, name="daemon-watch")
    thread.start()
    try:
        yield
    finally:
        os.close(not_over)
        thread.join()
        os.close(over)


def restore_signals() -> None:
    """Give a child the signal handling of a fresh process."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def preload() -> None:
    """Import all that a server needs, and keep the garbage collector from copying those pages in every child."""
    for name in PRELOADED_MODULES:
        importlib.import_module(name)
    importlib.import_module("sqlalchemy.orm").configure_mappers()
    gc.collect()
    gc.freeze()


def migrate(database: str) -> None:
    """Create or upgrade MLflow's tables."""
    command_line: Any = importlib.import_module("mlflow.cli").cli
    command_line(["db", "upgrade", f"sqlite:///{database}"], standalone_mode=False)


def serve(listener: socket.socket) -> None:
    """Run MLflow's server in this process: its ASGI application, without the job runner and its 14 processes."""
    uvicorn: Any = importlib.import_module("uvicorn")
    application: Any = importlib.import_module("mlflow.server.fastapi_app").app
    configuration = uvicorn.Config(application, timeout_graceful_shutdown=1, timeout_keep_alive=30)
    uvicorn.Server(configuration).run(sockets=[listener])


def run_mlflow_server(command: Command, listener: socket.socket) -> None:
    """Run the public command ``mlflow server`` on the port that was free a moment ago.

    It has a worker, which would outlive it if the kernel killed just the command. So this process stays between them and the zygote, and ends
    the whole group when the zygote is gone.
    """
    port = listener.getsockname()[1]
    listener.close()
    arguments = [
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{command['database']}"),
        *("--default-artifact-root", command["artifact_root"], "--no-serve-artifacts"),
    ]
    signal.signal(signal.SIGHUP, lambda *_unused: os.killpg(0, signal.SIGKILL))
    # The zygote signals the group; this process ends when the command has. (To ignore it would be inherited.)
    signal.signal(signal.SIGTERM, lambda *_unused: None)
    sys.exit(subprocess.call([sys.executable, "-m", "mlflow", "server", *arguments]))


def main() -> None:
    """Keep the daemon's pipes to ourselves (a library that prints must not break the protocol), then work."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["zygote", "uvicorn", "cli"])
    mode = parser.parse_args().mode
    commands, events = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    if mode == "zygote":
        with leaving_with_daemon(commands):
            preload()
    Zygote(mode, commands, events).run()


if __name__ == "__main__":
    main()
