# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A self-hosted MLflow to move from, the managed ones to move to, and a network between them that fails."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import typing as t
import urllib.request
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from local_aws.managed_mlflow import BUCKET, wait_for
from migration_comparison import Comparison, Side, bucket_files, folder_files

from localaws.mlflow_processes.launch import identifier

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_aws.managed_mlflow import ManagedMlflow
    from local_region import LocalRegion

START_LIMIT = 400.0
WORKLOAD = Path(__file__).with_name("migration_workload.py")


def write_workload(folder: Path, *arguments: str) -> None:
    """Fill a folder with a self-hosted MLflow, in a process that MLflow is imported into."""
    folder.mkdir(parents=True)
    command = [sys.executable, str(WORKLOAD), str(folder), *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=START_LIMIT)


def database(folder: Path) -> dict[str, str]:
    """A self-hosted MLflow as a source that is read past its server."""
    return {"uri": f"sqlite:///{folder}/mlflow.db", "artifacts_destination": str(folder / "artifacts")}


@contextlib.contextmanager
def changed(path: Path) -> Iterator[sqlite3.Connection]:
    """A database of MLflow, for changes that nobody makes through its server."""
    connection = sqlite3.connect(path)
    with contextlib.closing(connection), connection:
        yield connection


@dataclass(frozen=True)
class Managed:
    """One tracking server or App of the local AWS, and its database."""

    region: LocalRegion
    arn: str

    @property
    def database(self) -> Path:
        return self.region.home / "mlflow" / "servers" / identifier(self.arn) / "mlflow.db"

    def kill(self) -> None:
        """End its process, as a machine does that fails. AWS, and the local one, start it again."""
        with urllib.request.urlopen(f"{self.region.endpoint}/_localaws/health", timeout=30) as answer:
            pid = json.load(answer)["mlflow_servers"].get(self.arn)
        if pid:
            os.kill(pid, signal.SIGKILL)

    def differences(self, source: Path) -> list[str]:
        """Between a self-hosted MLflow's folder and this one."""
        here = folder_files(source / "artifacts")
        there = bucket_files(self.region.client("s3"), here)
        return Comparison(
            Side(source / "mlflow.db", bucket_files(self.region.client("s3"), here)), Side(self.database, there)
        ).all()

    def count(self, table: str, where: str = "1 = 1") -> int:
        """Rows of the server's database."""
        # A server that was killed while it wrote leaves what the next reader has to undo.
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=rw", uri=True)) as connection:
            return int(connection.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}").fetchone()[0])


@contextlib.contextmanager
def new_app(managed: ManagedMlflow, name: str) -> Iterator[Managed]:
    """An App that nothing has been written to; an account may have three."""
    sagemaker = managed.region.client("sagemaker")
    arn = sagemaker.create_mlflow_app(Name=name, ArtifactStoreUri=f"s3://{BUCKET}/{name}", RoleArn=managed.role_arn)[
        "Arn"
    ]
    try:
        wait_for(lambda: sagemaker.describe_mlflow_app(Arn=arn)["Status"] == "Created")
        yield Managed(managed.region, arn)
    finally:
        sagemaker.delete_mlflow_app(Arn=arn)


@contextlib.contextmanager
def mlflow_server(
    folder: Path, python: str = sys.executable, *, workers: int = 1, artifact_root: str = ""
) -> Iterator[str]:
    """A real MLflow server on a folder with mlflow.db and artifacts; its URL.

    :param python: whose MLflow it is.
    :param artifact_root: where clients write files by themselves, as those of managed MLflow do; empty when through the server.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = ["--artifacts-destination", str(folder / "artifacts")]
    files = ["--no-serve-artifacts", "--default-artifact-root", artifact_root] if artifact_root else served
    options = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", *files, "--workers", str(workers)]
    command = [python, "-m", "mlflow", "server", *options, "--host", "127.0.0.1", "--port", str(port)]
    # Its queues of jobs take ten more processes, and nothing here asks for a job.
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        limit = time.monotonic() + START_LIMIT
        while not _answers(url):
            assert process.poll() is None and time.monotonic() < limit, (folder / "server.log").read_text()[-2000:]
            time.sleep(0.2)
        yield url
    finally:
        # Some versions of MLflow end without what they started.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@dataclass
class FaultyProxy:
    """Between a client and a server: counts requests, and makes a share of them fail in one of four ways.

    429 and 500 before the request is carried out, 500 after it, and an answer that is lost with its connection.

    :param moments: what happens when so many requests have come.
    :param is_down: nothing is answered.
    :param delay: seconds that each request takes more.
    :param allowed: requests in a second of which more are refused with 429; unlimited when 0.
    """

    upstream: str
    share: float = 0.0
    seed: int = 7
    requests: list[str] = field(default_factory=list)
    faults: int = 0
    moments: dict[int, Callable[[], None]] = field(default_factory=dict)
    is_down: bool = False
    delay: float = 0.0
    allowed: int = 0
    refused: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()
        self._taken: deque[float] = deque()

    def _is_one_too_many(self) -> bool:
        now = time.monotonic()
        while self._taken and now - self._taken[0] >= 1.0:
            self._taken.popleft()
        if self.allowed and len(self._taken) >= self.allowed:
            self.refused += 1
            return True
        self._taken.append(now)
        return False

    def fault(self, line: str) -> str | None:
        """What happens to the next request."""
        with self._lock:
            self.requests.append(line)
            happen = self.moments.get(len(self.requests))
            if happen:
                happen()
            if self.is_down:
                return "down"
            if self._is_one_too_many():
                return "429"
            if self._random.random() >= self.share:
                return None
            self.faults += 1
            return self._random.choice(["429", "500 before", "500 after", "lost"])

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """The proxy's URL."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()


def _handler(proxy: FaultyProxy) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_ProxyHandler,), {"proxy": proxy})


class _ProxyHandler(BaseHTTPRequestHandler):
    """One connection from a client."""

    proxy: t.ClassVar[FaultyProxy]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002  # the name that it has there
        return

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        time.sleep(self.proxy.delay)
        fault = self.proxy.fault(f"{self.command} {self.path}")
        if fault in ("429", "500 before"):
            self._answer(int(fault[:3]), b'{"error_code": "INJECTED", "message": "injected"}', "application/json")
            return
        if fault == "down":
            self._hang_up()
            return
        status, content, kind = self._forward(body)
        if fault == "lost":
            self._hang_up()
        elif fault == "500 after":
            self._answer(500, b"injected", "text/plain")
        else:
            self._answer(status, content, kind)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _forward(self, body: bytes) -> tuple[int, bytes, str]:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.upstream).netloc, timeout=120)
        try:
            # With the header Host as it was signed.
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for key, value in self.headers.items():
                if key.lower() != "connection":
                    connection.putheader(key, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("Content-Type", "application/json")
        finally:
            connection.close()

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815  # the names that http.server calls
