# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front door of all MLflow servers: the mlflow client knocks with a signature, the browser with a session.

AWS serves all tracking servers of a Region at one host name and all Apps at another; the plugin ``sagemaker-mlflow`` names the one it means in a
header. The client retries 408, 429, 500, 502, 503 and 504 for minutes, so a lasting refusal has another status.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from localaws import authorization, signature
from localaws.data_plane import actions, pages, proxy
from localaws.data_plane.presigned import PATH_PREFIX, LinkRejected, path_of
from localaws.data_plane.sessions import COOKIE
from localaws.identify import scope_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse

    from localaws.control_plane.store import MlflowResource
    from localaws.credentials import Principal
    from localaws.data_plane.sessions import Session
    from localaws.instance import Instance

    Environ = dict[str, Any]

SERVER_HEADER: Final = "HTTP_X_MLFLOW_SM_TRACKING_SERVER_ARN"
APP_HEADER: Final = "HTTP_X_SM_MLFLOW_APP_ARN"
UNKNOWN_RESOURCE: Final = {
    "tracking_server": "Tracking server could not be found",
    "app": "MLflow App could not be found",
}


@dataclass(frozen=True)
class Call:
    """What the request log and the fault rules need to know of a request."""

    service: str
    operation: str
    resource: str
    region: str
    write: bool


class Refusal(Exception):  # noqa: N818  # an answer, not a malfunction
    """An answer other than MLflow's."""

    def __init__(self, status: int, body: str, content_type: str = "text/plain", code: str = "") -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.content_type = content_type
        self.code = code


class DataPlane:
    """WSGI application for everything that is MLflow's and not SageMaker's API."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def handles(self, environ: Environ) -> bool:
        """Whether a request is for an MLflow (a session cookie is only ever sent below the UI's path)."""
        return named_arn(environ) is not None or _path(environ).startswith(PATH_PREFIX)

    def describe(self, environ: Environ) -> Call:
        """Name the request before it is carried out."""
        method = environ["REQUEST_METHOD"]
        arn = named_arn(environ)
        if arn is None:
            session = self._session(environ)
            arn, operation, write = session.arn if session else "", actions.UI_ACTION, method not in ("GET", "HEAD")
            is_app = ":mlflow-app/" in arn
        else:
            operation = actions.action_of(method, _path(environ))
            write = actions.is_write(operation, method)
            is_app = _named_kind(environ) == "app"
        return Call(
            service=actions.APP_SERVICE if is_app else actions.SERVER_SERVICE,
            operation=actions.APP_ACTION if is_app else operation,
            resource=arn,
            region=(arn.split(":") + [""] * 4)[3],
            write=write,
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            if named_arn(environ) is not None:
                return self._api(environ, start_response)
            return self._ui(environ, start_response)
        except Refusal as refusal:
            environ["localaws.error"] = refusal.code or None
            return _answer(refusal.status, refusal.body, refusal.content_type, start_response)

    def _api(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """A signed call of the mlflow client."""
        body = _body(environ)
        principal = self._authenticate(environ, body)
        arn, kind = named_arn(environ) or "", _named_kind(environ)
        resource = self._instance.store.find(arn)
        self._authorize(principal, environ)
        if resource is None or resource.is_deleted or resource.kind != kind:
            raise Refusal(HTTPStatus.NOT_FOUND, UNKNOWN_RESOURCE[kind], code="ResourceNotFound")
        return self._pass_on(resource, environ, body, start_response)

    def _authenticate(self, environ: Environ, body: bytes) -> Principal:
        """Who signed the call. The two kinds are two services of their own, each with its signing name."""
        try:
            principal = signature.authenticate(environ, body)
        except signature.SignatureRejected as rejected:
            raise Refusal(rejected.status, rejected.message, code=rejected.code) from rejected
        scope, service = scope_of(environ), self.describe(environ).service
        if self._instance.settings.signature_check and (scope is None or scope.signing_name != service):
            message = f"Credential should be scoped to correct service: '{service}'."
            raise Refusal(HTTPStatus.FORBIDDEN, message, code="InvalidSignatureException")
        return principal

    def _ui(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """A browser: with a link at ``auth``, with a session everywhere else."""
        identifier, slash, rest = _path(environ)[len(PATH_PREFIX) :].partition("/")
        ui_path = f"{PATH_PREFIX}{identifier}/"
        if not slash:
            return _redirect(ui_path, start_response)
        if rest == "auth":
            return self._redeem(ui_path, environ, start_response)
        session = self._session(environ)
        if session is None or path_of(session.arn) != ui_path:
            raise _turned_away("You have no session for this MLflow, or it is over.")
        resource = self._instance.store.find(session.arn)
        if resource is None or resource.is_deleted:
            raise Refusal(HTTPStatus.NOT_FOUND, "This MLflow has been deleted.", code="ResourceNotFound")
        self._authorize(session.principal, environ)
        if not _raw_target(environ).startswith(ui_path):
            raise Refusal(HTTPStatus.NOT_FOUND, "The path to an MLflow UI has nothing to encode.")
        return self._pass_on(resource, environ, _body(environ), start_response, mount=ui_path.rstrip("/"))

    def _redeem(self, ui_path: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Turn a link into a session, and take its token out of the address bar."""
        token = parse_qs(environ.get("QUERY_STRING", "")).get("authToken", [""])[0]
        try:
            link = self._instance.presigned.redeem(ui_path, token)
        except LinkRejected as rejected:
            raise _turned_away(str(rejected)) from rejected
        value = self._instance.sessions.open(link.arn, link.session_seconds, link.principal)
        cookie = f"{COOKIE}={value}; Path={ui_path}; Max-Age={link.session_seconds}; HttpOnly; SameSite=Strict"
        return _redirect(ui_path, start_response, ("Set-Cookie", cookie))

    def _session(self, environ: Environ) -> Session | None:
        try:
            cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
        except CookieError:
            return None
        return self._instance.sessions.find(cookie.value) if cookie is not None else None

    def _authorize(self, principal: Principal | None, environ: Environ) -> None:
        """Ask IAM. Of all actions only ``AccessUI`` has no resource type: it is asked for everything."""
        if principal is None:
            return
        call = self.describe(environ)
        target = "*" if call.operation == actions.UI_ACTION else call.resource
        try:
            authorization.authorize(
                principal, f"{call.service}:{call.operation}", target, {"aws:RequestedRegion": call.region}
            )
        except authorization.AccessDenied as denied:
            environ["localaws.denied"] = True
            raise Refusal(HTTPStatus.FORBIDDEN, denied.message, code="AccessDeniedException") from denied

    def _pass_on(
        self, resource: MlflowResource, environ: Environ, body: bytes, start_response: StartResponse, mount: str = ""
    ) -> Iterable[bytes]:
        """Have the MLflow below a path answer, starting it again when it has died by itself."""
        settings, processes = self._instance.settings, self._instance.processes
        if not resource.is_active(self._instance.clock.now()):
            raise Refusal(settings.stopped_status, settings.stopped_body, code="Inactive")
        if actions.is_assistant(_path(environ)[len(mount) :]):
            raise Refusal(HTTPStatus.FORBIDDEN, "Managed MLflow has no assistant.", code="AccessDeniedException")
        if processes.switched_off:
            raise Refusal(HTTPStatus.NOT_IMPLEMENTED, "This local AWS was started without MLflow (--mlflow off).")
        processes.ensure(resource)
        processes.wait_until_healthy(resource.arn)
        address = processes.address(resource.arn)
        if address is None:
            reason = processes.failed(resource.arn) or "it was stopped"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, f"MLflow does not run: {reason}", code="Unavailable")
        try:
            target = _raw_target(environ)[len(mount) :]
            return proxy.forward(address, mount, target, environ, body, start_response)
        except OSError as error:
            raise Refusal(HTTPStatus.BAD_GATEWAY, f"MLflow did not answer: {error}", code="Unavailable") from error


def named_arn(environ: Environ) -> str | None:
    """The ARN in the routing header that the plugin ``sagemaker-mlflow`` sends."""
    arn: str | None = environ.get(SERVER_HEADER) or environ.get(APP_HEADER)
    return arn


def _named_kind(environ: Environ) -> str:
    return "tracking_server" if SERVER_HEADER in environ else "app"


def _path(environ: Environ) -> str:
    path: str = environ.get("PATH_INFO", "/")
    return path


def _raw_target(environ: Environ) -> str:
    """Path and query just as they were sent: decoding and encoding again could change them."""
    target: str = environ["RAW_URI"]
    return target


def _body(environ: Environ) -> bytes:
    """The whole body. A signature covers it, so it has to be complete before anything else happens."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _turned_away(reason: str) -> Refusal:
    page = pages.refusal("This MLflow UI is not open to you", reason)
    return Refusal(HTTPStatus.FORBIDDEN, page, "text/html; charset=utf-8", code="AccessDeniedException")


def _redirect(location: str, start_response: StartResponse, *headers: tuple[str, str]) -> Iterable[bytes]:
    fixed = [("Location", location), ("Cache-Control", "no-store"), ("Content-Length", "0")]
    start_response("302 Found", [*fixed, *headers])
    return []


def _answer(status: int, body: str, content_type: str, start_response: StartResponse) -> Iterable[bytes]:
    content = body.encode()
    headers = [("Content-Type", content_type), ("Content-Length", str(len(content))), ("Cache-Control", "no-store")]
    start_response(f"{status} {responses.get(status, 'Refused')}", headers)
    return [content]
