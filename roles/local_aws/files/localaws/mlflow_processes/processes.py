# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which MLflow servers run, which are on their way, and why one does not.

Nothing here waits for MLflow while somebody else holds a request open: ``ensure`` starts a thread and returns, the state machine of the
control plane asks ``healthy`` and ``failed`` when it is asked itself.
"""

from __future__ import annotations

import http.client
import itertools
import shutil
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from localaws.mlflow_processes import environment
from localaws.mlflow_processes.launch import Launch, LaunchError, identifier, last_lines
from localaws.mlflow_processes.schema import Schema
from localaws.mlflow_processes.zygote_client import Child, ZygoteClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localaws.mlflow_processes.launch import Resource
    from localaws.settings import Settings

    RoleCredentials = Callable[[str], Mapping[str, str]]

PROBE_SECONDS: Final = 10.0
PROBE_PAUSE_SECONDS: Final = 0.05
STOP_SECONDS: Final = 12.0  # the zygote kills what has not stopped after 5

State = Literal["starting", "healthy", "failed", "stopped"]


@dataclass
class Server:
    """One MLflow server, from the wish to have it to its end."""

    key: str
    launch: Launch
    state: State = "starting"
    failure: str | None = None
    child: Child | None = None
    settled: threading.Event = field(default_factory=threading.Event)

    def settle(self, state: State, failure: str | None = None) -> None:
        self.state, self.failure = state, failure
        self.settled.set()


class Processes:
    """The MLflow servers of one local AWS, by ARN."""

    def __init__(self, settings: Settings, role_credentials: RoleCredentials | None = None) -> None:
        self._settings = settings
        self._role_credentials = role_credentials or self._mint_credentials
        self.directory = settings.home / "mlflow"
        self._schema = Schema(self.directory, settings.mlflow_start_seconds)
        self._servers: dict[str, Server] = {}
        self._zygote: ZygoteClient | None = None
        self._zygote_lock = threading.Lock()
        self._lock = threading.Lock()
        self._counter = itertools.count(1)
        self._closed = False

    @property
    def switched_off(self) -> bool:
        """True when only the control plane is wanted."""
        return self._settings.mlflow == "off"

    def prepare(self) -> None:
        """Import MLflow and make its tables in the background, so that the first server need not wait for them."""
        if not self.switched_off:
            threading.Thread(target=self._prepare, name="mlflow-prepare", daemon=True).start()

    def ensure(self, resource: Resource) -> None:
        """Have a server that runs with just these parameters: start it, or start it anew when one of them differs."""
        if self.switched_off:
            return
        launch = Launch.of(resource, self.directory / "servers")
        with self._lock:
            server = self._servers.get(launch.arn)
            if self._closed or (server and server.launch == launch and server.state in ("starting", "healthy")):
                return
            successor = Server(f"{launch.arn} {next(self._counter)}", launch)
            self._servers[launch.arn] = successor
        if server:
            self._end(server)
        threading.Thread(target=self._launch, args=(successor,), name=successor.key, daemon=True).start()

    def healthy(self, arn: str) -> bool:
        """Whether the server answers."""
        server = self._servers.get(arn)
        return self.switched_off or (server is not None and server.state == "healthy")

    def wait_until_healthy(self, arn: str) -> bool:
        """Wait for a server that is starting, no longer than a start may take."""
        server = self._servers.get(arn)
        if server is not None:
            server.settled.wait(self._settings.mlflow_start_seconds)
        return self.healthy(arn)

    def failed(self, arn: str) -> str | None:
        """Why the server did not come up, with the last lines of its log; None when it did or still may."""
        server = self._servers.get(arn)
        return server.failure if server else None

    def address(self, arn: str) -> tuple[str, int] | None:
        """Where the server listens; None when it does not."""
        server = self._servers.get(arn)
        if server is None or server.state != "healthy" or server.child is None:
            return None
        return "127.0.0.1", server.child.port

    def pids(self) -> dict[str, int]:
        """The process of every running server, by ARN."""
        running = [server for server in self._servers.values() if server.state == "healthy"]
        return {server.launch.arn: server.child.pid for server in running if server.child and server.child.pid}

    @property
    def zygote_pid(self) -> int | None:
        """The servers' parent process."""
        return self._zygote.pid if self._zygote and self._zygote.alive else None

    def stop(self, arn: str) -> None:
        """End a server and keep its data. Returns at once; the process has a few seconds to leave."""
        with self._lock:
            server = self._servers.pop(arn, None)
        if server:
            self._end(server)

    def delete_data(self, arn: str) -> None:
        """End a server and forget all that it recorded (its artifacts are in S3 and stay, as on AWS)."""
        with self._lock:
            server = self._servers.pop(arn, None)
        if server:
            self._end(server)
            _wait_for_exit([server])
        shutil.rmtree(self.directory / "servers" / identifier(arn), ignore_errors=True)

    def reset(self) -> None:
        """End all servers and forget all of their data; the next ``ensure`` starts from nothing."""
        self._stop_all()
        shutil.rmtree(self.directory / "servers", ignore_errors=True)

    def shutdown(self) -> None:
        """End everything, for good."""
        with self._lock:
            self._closed = True
        self._stop_all()
        with self._zygote_lock:
            if self._zygote is not None:
                self._zygote.leave()

    def _stop_all(self) -> None:
        with self._lock:
            servers = list(self._servers.values())
            self._servers.clear()
        for server in servers:
            self._end(server)
        _wait_for_exit(servers)

    def _end(self, server: Server) -> None:
        with self._lock:
            server.settle("stopped")
        zygote = self._zygote
        if server.child is not None and zygote is not None:
            zygote.stop(server.child)

    def _prepare(self) -> None:
        try:
            self._schema.prepare(self._ready_zygote())
        except LaunchError:
            # Whoever wants a server meets the same error and can be told; nobody is waiting here.
            return

    def _ready_zygote(self) -> ZygoteClient:
        """The running zygote, or a new one when there is none or it has died."""
        with self._zygote_lock:
            if self._closed:
                raise LaunchError("the local AWS is stopping")
            if self._zygote is None or not self._zygote.alive:
                python = str(self._settings.mlflow_python or sys.executable)
                self._zygote = ZygoteClient(python, self._settings.mlflow, self.directory / "zygote.log")
            zygote = self._zygote
        zygote.wait_until_ready(self._settings.mlflow_start_seconds)
        return zygote

    def _launch(self, server: Server) -> None:
        """Bring one server up (in a thread of its own)."""
        deadline = time.monotonic() + self._settings.mlflow_start_seconds
        try:
            zygote = self._ready_zygote()
            self._schema.provide(zygote, server.launch)
            self._start(zygote, server)
            self._wait_for_health(server, deadline)
        except Exception as error:
            # A thread has nobody above it to tell: whatever went wrong, the resource must end in a ...Failed state.
            reason = str(error) if isinstance(error, LaunchError) else f"{type(error).__name__}: {error}"
            self._settle(server, "failed", reason)
            if server.child is not None and self._zygote is not None:
                self._zygote.stop(server.child)

    def _start(self, zygote: ZygoteClient, server: Server) -> None:
        launch = server.launch
        endpoint = f"http://127.0.0.1:{self._settings.port}"
        command: dict[str, Any] = {
            "do": "serve",
            "database": str(launch.database),
            "artifact_root": launch.artifact_root,
            "directory": str(launch.directory),
            "log": str(launch.log),
            "environ": environment.of_server(launch, endpoint, self._role_credentials(launch.role_arn)),
        }
        server.child = zygote.start(server.key, command, lambda: self._has_exited(server))
        if server.state == "stopped":
            # Stopped before there was a process to stop.
            zygote.stop(server.child)

    def _wait_for_health(self, server: Server, deadline: float) -> None:
        child = server.child
        if child is None:
            raise LaunchError("the server has no process")
        child.started.wait(max(0.0, deadline - time.monotonic()))
        while time.monotonic() < deadline and server.state == "starting":
            if child.exited.is_set():
                raise LaunchError(f"MLflow ended with status {child.status}:\n{last_lines(server.launch.log)}")
            status = _probe(child.port)
            if status == http.client.OK:
                self._settle(server, "healthy")
                return
            if status is not None:
                raise LaunchError(f"MLflow answers with status {status}:\n{last_lines(server.launch.log)}")
            child.exited.wait(PROBE_PAUSE_SECONDS)
        if server.state == "starting":
            seconds = self._settings.mlflow_start_seconds
            raise LaunchError(f"MLflow did not answer within {seconds:g} seconds:\n{last_lines(server.launch.log)}")

    def _settle(self, server: Server, state: State, failure: str | None = None) -> None:
        """Note how a start ended, unless somebody has stopped the server meanwhile."""
        with self._lock:
            if server.state == "starting":
                server.settle(state, failure)

    def _mint_credentials(self, role_arn: str) -> Mapping[str, str]:
        """Credentials of the resource's role: a role without rights on the bucket shows in the UI just as on AWS."""
        # Imported late: it needs moto, whose import the tests of this class can do without.
        from localaws import credentials

        minted = credentials.role_credentials(role_arn, self._settings)
        environment_credentials = {
            "AWS_ACCESS_KEY_ID": minted.access_key_id,
            "AWS_SECRET_ACCESS_KEY": minted.secret_access_key,
        }
        if minted.session_token:
            environment_credentials["AWS_SESSION_TOKEN"] = minted.session_token
        return environment_credentials

    def _has_exited(self, server: Server) -> None:
        """A healthy server that ends by itself is merely not running: the next call to it starts it again."""
        with self._lock:
            if server.state == "healthy":
                server.state = "stopped"


def _probe(port: int) -> int | None:
    """The status of a small query; None while nobody answers. It reads the database, which ``/health`` does not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/api/2.0/mlflow/experiments/search?max_results=1")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _wait_for_exit(servers: list[Server]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    for server in servers:
        if server.child is not None:
            server.child.exited.wait(max(0.0, deadline - time.monotonic()))
