# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The administrator's interface below ``/_localaws/``: what no AWS has and every test wants."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from localaws import __version__
from localaws.faults import InvalidFaultError
from localaws.protocol_errors import Answer
from localaws.settings import InvalidSettingError, client_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localaws.assembly import Assembly

    Environ = Mapping[str, Any]

PREFIX = "/_localaws/"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class BadRequestError(Exception):
    """The administrator asked for something that there is not."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Admin:
    """Answers administrators."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._handlers: dict[tuple[str, str], Callable[[Any, dict[str, list[str]]], object]] = {
            ("GET", "config"): lambda _body, _query: self._settings.as_json(),
            ("POST", "config"): self._change_settings,
            ("GET", "faults"): lambda _body, _query: assembly.instance.faults.as_json(),
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda _body, _query: assembly.instance.faults.clear(),
            ("GET", "log"): self._log,
            ("DELETE", "log"): lambda _body, _query: assembly.instance.request_log.clear(),
            ("POST", "save"): lambda _body, _query: assembly.save(),
            ("POST", "reset"): lambda _body, _query: assembly.reset(),
            ("GET", "clock"): lambda _body, _query: self._time(),
            ("POST", "clock"): self._move_clock,
            ("GET", "schedules"): lambda _body, _query: assembly.invoker.view(),
            ("GET", "env"): lambda _body, _query: client_environment(self._settings),
        }

    @property
    def _settings(self) -> Any:
        return self._assembly.instance.settings

    def answer(self, environ: Environ, body: bytes) -> Answer:
        """Answer one request."""
        try:
            _refuse_strangers(environ)
            found = self._handle(environ, body)
        except (BadRequestError, InvalidSettingError, InvalidFaultError) as error:
            return _json({"error": str(error)}, getattr(error, "status", 400))
        return found if isinstance(found, Answer) else _json(found)

    def _handle(self, environ: Environ, body: bytes) -> object:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"][len(PREFIX) :].strip("/")
        if (method, path) == ("GET", "health"):
            health = self._assembly.health()
            return _json(health, 500 if health["status"] == "failed" else 200)
        handler = self._handlers.get((method, path))
        if handler is None:
            known = sorted({f"{name} {PREFIX}{each}" for name, each in self._handlers})
            raise BadRequestError(f"there is no {method} {PREFIX}{path}; there is: {', '.join(known)}", 404)
        self._assembly.wait_until_ready()
        return handler(_parsed(body), parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True))

    def _change_settings(self, body: Any, _query: object) -> object:
        if not isinstance(body, dict):
            raise BadRequestError("the body must be an object of settings")
        self._settings.change(body)
        if "rate_limits" in body:
            # A new limit begins with all that it allows at once.
            self._assembly.instance.rate_limits.clear()
        self._assembly.instance.changes.mark()
        return self._settings.as_json()

    def _add_faults(self, body: Any, _query: object) -> object:
        rules = [body] if isinstance(body, dict) else body
        if not isinstance(rules, list):
            raise BadRequestError("the body must be a list of faults")
        self._assembly.instance.faults.add(rules)
        return self._assembly.instance.faults.as_json()

    def _log(self, _body: object, query: dict[str, list[str]]) -> object:
        log = self._assembly.instance.request_log
        return log.count() if "count" in query else log.entries()

    def _move_clock(self, body: Any, _query: object) -> object:
        seconds = body.get("advance") if isinstance(body, dict) else None
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
            raise BadRequestError('the body must be {"advance": seconds}, a number >= 0')
        self._assembly.invoker.advance(float(seconds))
        self._assembly.instance.changes.mark()
        return self._time()

    def _time(self) -> dict[str, object]:
        clock = self._assembly.instance.clock
        return {"now": clock.now().isoformat(), "offset": clock.offset}


def _parsed(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise BadRequestError(f"the body is not JSON: {error}") from error


def _refuse_strangers(environ: Environ) -> None:
    """A web page in the user's browser can send requests here too: refuse what one would send."""
    host = str(environ.get("HTTP_HOST", "")).rsplit(":", 1)[0]
    own_origin = f"http://{environ.get('HTTP_HOST', '')}"
    if host not in _LOOPBACK or environ.get("HTTP_ORIGIN", own_origin) != own_origin:
        raise BadRequestError("the administrator's interface is for programs on this machine", 403)


def _json(value: object, status: int = 200) -> Answer:
    body = json.dumps({"status": "ok"} if value is None else value, indent=1).encode() + b"\n"
    return Answer(status, body, [("Content-Type", "application/json"), ("Cache-Control", "no-store")])


def index(environ: Environ) -> Answer | None:
    """What a person sees who opens the endpoint in a browser; None for every program."""
    if environ["PATH_INFO"] == "/favicon.ico":
        return Answer(404, b"", [])
    wants_page = environ["REQUEST_METHOD"] == "GET" and "text/html" in environ.get("HTTP_ACCEPT", "")
    if not wants_page or environ["PATH_INFO"] != "/" or environ.get("QUERY_STRING"):
        return None
    links = "".join(
        f'<li><a href="{PREFIX}{each}">{PREFIX}{each}</a></li>' for each in ("health", "log", "config", "env")
    )
    page = (
        f"<!doctype html><title>Local AWS</title><h1>Local AWS {__version__}</h1>"
        f"<p>This is an endpoint for AWS clients, not a page. It administers itself here:</p><ul>{links}</ul>"
    )
    return Answer(200, page.encode(), [("Content-Type", "text/html; charset=utf-8")])
