# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application: what every request goes through, in this order.

log -> latency and faults -> administrator | data plane | identify -> signature -> IAM -> validation -> moto
"""

from __future__ import annotations

import http
import time
from typing import TYPE_CHECKING, Any

from localaws import __version__, distance
from localaws.admin import PREFIX, Admin, index
from localaws.assembly import NotReadyError
from localaws.connections import ConnectionDroppedError, IncompleteBodyError, drop, read_body
from localaws.control_calls import faulty
from localaws.protocol_errors import UNIDENTIFIED, Answer, ServiceError, render
from localaws.request_log import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import StartResponse

    from localaws.assembly import Assembly
    from localaws.data_plane.gateway import DataPlane
    from localaws.faults import Fault

    Environ = dict[str, Any]

_BANNER = ("x-localaws", __version__)
_INCOMPLETE_BODY = ServiceError(
    "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header."
)
NO_ANSWER = 499  # in the log: the connection was closed before an answer began


class Application:
    """One local AWS as a WSGI application."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._admin = Admin(assembly)
        self._data_plane_made: DataPlane | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            body = read_body(environ)
            answer = self._without_moto(environ, body)
            if answer is None:
                self._assembly.wait_until_ready()
                if self._data_plane().handles(environ):
                    return self._on_data_plane(environ, start_response)
                answer = self._assembly.control_plane.answer(environ, body)
        except IncompleteBodyError:
            answer = render(_INCOMPLETE_BODY, UNIDENTIFIED)
            # Nobody knows where the next request would begin.
            answer = Answer(answer.status, answer.body, [*answer.headers, ("Connection", "close")])
        except NotReadyError as error:
            answer = render(ServiceError("ServiceUnavailable", str(error), 503), UNIDENTIFIED)
        except ConnectionDroppedError:
            return drop(environ)
        return _send(answer, environ, start_response)

    def _without_moto(self, environ: Environ, body: bytes) -> Answer | None:
        if environ["PATH_INFO"].startswith(PREFIX):
            return self._admin.answer(environ, body)
        return index(environ)

    def _data_plane(self) -> DataPlane:
        if self._data_plane_made is None:
            from localaws.data_plane.gateway import DataPlane

            self._data_plane_made = DataPlane(self._assembly.instance)
        return self._data_plane_made

    def _on_data_plane(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """A call of an MLflow. It is in the log before its caller can see the answer, as are all calls."""
        running, plane = self._assembly.instance, self._data_plane()
        described = plane.describe(environ)
        entry = Entry(running.clock.time(), described.service, described.operation, described.region)
        entry.plane, entry.write, entry.resource = "data", described.write, described.resource
        distance.note_arrival(entry, environ)
        started = time.perf_counter()

        def record(status: int) -> None:
            if entry.status:
                return
            entry.status = status
            entry.error, entry.denied = environ.get("localaws.error"), bool(environ.get("localaws.denied"))
            entry.milliseconds = round((time.perf_counter() - started) * 1000, 2)
            distance.hold(entry, running.settings.latency_ms)
            running.request_log.add(entry)

        def note_status(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            record(int(status.split(" ", 1)[0]))
            return start_response(status, [*headers, _BANNER], *error)

        seconds, fault = running.faults.draw(entry.service, entry.operation, entry.resource)
        if seconds:
            time.sleep(seconds)
            entry.fault = "latency"
        try:
            if fault is None:
                yield from plane(environ, note_status)
            else:
                yield from self._lost(fault, entry, environ, note_status)
        finally:
            record(NO_ANSWER)
            if environ["PATH_INFO"].endswith("/auth"):
                running.changes.mark()

    def _lost(self, fault: Fault, entry: Entry, environ: Environ, start_response: Any) -> Iterator[bytes]:
        """A fault of the data plane: instead of MLflow's answer, or after it."""
        entry.fault = fault.name()
        if fault.after:
            for _unused in self._data_plane()(environ, _ignore_status):
                pass
        if fault.reset:
            yield from drop(environ)
            return
        environ["localaws.error"] = fault.answer_code
        answer = faulty(fault, UNIDENTIFIED, environ["REQUEST_METHOD"])
        yield from _send(answer, environ, start_response)


def _ignore_status(_status: str, _headers: list[tuple[str, str]], _error: Any = None, /) -> Callable[[bytes], object]:
    """The start of an answer that nobody will see."""
    return lambda _data: None


def _send(answer: Answer, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    names = {name.lower() for name, _unused in answer.headers}
    headers = [*answer.headers]
    if "content-length" not in names:
        headers.append(("Content-Length", str(len(answer.body))))
    if "x-localaws" not in names:
        headers.append(_BANNER)
    phrase = http.HTTPStatus(answer.status).phrase if answer.status in http.HTTPStatus._value2member_map_ else "Unknown"
    start_response(f"{answer.status} {phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]
