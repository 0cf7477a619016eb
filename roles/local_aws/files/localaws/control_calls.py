# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A call of an AWS API, with its entry in the log, whoever makes it: a client, or a service in a role's name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from localaws import distance
from localaws.connections import ConnectionDroppedError
from localaws.past_answers import request_key
from localaws.protocol_errors import Answer, Dialect, ServiceError, render, service_error
from localaws.request_log import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.credentials import Principal
    from localaws.faults import Fault
    from localaws.identify import Call
    from localaws.instance import Instance
    from localaws.moto_calls import MotoCalls

    Environ = dict[str, Any]


class ControlPlane:
    """Every operation of every service that is not MLflow's own."""

    def __init__(self, running: Instance, moto: MotoCalls) -> None:
        self._running = running
        self._moto = moto

    def answer(self, environ: Environ, body: bytes, principal: Principal | None = None) -> Answer:
        """Carry a call out and note it.

        :param principal: in whose name a service calls; None for a client, whose signature tells.
        """
        from localaws.identify import identify
        from localaws.moto_calls import error_code
        from localaws.permissions import resource_of

        running, started = self._running, time.perf_counter()
        call = identify(environ, body, running.settings.region)
        resource = resource_of(call, running.settings.account_id)
        entry = Entry(running.clock.time(), call.service, call.operation, call.region, call.access_key)
        entry.write, entry.resource = call.writes, resource
        distance.note_arrival(entry, environ)
        try:
            answer = self._with_faults(
                entry, call.dialect, environ, lambda: self._remembered(call, environ, body, entry, principal), body
            )
            entry.status, entry.error = answer.status, error_code(answer)
        finally:
            entry.milliseconds = round((time.perf_counter() - started) * 1000, 2)
            if principal is None:
                distance.hold(entry, running.settings.latency_ms)
            running.request_log.add(entry)
        if call.changes_state:
            running.changes.mark()
        return answer

    def _with_faults(
        self, entry: Entry, dialect: Dialect, environ: Environ, perform: Callable[[], Answer], body: bytes
    ) -> Answer:
        """Delay the call, answer instead of it, or carry it out and lose its answer."""
        seconds, fault = self._running.faults.draw(entry.service, entry.operation, entry.resource)
        if seconds:
            time.sleep(seconds)
            entry.fault = "latency"
        if fault is None:
            return self._within_limits(entry, dialect, environ, perform)
        entry.fault = fault.name()
        if fault.stale:
            past = None if entry.write else self._running.past_answers.get(request_key(environ, body))
            return past or self._within_limits(entry, dialect, environ, perform)
        if fault.after or fault.malformed:
            answer = perform()
            if entry.write:
                self._running.changes.mark()
            if fault.malformed:
                return broken_off(answer)
        return faulty(fault, dialect, environ["REQUEST_METHOD"])

    def _within_limits(self, entry: Entry, dialect: Dialect, environ: Environ, perform: Callable[[], Answer]) -> Answer:
        """Carry the call out unless its service gets too many."""
        running = self._running
        if running.rate_limits.admit(entry.service, running.settings.rate_limits):
            return perform()
        return render(service_error("throttled", dialect), dialect, environ["REQUEST_METHOD"])

    def _remembered(
        self, call: Call, environ: Environ, body: bytes, entry: Entry, principal: Principal | None
    ) -> Answer:
        answer = self._perform(call, environ, body, entry, principal)
        if not call.changes_state:
            self._running.past_answers.keep(request_key(environ, body), answer)
        return answer

    def _perform(self, call: Call, environ: Environ, body: bytes, entry: Entry, principal: Principal | None) -> Answer:
        from localaws.authorization import AccessDenied, authorize_call
        from localaws.permissions import required
        from localaws.signature import authenticate

        try:
            caller = principal or authenticate(environ, body, call.dialect)
            if self._running.settings.iam_enforcement:
                entry.rights = [f"{right.action} {right.resource}" for right in required(call, caller.account_id)]
            authorize_call(caller, call, {"aws:useragent": environ.get("HTTP_USER_AGENT", "")})
            self._check_input(call)
            self._check_keys(call)
            return self._moto.perform(call, caller, environ, body)
        except AccessDenied as denied:
            entry.denied = True
            error = service_error("access_denied", call.dialect, denied.message)
        except ServiceError as refused:
            error = refused
        return render(error, call.dialect, environ["REQUEST_METHOD"])

    def _check_keys(self, call: Call) -> None:
        """S3 cannot read or write what is encrypted with a key that cannot be used, whoever asks."""
        if call.service == "s3":
            from localaws.s3_keys import require_usable

            require_usable(call, self._running.settings.account_id)

    def _check_input(self, call: Call) -> None:
        from localaws.validation import check

        if not call.is_known:
            message = f"{call.service} has no operation {call.operation}"
            raise service_error("unknown_operation", call.dialect, message)
        if self._running.settings.validation:
            check(call)


def faulty(fault: Fault, dialect: Dialect, method: str) -> Answer:
    """The answer that an injected fault gives."""
    if fault.reset:
        raise ConnectionDroppedError
    return render(ServiceError(fault.answer_code, fault.message, fault.answer_status), dialect, method)


def broken_off(answer: Answer) -> Answer:
    """The first half of an answer, as if it were all."""
    headers = [(name, value) for name, value in answer.headers if name.lower() != "content-length"]
    return Answer(answer.status, answer.body[: len(answer.body) // 2], headers)
