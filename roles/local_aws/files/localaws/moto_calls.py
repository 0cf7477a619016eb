# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has moto (with our operations and repairs in it) carry a call out."""

from __future__ import annotations

import io
import logging
import re
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from localaws import lean_botocore, moto_repairs
from localaws.identify import Scope, scope_of
from localaws.protocol_errors import Answer, render, service_error
from localaws.settings import BOOT_ACCESS_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localaws.credentials import Principal
    from localaws.identify import Call
    from localaws.instance import Instance

_ERROR_CODE = re.compile(rb"<Code>([^<]+)</Code>|\"(?:__type|code|Code)\"\s*:\s*\"([^\"]+)\"")

_log = logging.getLogger(__name__)


class MotoCalls:
    """moto's dispatcher, one call at a time."""

    def __init__(self, running: Instance) -> None:
        self._running = running
        self._dispatcher = DomainDispatcherApplication(_backend_app)

    def perform(self, call: Call, principal: Principal, environ: Mapping[str, Any], body: bytes) -> Answer:
        """Carry the call out and answer in its protocol, whatever happens."""
        # Whoever comes here was let through; moto would judge anonymous callers once more, by ACLs only.
        scope = scope_of(environ) or (Scope(BOOT_ACCESS_KEY, "", "", "s3") if call.service == "s3" else None)
        own = {
            **environ,
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,  # read as it is: werkzeug would copy it, chunk by chunk
            "CONTENT_LENGTH": str(len(body)),
            # moto would take the account from an access key or an environment variable.
            "HTTP_X_MOTO_ACCOUNT_ID": principal.account_id,
        }
        if scope is not None:
            own.setdefault("HTTP_AUTHORIZATION", _as_header(scope))
        with self._running.changes.lock:
            moto_repairs.register_for(call.service)
            self._provide_managed_policies(call, principal)
            try:
                answer = self._run(own)
            except NotImplementedError:
                return _not_implemented(call, environ)
            except Exception as error:
                # moto's own bugs must reach the client as a failure of the service, not as a lost connection.
                _log.exception("%s:%s failed", call.service, call.operation)
                message = f"moto failed: {type(error).__name__}: {error}"
                return render(service_error("internal", call.dialect, message), call.dialect, environ["REQUEST_METHOD"])
        return _not_implemented(call, environ) if _is_page(answer) else answer

    def _run(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
            started[:] = [(status, headers)]
            return lambda _data: None

        chunks = self._dispatcher(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
            # Requests and their environments refer to each other: a large body would stay until the garbage collector runs.
            environ.clear()
        status, headers = started[0]
        return Answer(int(status.split(" ", 1)[0]), body, list(headers))

    def _provide_managed_policies(self, call: Call, principal: Principal) -> None:
        if call.service != "iam":
            return
        region = self._running.settings.region
        if call.operation == "ListPolicies" and call.parameters.get("Scope") != "Local":
            lean_botocore.load_managed_policies(principal.account_id, region)
            return
        names = lean_botocore.managed_policies_in(str(call.parameters))
        if names:
            lean_botocore.load_managed_policies(principal.account_id, region, names)


def _backend_app(service: str) -> Any:
    """moto's web application for a service, without the debugging that keeps a request (and its body) alive after its end."""
    application = create_backend_app(service)
    application.debug = False
    application.config["PROPAGATE_EXCEPTIONS"] = True  # as with debugging: we answer for moto's own failures
    return application


def _as_header(scope: Scope) -> str:
    """moto looks for service, region and caller in this header only: a presigned call has them in its query."""
    credential = (
        f"{scope.access_key}/{scope.date or '20060301'}/{scope.region or 'us-east-1'}/{scope.signing_name}/aws4_request"
    )
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=verified"


def error_code(answer: Answer) -> str | None:
    """The error code in an answer, for the log."""
    if answer.status < 400:
        return None
    for name, value in answer.headers:
        if name.lower() == "x-amzn-errortype":
            return value.partition(":")[0]
    found = _ERROR_CODE.search(answer.body[:4096])
    code = (found.group(1) or found.group(2)).decode("utf-8", "replace") if found else str(answer.status)
    return code.rpartition("#")[2]


def _not_implemented(call: Call, environ: Mapping[str, Any]) -> Answer:
    message = f"The local AWS does not implement {call.service}:{call.operation}"
    return render(service_error("not_implemented", call.dialect, message), call.dialect, environ["REQUEST_METHOD"])


def _is_page(answer: Answer) -> bool:
    """Whether the web framework below moto answered instead of moto: it knows no such address."""
    content_type = {name.lower(): value for name, value in answer.headers}.get("content-type", "")
    return (
        answer.status in (404, 405, 500)
        and content_type.startswith("text/html")
        and b"<!doctype html" in answer.body[:64].lower()
    )
