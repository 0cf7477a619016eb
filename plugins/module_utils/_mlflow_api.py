# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: may change in any release; use only inside this collection.

"""Requests to an MLflow server's REST API: connections that are kept, a pace, and retries. Needs no mlflow package."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
import typing as t
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, urlencode, urlsplit

try:
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.exceptions import HTTPError

    NETWORK_ERRORS: tuple[type[Exception], ...] = (HTTPError, OSError)
except ImportError:
    # urllib3 comes with botocore, and AnsibleAWSModule reports a missing boto3 in words before anything here is used.
    urllib3 = None  # type: ignore[assignment]  # never used then
    HTTPConnection = HTTPSConnection = object  # type: ignore[assignment,misc]  # never used then
    NETWORK_ERRORS = (OSError,)

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._request_pace import Pace

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_endpoint import Endpoint

CONNECTIONS = 32
FIRST_PAUSE, LONGEST_PAUSE = limits.MLFLOW_PAUSES
PASSING = (408, 425, 429, 500, 502, 503, 504)
"""Answers that may be another one next time."""
STREAM_CHUNK = 1 << 20
PAGE_BYTES = 4 << 20
"""How long an answer should be at most: as objects, it takes several times as much memory."""
FASTEST_GROWTH = 4
ONE_AT_A_TIME = ("/runs/search", "/registered-models/search", "/model-versions/search")
"""A worker of MLflow (3.10 to 3.17) that gets its first search of runs and its first request to the registry at the same time answers
the registry's with 500 until it is started anew: each of them imports a part of MLflow that the other one needs whole."""
Answer = t.TypeVar("Answer")


class ApiError(MlflowError):
    """The server refused a request, or gave no answer after every attempt.

    :param status: of HTTP; 0 when there was no answer.
    :param code: MLflow's error code, as in C(RESOURCE_ALREADY_EXISTS).
    """

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class LostAnswer(Exception):  # noqa: N818  # not an error yet: the request may have been carried out
    """Nobody knows whether the server carried the request out."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.status = cause.status if isinstance(cause, ApiError) else 0


def _acknowledge_at_once(sock: t.Any) -> None:
    """A server with several workers sends head and body in two segments and waits for our acknowledgement in between,
    which Linux would delay by 40 ms. The option wears off, so it is set before each answer.
    """
    if sock is not None and hasattr(socket, "TCP_QUICKACK"):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except (OSError, AttributeError):
            return


class _PromptConnection(HTTPConnection):
    def getresponse(self, *arguments: t.Any, **settings: t.Any) -> t.Any:
        _acknowledge_at_once(self.sock)
        return super().getresponse(*arguments, **settings)


class _PromptTlsConnection(HTTPSConnection):
    def getresponse(self, *arguments: t.Any, **settings: t.Any) -> t.Any:
        _acknowledge_at_once(getattr(self.sock, "_sock", self.sock))
        return super().getresponse(*arguments, **settings)


@dataclass
class Traffic:
    """What was sent to one server, for the report."""

    requests: int = 0
    writes: int = 0
    retries: int = 0
    by_path: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, method: str, path: str, is_write: bool) -> None:
        """One request was sent."""
        with self._lock:
            self.requests += 1
            self.writes += is_write
            key = f"{method} {path}"
            self.by_path[key] = self.by_path.get(key, 0) + 1

    def count_retry(self) -> None:
        """One more of them was a repetition."""
        with self._lock:
            self.retries += 1


class MlflowApi:
    """One MLflow server. May be used by many threads."""

    def __init__(
        self, endpoint: Endpoint, pace: Pace | None = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.endpoint = endpoint
        self.pace = pace or Pace()
        self.traffic = Traffic()
        self._sleep = sleep
        self._pool = _pool(endpoint)
        self._base = urlsplit(endpoint.url).path
        self._turn = threading.Lock()

    def get(self, path: str, parameters: Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Read; repeated until there is an answer."""
        return self.send("GET", path, parameters=parameters)

    def search(self, path: str, body: Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Read by POST."""
        return self.send("POST", path, body=body, is_write=False)

    def pages(
        self, path: str, body: Mapping[str, t.Any], by_post: bool = True, first: int = 0
    ) -> Iterator[dict[str, t.Any]]:
        """Every page of a search.

        :param first: how many things the first page has, when nobody knows how large they are: those after it have as many as fit
            into memory, and C(max_results) at most.
        """
        most = int(body.get("max_results", 0))
        size = min(first, most) if first else most
        method, token = "POST" if by_post else "GET", None
        while True:
            wish = {**body, **({"max_results": size} if size else {}), **({"page_token": token} if token else {})}
            question, content = (None, wish) if by_post else (wish, None)
            data = self._repeat(partial(self._once, method, path, question, content, False), method, path, None)
            page = _document(data)
            yield page
            token = page.get("next_page_token")
            if not token:
                return
            if first:
                size = max(1, min(most, size * PAGE_BYTES // len(data), size * FASTEST_GROWTH))

    def send(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, t.Any] | None = None,
        body: Mapping[str, t.Any] | bytes | None = None,
        is_write: bool | None = None,
    ) -> dict[str, t.Any]:
        """A request that does no harm when the server carries it out twice."""
        return _document(self._repeat(lambda: self._once(method, path, parameters, body, is_write), method, path, None))

    def create(
        self, path: str, body: Mapping[str, t.Any], find: Callable[[], dict[str, t.Any] | None]
    ) -> dict[str, t.Any]:
        """A request that must not be carried out twice.

        :param find: what the request would have answered, when an earlier attempt was carried out after all; else None.
        """
        return self._repeat(lambda: _document(self._once("POST", path, None, body, True)), "POST", path, find)

    def _repeat(
        self,
        attempt: Callable[[], Answer],
        method: str,
        path: str,
        find: Callable[[], Answer | None] | None,
    ) -> Answer:
        pause = FIRST_PAUSE
        for number in range(1, limits.MLFLOW_ATTEMPTS + 1):
            try:
                return attempt()
            except LostAnswer as lost:
                if _is_enough(number, lost.status):
                    raise self._gave_up(method, path, lost, number) from lost
                self._rest(pause)
                found = find() if find else None
                if found is not None:
                    return found
            except ApiError as refused:
                # 429 is refused before it is carried out, so even a create may be sent again.
                if refused.status != 429 or _is_enough(number, refused.status):
                    raise
                self._rest(pause)
            self.traffic.count_retry()
            pause = min(pause * 2, LONGEST_PAUSE)
        raise AssertionError("unreachable")

    def _rest(self, pause: float) -> None:
        self._sleep(pause * random.uniform(0.5, 1.0))

    def _gave_up(self, method: str, path: str, lost: LostAnswer, attempts: int) -> ApiError:
        return ApiError(
            f"{self.endpoint.name} gave no good answer to {method} {path} in {attempts} attempts: {lost}. "
            "See whether the server runs and can be reached from here, then repeat the run: it continues where it stopped.",
            lost.status,
            "",
        )

    def _once(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, t.Any] | None,
        body: Mapping[str, t.Any] | bytes | None,
        is_write: bool | None,
    ) -> bytes:
        content = body if body is None or isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        is_write = method != "GET" if is_write is None else is_write
        answer = self.exchange(method, path, parameters, content, {"Content-Type": "application/json"}, is_write)
        return bytes(answer.data)

    def download(self, path: str, parameters: Mapping[str, t.Any] | None = None) -> Iterator[bytes]:
        """A file, a piece at a time. Raises LostAnswer when the connection breaks: then begin anew."""
        answer = self.exchange("GET", path, parameters, stream=True)
        try:
            yield from answer.stream(STREAM_CHUNK)
            answer.release_conn()
        except NETWORK_ERRORS as error:
            raise LostAnswer(error) from error
        finally:
            # A connection with an unread rest would hand it to the next request.
            answer.close()

    def upload(self, path: str, size: int, content: Iterator[bytes]) -> None:
        """A file, a piece at a time. Raises LostAnswer when the connection breaks: then begin anew."""
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        body: t.Any = b"".join(content) if size <= STREAM_CHUNK else content
        self.exchange("PUT", path, content=body, headers=headers, is_write=True)

    def exchange(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, t.Any] | None = None,
        content: t.Any = None,
        headers: Mapping[str, str] | None = None,
        is_write: bool = False,
        stream: bool = False,
    ) -> t.Any:
        """One request, once: urllib3's answer. Raises LostAnswer when it may have been carried out without our knowing."""
        self.pace.wait()
        # A signature wants a space as %20, and servers read that as they read a plus sign.
        query = f"?{urlencode(parameters, doseq=True, quote_via=quote)}" if parameters else ""
        target = f"{self._base}{path}{query}"
        sent = {**self.endpoint.headers, **(headers or {})}
        if self.endpoint.signature is not None:
            origin = self.endpoint.url[: len(self.endpoint.url) - len(self._base)] if self._base else self.endpoint.url
            sent = self.endpoint.signature.headers(method, f"{origin}{target}", sent, content)
        self.traffic.count(method, path, is_write)
        try:
            with self._turn if path.endswith(ONE_AT_A_TIME) else nullcontext():
                answer = self._pool.request(
                    method,
                    target,
                    body=content,
                    headers=sent,
                    retries=False,
                    redirect=False,
                    preload_content=not stream,
                )
        except NETWORK_ERRORS as error:
            raise LostAnswer(error) from error
        if answer.status >= 300:
            raise self._refusal(method, path, answer)
        return answer

    def _refusal(self, method: str, path: str, answer: t.Any) -> Exception:
        text = answer.data.decode("utf-8", "replace")
        answer.release_conn()
        try:
            document = json.loads(text)
        except ValueError:
            document = {}
        code = str(document.get("error_code") or document.get("__type") or "") if isinstance(document, dict) else ""
        message = str(document.get("message") or "") if isinstance(document, dict) else ""
        reason = " ".join((message or text or "no reason given").split())[:500]
        error = ApiError(
            f"{self.endpoint.name} refused {method} {path} with {answer.status} {code}: {reason}", answer.status, code
        )
        if answer.status == 429:
            self.pace.refused()
            return error
        # Two writers of the same new row are told so with 400, and the second of them succeeds the next time.
        is_race = answer.status == 400 and "IntegrityError" in text
        return LostAnswer(error) if answer.status in PASSING or is_race else error


def _document(data: bytes) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", json.loads(data)) if data.strip() else {}


def _is_enough(attempts: int, status: int) -> bool:
    return attempts >= (limits.MLFLOW_ATTEMPTS_AT_500 if status == 500 else limits.MLFLOW_ATTEMPTS)


def _pool(endpoint: Endpoint) -> t.Any:
    parts = urlsplit(endpoint.url)
    settings: dict[str, t.Any] = {
        "maxsize": CONNECTIONS,
        "block": True,
        "timeout": urllib3.Timeout(connect=limits.MLFLOW_CONNECT_TIMEOUT, read=limits.MLFLOW_READ_TIMEOUT),
    }
    if parts.scheme == "http":
        pool: t.Any = urllib3.HTTPConnectionPool(str(parts.hostname), parts.port, **settings)
        pool.ConnectionCls = _PromptConnection
        return pool
    if endpoint.ca_path:
        settings["ca_certs"] = endpoint.ca_path
    settings["cert_reqs"] = "CERT_REQUIRED" if endpoint.validate_certs else "CERT_NONE"
    pool = urllib3.HTTPSConnectionPool(str(parts.hostname), parts.port, **settings)
    pool.ConnectionCls = _PromptTlsConnection
    return pool
