# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application: what every request goes through, in this order.

log -> latency and faults -> administrator | data plane | identify -> signature -> IAM -> validation -> moto
"""

from __future__ import annotations

import http
import time
from typing import TYPE_CHECKING, Any

from localaws import __version__
from localaws.admin import PREFIX, Admin, index
from localaws.assembly import NotReadyError
from localaws.connections import ConnectionDroppedError, IncompleteBodyError, drop, read_body
from localaws.protocol_errors import UNIDENTIFIED, Answer, Dialect, ServiceError, render, service_error
from localaws.request_log import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import StartResponse

    from localaws.assembly import Assembly
    from localaws.data_plane.gateway import DataPlane
    from localaws.faults import Fault
    from localaws.identify import Call

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
                answer = self._on_control_plane(environ, body)
        except IncompleteBodyError:
            answer = render(_INCOMPLETE_BODY, UNIDENTIFIED)
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

    def _on_control_plane(self, environ: Environ, body: bytes) -> Answer:
        """A call of an AWS API, with its entry in the log."""
        from localaws.identify import identify
        from localaws.moto_calls import error_code
        from localaws.permissions import resource_of

        running, started = self._assembly.instance, time.perf_counter()
        call = identify(environ, body, running.settings.region)
        resource = resource_of(call, running.settings.account_id)
        entry = Entry(running.clock.time(), call.service, call.operation, call.region, call.access_key)
        entry.write, entry.resource = call.writes, resource
        try:
            answer = self._with_faults(entry, call.dialect, environ, lambda: self._perform(call, environ, body, entry))
            entry.status, entry.error = answer.status, error_code(answer)
        finally:
            entry.milliseconds = round((time.perf_counter() - started) * 1000, 2)
            running.request_log.add(entry)
        if call.changes_state:
            running.changes.mark()
        return answer

    def _with_faults(self, entry: Entry, dialect: Dialect, environ: Environ, perform: Any) -> Answer:
        """Delay the call, answer instead of it, or carry it out and lose its answer."""
        seconds, fault = self._assembly.instance.faults.draw(entry.service, entry.operation, entry.resource)
        if seconds:
            time.sleep(seconds)
            entry.fault = "latency"
        if fault is None:
            answer: Answer = perform()
            return answer
        entry.fault = fault.name()
        if fault.after:
            perform()
            if entry.write:
                self._assembly.instance.changes.mark()
        return _faulty(fault, dialect, environ["REQUEST_METHOD"])

    def _perform(self, call: Call, environ: Environ, body: bytes, entry: Entry) -> Answer:
        from localaws.authorization import AccessDenied, authorize_call
        from localaws.signature import authenticate

        try:
            principal = authenticate(environ, body, call.dialect)
            authorize_call(principal, call, {"aws:useragent": environ.get("HTTP_USER_AGENT", "")})
            self._check_input(call)
            return self._assembly.moto.perform(call, principal, environ, body)
        except AccessDenied as denied:
            entry.denied = True
            error = service_error("access_denied", call.dialect, denied.message)
        except ServiceError as refused:
            error = refused
        return render(error, call.dialect, environ["REQUEST_METHOD"])

    def _check_input(self, call: Call) -> None:
        from localaws.validation import check

        if not call.is_known:
            message = f"{call.service} has no operation {call.operation}"
            raise service_error("unknown_operation", call.dialect, message)
        if self._assembly.instance.settings.validation:
            check(call)

    def _on_data_plane(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """A call of an MLflow. It is in the log before its caller can see the answer, as are all calls."""
        running, plane = self._assembly.instance, self._data_plane()
        described = plane.describe(environ)
        entry = Entry(running.clock.time(), described.service, described.operation, described.region)
        entry.plane, entry.write, entry.resource = "data", described.write, described.resource
        started = time.perf_counter()

        def record(status: int) -> None:
            if entry.status:
                return
            entry.status = status
            entry.error, entry.denied = environ.get("localaws.error"), bool(environ.get("localaws.denied"))
            entry.milliseconds = round((time.perf_counter() - started) * 1000, 2)
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
        answer = _faulty(fault, UNIDENTIFIED, environ["REQUEST_METHOD"])
        yield from _send(answer, environ, start_response)


def _ignore_status(_status: str, _headers: list[tuple[str, str]], _error: Any = None, /) -> Callable[[bytes], object]:
    """The start of an answer that nobody will see."""
    return lambda _data: None


def _faulty(fault: Fault, dialect: Dialect, method: str) -> Answer:
    if fault.reset:
        raise ConnectionDroppedError
    return render(ServiceError(fault.answer_code, fault.message, fault.answer_status), dialect, method)


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
