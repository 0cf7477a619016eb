# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The local AWS in the process of the tests: its whole application, signatures and request log included, without a socket.

botocore makes and signs each request as ever; where it would open a connection, the application answers. Time is the local AWS's
own: whoever sleeps moves its clock, so waiting costs nothing.
"""

from __future__ import annotations

import contextlib
import io
import time as system_time
import typing as t
from dataclasses import asdict
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError
from local_region import ACCOUNT, REGION, LocalRegion

from localaws import instance
from localaws.application import Application
from localaws.assembly import Assembly
from localaws.request_log import Entry, RequestLog
from localaws.settings import Settings

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from botocore.awsrequest import AWSPreparedRequest

    from localaws.instance import Instance

PORT = 5566
ENDPOINT = f"http://127.0.0.1:{PORT}"


class Requests(RequestLog):
    """The log as it is made, not as it is told to others."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Note a finished call."""
        self.noted.append(entry)

    def entries(self) -> list[dict[str, object]]:
        """All that were noted, oldest first."""
        return [asdict(entry) for entry in self.noted]

    def clear(self) -> None:
        """Forget them."""
        self.noted.clear()


class InProcessRegion(LocalRegion):
    """What a LocalRegion is, in this process."""

    def __init__(self, home: Path) -> None:
        settings = Settings(home=home, port=PORT, region=REGION, account_id=ACCOUNT, mlflow="off")
        # Nobody holds the home, so nothing is ever saved there.
        self._assembly = Assembly(settings, holds_home=lambda: False)
        self._assembly.start()
        self._application = Application(self._assembly)
        self.endpoint, self.home = ENDPOINT, home
        self.running: Instance = self._assembly.instance
        self.running.request_log = self._requests = Requests()
        self._rest()

    @contextlib.contextmanager
    def current(self) -> Iterator[None]:
        """Meanwhile this is the instance that operations reach; before and after it may be that of another test."""
        before = list(instance._installed)
        instance.install(self.running)
        try:
            yield
        finally:
            self.reset()
            instance._installed[:] = before

    def _rest(self) -> None:
        """No thread waits for a change: nothing is saved, and what is due is carried out when the clock is moved."""
        self._assembly.invoker.stop()
        self.running.changes.close()

    def calls(self) -> list[str]:
        """C(service:Operation) of every request since the log was cleared, in order."""
        return [entry.name for entry in self._requests.noted]

    def writes(self) -> list[str]:
        """The calls that change something."""
        return [entry.name for entry in self._requests.noted if entry.write]

    def log(self) -> list[dict[str, t.Any]]:
        """Every request since the log was cleared."""
        return self.running.request_log.entries()

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self.running.request_log.clear()

    def configure(self, **settings: t.Any) -> None:
        """Change settings."""
        self.running.settings.change(settings)

    def reset(self) -> None:
        """An empty account with the settings of the start."""
        self._assembly.reset()

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self._assembly.invoker.advance(seconds)

    def monotonic(self) -> float:
        """A clock that goes on with the local AWS's."""
        return system_time.monotonic() + self.running.clock.offset

    def stop(self) -> None:
        """End the threads."""
        self._assembly.stop()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Answer one request of botocore's."""
        answered: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: t.Any = None) -> t.Any:
            answered.append((status, headers))
            return lambda _data: None

        try:
            body = b"".join(self._application(_environ(request), start_response))
        except ConnectionResetError as error:
            raise ConnectionClosedError(endpoint_url=request.url, request=request) from error
        status, headers = answered[-1]
        return AWSResponse(request.url, int(status.split(" ", 1)[0]), t.cast("t.Any", dict(headers)), _Raw(body))


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, *_amount: t.Any, **_settings: t.Any) -> Iterator[bytes]:
        yield self.read()


def _environ(request: AWSPreparedRequest) -> dict[str, t.Any]:
    """The request as a server hands it to an application."""
    url, content = urlsplit(request.url), _content(request.body)
    path = url.path or "/"
    raw = f"{path}?{url.query}" if url.query else path
    environ: dict[str, t.Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": raw,
        "RAW_URI": raw,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": io.StringIO(),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin1") if isinstance(value, bytes) else str(value)
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = str(len(content))
    return environ


def _content(body: t.Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body.read() if hasattr(body, "read") else body)
