# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts, finds and ends the process of a local AWS."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from localaws import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from localaws.settings import Settings

STATE_FILE = "state.json"
LOG_FILE = "localaws.log"
LOCK_FILE = "start.lock"
SERVER_LOCK_FILE = "serve.lock"  # held while a process serves the home; its content is that process
_START_SECONDS = 30.0
_STOP_SECONDS = 25.0
_PAUSE_SECONDS = 0.02
_WATCH_SECONDS = 0.5
_LOG_LIMIT = 10 * 1024 * 1024
# glibc: one arena instead of one a thread, and big blocks go back to the system as soon as they are free.
_FRUGAL_ALLOCATION = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}


class DaemonError(Exception):
    """What a user must know; the message says what to do."""


@dataclass(frozen=True)
class State:
    """What ``state.json`` says: which process serves this home, and where."""

    pid: int
    port: int
    version: str
    endpoint: str
    region: str
    account_id: str


def default_home() -> Path:
    """Where state lives when nobody says otherwise."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "localaws" / "default"


def read_state(home: Path) -> State | None:
    """The state file; None when there is none that can be read."""
    try:
        found = json.loads((home / STATE_FILE).read_text())
        return State(**{name: found[name] for name in State.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def health(port: int, seconds: float = 5.0) -> dict[str, Any] | None:
    """What answers at a port; None when it is no local AWS."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", "/_localaws/health")
        answer = connection.getresponse()
        if answer.getheader("x-localaws") is None:
            return None
        found: dict[str, Any] = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return found


def running(home: Path) -> State | None:
    """The state of the process that serves this home; None when there is none (a stale file does not count)."""
    state = read_state(home)
    if state is None:
        return None
    found = health(state.port)
    return state if found is not None and found.get("pid") == state.pid else None


def start(home: Path, arguments: Sequence[str], port: int) -> tuple[State, bool]:
    """Have a local AWS run for this home; whether it was started now (and did not run before)."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _lock(home):
        state = running(home)
        if state is not None:
            return state, False
        clean_up(home)
        _refuse_busy_port(port)
        return _spawn(home, arguments), True


def stop(home: Path) -> bool:
    """End the local AWS of this home and everything it started; False when nothing ran."""
    state = running(home)
    if state is not None:
        _end(state.pid)
    left = clean_up(home)
    return state is not None or left


def clean_up(home: Path) -> bool:
    """Take away what a killed local AWS left: its hanging process, its MLflow processes, its state file."""
    found = False
    for pid in _noted_servers(home):
        if _is_daemon(pid, home):
            _end(pid)
            found = True
    found = _end_children(home) or found
    (home / STATE_FILE).unlink(missing_ok=True)
    return found


def serve(settings: Settings) -> None:
    """Serve in this process until SIGTERM or SIGINT."""
    from localaws import persistence
    from localaws.application import Application
    from localaws.assembly import Assembly
    from localaws.connections import PortBusyError, listen, serve_on
    from localaws.tls import server_context

    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = _sole_server(settings.home)
    persistence.check(settings.home, persistence.stamps(settings.region, settings.account_id))
    try:
        listener = listen(settings.port)
    except PortBusyError as error:
        raise DaemonError(f"{error}. Choose another one with --port (0: any free one).") from error
    settings.port = listener.getsockname()[1]
    _allow_many_files()
    assembly = Assembly(settings, lambda: _holds(settings.home, held))
    tls = server_context(settings.home) if settings.tls else None
    server = serve_on(listener, Application(assembly), tls)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop that this very thread runs.
        signal.signal(number, lambda *_unused: threading.Thread(target=server.shutdown, daemon=True).start())
    _write_state(settings)
    assembly.start()
    threading.Thread(target=_leave_with_home, args=(settings.home, held, server.shutdown), daemon=True).start()
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        listener.close()
        assembly.stop()
        if (state := read_state(settings.home)) is not None and state.pid == os.getpid():
            (settings.home / STATE_FILE).unlink(missing_ok=True)
        held.close()


def _leave_with_home(home: Path, held: TextIO, shut_down: Callable[[], None]) -> None:
    """Nobody could find and stop a server whose home was deleted, so it ends by itself."""
    while _holds(home, held):
        time.sleep(_WATCH_SECONDS)
    shut_down()


def _holds(home: Path, held: TextIO) -> bool:
    """Whether the home is still the one that this process locked, and not deleted or another one's by now."""
    try:
        return os.path.samestat((home / SERVER_LOCK_FILE).stat(), os.fstat(held.fileno()))
    except OSError:
        return False


def _sole_server(home: Path) -> TextIO:
    """Two processes that save into one home would each undo what the other wrote."""
    file = (home / SERVER_LOCK_FILE).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pids = ", ".join(str(pid) for pid in _noted_servers(home)) or "unknown"
        raise DaemonError(
            f"another local AWS serves {home} already (pid {pids}). Stop it, or use another --home."
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _noted_servers(home: Path) -> list[int]:
    """The processes that the files of a home name as its server; they may be long gone."""
    state = read_state(home)
    noted = [] if state is None else [state.pid]
    with contextlib.suppress(OSError, ValueError):
        noted.append(int((home / SERVER_LOCK_FILE).read_text()))
    return sorted(set(noted))


def log_tail(home: Path, lines: int = 20) -> str:
    """The last lines of the daemon's log."""
    try:
        return "\n".join((home / LOG_FILE).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def _spawn(home: Path, arguments: Sequence[str]) -> State:
    log = home / LOG_FILE
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    command = [sys.executable, "-m", "localaws", "serve", "--home", str(home), *arguments]
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=_daemon_environment(),
        )
    return _wait_for_health(home, process)


def _daemon_environment() -> dict[str, str]:
    """The environment without what would point the daemon's own boto3 and MLflow somewhere."""
    foreign = ("AWS_", "MLFLOW_", "_MLFLOW", "SAGEMAKER_", "MOTO_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    package_root = str(Path(__file__).resolve().parent.parent)
    paths = [package_root, *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, **_FRUGAL_ALLOCATION, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _wait_for_health(home: Path, process: subprocess.Popen[bytes]) -> State:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DaemonError(f"the local AWS did not start:\n{log_tail(home, 5)}")
        state = read_state(home)
        if state is not None and state.pid == process.pid and health(state.port) is not None:
            return state
        time.sleep(_PAUSE_SECONDS)
    process.kill()
    raise DaemonError(f"the local AWS did not answer within {_START_SECONDS:g} seconds:\n{log_tail(home)}")


def _refuse_busy_port(port: int) -> None:
    """A readable answer before anything is started: who has the port."""
    from localaws.connections import PortBusyError, listen

    if port == 0:
        return
    try:
        listen(port).close()
    except PortBusyError as error:
        other = health(port, seconds=1.0)
        owner = f"the local AWS of {other.get('home')} (pid {other.get('pid')})" if other else "another program"
        raise DaemonError(f"port {port} is used by {owner}. Stop it, or choose another one with --port.") from error


def _write_state(settings: Settings) -> None:
    from localaws.moto_pickle import write_atomically

    state = {
        "pid": os.getpid(),
        "port": settings.port,
        "version": __version__,
        "endpoint": f"http://127.0.0.1:{settings.port}",
        "region": settings.region,
        "account_id": settings.account_id,
    }
    write_atomically(settings.home / STATE_FILE, json.dumps(state, indent=1).encode() + b"\n")


def _allow_many_files() -> None:
    """Bigger S3 objects are open files; the usual soft limit of 1024 is soon reached."""
    _unused, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if most == resource.RLIM_INFINITY else min(most, 65536)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


@contextlib.contextmanager
def _lock(home: Path) -> Iterator[None]:
    """Two starts at once must not start two."""
    with (home / LOCK_FILE).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _end(pid: int) -> None:
    """Ask a process to end and make it end."""
    for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _exists(pid):
                return
            time.sleep(_PAUSE_SECONDS)


def _end_children(home: Path) -> bool:
    """End the MLflow process groups that a killed local AWS noted."""
    from localaws.assembly import CHILDREN_FILE

    path = home / CHILDREN_FILE
    try:
        groups = [int(each) for each in json.loads(path.read_text())]
    except (OSError, ValueError, TypeError):
        groups = []
    ended = False
    for group in groups:
        # Numbers are used again: only a group that is still about our MLflow may be ended.
        if group > 1 and _is_child(group):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
                ended = True
    path.unlink(missing_ok=True)
    return ended


def _exists(pid: int) -> bool:
    """Whether a process lives. One that was started here and has ended must be waited for first."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _command(pid).startswith("(") and _status(pid) != "Z"


def _is_daemon(pid: int, home: Path) -> bool:
    """Whether a process serves this home."""
    command = _command(pid)
    return "localaws serve" in command and (str(home) in command or "--home" not in command)


def _is_child(pid: int) -> bool:
    """Whether a process is the zygote or one of its MLflow servers."""
    command = _command(pid)
    return "localaws" in command or "mlflow" in command


def _command(pid: int) -> str:
    return _process_column(pid, "args")


def _status(pid: int) -> str:
    return _process_column(pid, "stat")[:1]


def _process_column(pid: int, column: str) -> str:
    """One column of ps, or of /proc where there is no ps (slim containers)."""
    proc = Path("/proc") / str(pid)
    with contextlib.suppress(OSError, IndexError):
        if column == "args":
            return (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        return (proc / "stat").read_text().rpartition(")")[2].split()[0]
    if proc.parent.is_dir() and any(proc.parent.iterdir()):
        return ""
    try:
        listed = subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return listed.stdout.strip()
