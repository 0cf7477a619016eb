# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local AWS inside of this process: thousands of runs of modules against it take minutes, and no pause takes time.

Clients are real up to the socket. In the place of the socket the local AWS is called; time.sleep moves the one clock of
client and AWS; reads that a module makes at once are made one after the other, so that each run makes the same calls.
"""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import pickle
import random
import time
import typing as t
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from unittest import mock
from urllib.parse import unquote_to_bytes, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from fault_matrix.shortcuts import KeptSessions, RememberedReads
from local_region import ACCOUNT, LocalRegion

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _aws
from localaws import control_plane, identify, instance, lean_botocore, moto_pickle, moto_repairs, schedules
from localaws.clock import Clock
from localaws.connections import ConnectionDroppedError
from localaws.control_calls import ControlPlane
from localaws.control_plane.store import Store
from localaws.data_plane.presigned import PresignedLinks
from localaws.data_plane.sessions import Sessions
from localaws.faults import Faults
from localaws.mlflow_processes import Processes
from localaws.past_answers import request_key
from localaws.request_log import RequestLog
from localaws.settings import Settings

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from localaws.identify import Call
    from localaws.moto_calls import MotoCalls
    from localaws.request_log import Entry

AHEAD = 86_400
ENDPOINT = "http://127.0.0.1:5566"


class InTurn(Executor):
    """Does at once what it is given; the next waits."""

    def __init__(self, max_workers: int | None = None) -> None:
        pass

    def submit(self, fn: Callable[..., t.Any], /, *args: t.Any, **kwargs: t.Any) -> Future[t.Any]:
        future: Future[t.Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class Snapshot:
    """A state to come back to."""

    backends: dict[str, bytes]
    store: bytes
    past_answers: list[t.Any]
    settings: bytes
    state: tuple[int, ...]


class Interposed(t.Protocol):
    """Is told of each request of a client, before AWS is and after."""

    def before(self) -> None:
        """The request was not made yet."""

    def after(self) -> None:
        """AWS carried it out; the client does not know."""


@dataclass
class NearRegion(LocalRegion):
    """What a test asks of a local AWS, of this one."""

    aws: NearAws | None = None
    _clients: dict[str, t.Any] = field(default_factory=dict)

    def client(self, service: str, **settings: t.Any) -> t.Any:
        """A client, made once."""
        if settings:
            return super().client(service, **settings)
        if service not in self._clients:
            self._clients[service] = super().client(service)
        return self._clients[service]

    @property
    def near(self) -> NearAws:
        """The local AWS."""
        return t.cast("NearAws", self.aws)

    def log(self) -> list[dict[str, t.Any]]:
        """Every request since the log was cleared."""
        return [vars(entry) for entry in self.near.entries()]

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.near.running.request_log.clear()

    def configure(self, **settings: t.Any) -> None:
        """Change settings."""
        self.near.running.settings.change(settings)

    def inject(self, *faults: dict[str, t.Any]) -> None:
        """Make the next matching calls fail."""
        self.near.running.faults.add(faults)

    def reset(self) -> None:
        """An empty account with the settings of the start."""
        self.near.restore(self.near.empty)


@dataclass
class NearAws:
    """The local AWS."""

    home: Path
    running: instance.Instance = field(init=False)
    slept: float = 0.0
    interposed: Interposed | None = None

    def __post_init__(self) -> None:
        lean_botocore.prepare()
        from moto import backends as moto_backends

        from localaws.moto_calls import MotoCalls

        clock = StillClock()
        settings = Settings(home=self.home, mlflow="off", signature_check=False)
        self.running = instance.Instance(
            settings=settings,
            clock=clock,
            request_log=ShortLog(),
            faults=Faults(),
            store=Store(),
            processes=Processes(settings),
            presigned=PresignedLinks(settings, clock),
            sessions=Sessions(clock),
        )
        instance.install(self.running)
        moto_repairs.register()
        control_plane.register()
        schedules.register()
        self._moto = RememberedReads(MotoCalls(self.running))
        self._control_plane = ControlPlane(self.running, t.cast("MotoCalls", self._moto))
        self._states = itertools.count()
        self._calls: dict[t.Any, Call] = {}
        self._blobs = moto_pickle.Blobs(self.home)
        self._moto_modules = frozenset(moto_backends.list_of_moto_modules())
        self.region = NearRegion(ENDPOINT, t.cast("t.Any", None), self.home, self)
        self.empty = self.snapshot()

    def snapshot(self) -> Snapshot:
        """The present state."""
        backends = {module: moto_pickle.dump(each, self._blobs) for module, each in moto_pickle.used_backends().items()}
        return Snapshot(
            backends,
            pickle.dumps(self.running.store.dump()),
            self.running.past_answers.dump(),
            pickle.dumps(vars(self.running.settings)),
            (next(self._states),),
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Be in that state again, without faults."""
        from moto.core.base_backend import BackendDict
        from moto.core.model_instances import reset_model_data

        BackendDict.reset()
        reset_model_data()
        for module, saved in snapshot.backends.items():
            moto_pickle.load(moto_pickle.backends_of(module), saved, self._blobs)
        self.running.store.load(pickle.loads(snapshot.store))
        self.running.past_answers.load(snapshot.past_answers)
        vars(self.running.settings).update(pickle.loads(snapshot.settings))
        self.running.faults.clear()
        self.running.request_log.clear()
        # Time does not go back: what the state holds was made before now.
        self.running.clock.load([(0.0, self.running.clock.offset)])
        self._moto.state = snapshot.state
        self.slept = 0.0
        self.interposed = None

    @contextlib.contextmanager
    def connected(self) -> Iterator[NearRegion]:
        """For so long, this is what botocore's clients reach."""
        with contextlib.ExitStack() as stack:
            stack.enter_context(
                mock.patch.object(URLLib3Session, "send", lambda _session, request: self._send(request))
            )
            stack.enter_context(mock.patch.object(time, "sleep", self._sleep))
            stack.enter_context(mock.patch.object(time, "monotonic", lambda: self.slept))
            stack.enter_context(mock.patch.object(_aws, "ThreadPoolExecutor", InTurn))
            stack.enter_context(mock.patch.object(_aws, "Session", KeptSessions().session))
            stack.enter_context(mock.patch.object(random, "random", lambda: 0.5))
            stack.enter_context(mock.patch.object(SigV4Auth, "add_auth", _name_scope))
            stack.enter_context(mock.patch.object(identify, "identify", self._identified(identify.identify)))
            known = lean_botocore._policy_data
            policies = functools.cache(known)
            stack.enter_context(
                mock.patch.object(lean_botocore, "_policy_data", lambda names: policies(frozenset(names)))
            )
            stack.enter_context(mock.patch("moto.backends.list_of_moto_modules", lambda: self._moto_modules))
            yield self.region

    def _identified(self, find: Callable[..., Call]) -> Callable[..., Call]:
        """What a request asks for does not depend on any state."""

        def found(environ: dict[str, t.Any], body: bytes, region: str) -> Call:
            key = (request_key(environ, body), environ.get("HTTP_AUTHORIZATION"), environ.get("CONTENT_TYPE"))
            if key not in self._calls:
                self._calls[key] = find(environ, body, region)
            return self._calls[key]

        return found

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.running.clock.advance(seconds)

    def _send(self, request: t.Any) -> AWSResponse:
        interposed, self.interposed = self.interposed, None
        if interposed:
            interposed.before()
        self.interposed = interposed
        began = self.slept
        try:
            answer = self._control_plane.answer(*_as_wsgi(request))
        except ConnectionDroppedError as error:
            raise ConnectionClosedError(endpoint_url=request.url, request=request) from error
        if interposed:
            interposed.after()
        if self.slept - began >= _aws.READ_TIMEOUT:
            raise ReadTimeoutError(endpoint_url=request.url)
        return AWSResponse(request.url, answer.status, t.cast("t.Any", dict(answer.headers)), _Body(answer.body))

    def entries(self) -> list[Entry]:
        """The log as it is kept."""
        return list(self.running.request_log._entries)


class _Body:
    def __init__(self, content: bytes) -> None:
        self._file = io.BytesIO(content)
        self.read = self._file.read

    def stream(self) -> Iterator[bytes]:
        """In one piece."""
        yield self._file.read()


class StillClock(Clock):
    """Moves by what sleeps, and not by how busy the machine is. It is ahead of the machine's, by which moto dates roles."""

    def __init__(self) -> None:
        super().__init__()
        self._start = time.time() + AHEAD

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._start + self.offset


class ShortLog(RequestLog):
    """The entries alone."""

    def add(self, entry: Entry) -> None:
        """Record a finished call."""
        self._entries.append(entry)

    def clear(self) -> None:
        """Forget the entries."""
        self._entries.clear()


def _name_scope(auth: t.Any, request: t.Any) -> None:
    """What a signature says beside that nobody has changed the request."""
    scope = f"{auth.credentials.access_key}/20260101/{auth._region_name}/{auth._service_name}/aws4_request"
    request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=unchecked"


def _as_wsgi(request: t.Any) -> tuple[dict[str, t.Any], bytes]:
    """A request of botocore's as the local AWS's server hands it on."""
    target = urlsplit(request.url)
    body = request.body or b""
    if not isinstance(body, bytes):
        body = body.encode() if isinstance(body, str) else body.read()
    environ: dict[str, t.Any] = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(target.path or "/").decode("latin-1"),
        "RAW_URI": f"{target.path or '/'}?{target.query}",
        "REQUEST_URI": f"{target.path or '/'}?{target.query}",
        "SCRIPT_NAME": "",
        "QUERY_STRING": target.query,
        "SERVER_NAME": target.hostname,
        "SERVER_PORT": str(target.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_HOST": target.netloc,
    }
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    return environ, body


__all__ = ["ACCOUNT", "NearAws", "NearRegion", "Snapshot"]
