# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests to MLflow: what passes is repeated, what may have been carried out is looked up first, what is refused is told."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _limits as limits
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils import _mlflow_endpoint as endpoints
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._errors import MlflowError
from ansible_collections.mlops.sagemaker_mlflow.plugins.module_utils._mlflow_api import (
    PAGE_BYTES,
    ApiError,
    LostAnswer,
    MlflowApi,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOST = "lost"
SERVER_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/models"
APP_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-ABCDEFGHIJKL"


class Scripted:
    """A server that answers as it is told, in turn, and then well."""

    def __init__(self) -> None:
        self.script: list[int | str | tuple[int, str]] = []
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = ""
        self.awaited, self.seconds = 1, 0.0
        self.most_at_once = self._present = 0
        self._arrived = threading.Condition()

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """As long as a request takes: until so many have been there together, or its time is over."""
        with self._arrived:
            self._present += 1
            self.most_at_once = max(self.most_at_once, self._present)
            self._arrived.notify_all()
            self._arrived.wait_for(lambda: self.most_at_once >= self.awaited, self.seconds)
        yield
        with self._arrived:
            self._present -= 1

    def answer(self) -> int | str | tuple[int, str]:
        return self.script.pop(0) if self.script else 200


@pytest.fixture(scope="module")
def _server() -> Iterator[Scripted]:
    scripted = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002  # the name that it has there
            return

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            scripted.requests.append((self.command, self.path, dict(self.headers.items()), body))
            with scripted.busy():
                answer = scripted.answer()
            if answer == LOST:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, text = answer if isinstance(answer, tuple) else (int(answer), '{"ok": 1}')
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_PUT = _serve  # noqa: N815  # the names that http.server calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    scripted.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield scripted
    server.shutdown()
    server.server_close()


@pytest.fixture
def server(_server: Scripted) -> Scripted:
    _server.script, _server.requests = [], []
    _server.awaited, _server.seconds, _server.most_at_once = 1, 0.0, 0
    return _server


def api(server: Scripted, **access: t.Any) -> MlflowApi:
    return MlflowApi(endpoints.endpoint_of_url("target.uri", server.url, access), sleep=lambda _seconds: None)


@pytest.mark.parametrize(
    "fault", [429, 500, 502, 503, 504, LOST, (400, "(sqlite3.IntegrityError) UNIQUE constraint failed")]
)
def test_what_may_pass_is_repeated(server: Scripted, fault: t.Any) -> None:
    server.script = [fault, fault]
    mlflow = api(server)
    assert mlflow.send("POST", "/api/x", body={"a": 1}) == {"ok": 1}
    assert (len(server.requests), mlflow.traffic.retries) == (3, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_what_is_refused_is_told_at_once(server: Scripted, status: int) -> None:
    server.script = [(status, json.dumps({"error_code": "BAD", "message": "no such thing"}))]
    with pytest.raises(ApiError, match=f"refused POST /api/x with {status} BAD: no such thing") as failure:
        api(server).send("POST", "/api/x", body={})
    assert (failure.value.status, failure.value.code, len(server.requests)) == (status, "BAD", 1)


@pytest.mark.parametrize(
    ("fault", "attempts"),
    [(500, limits.MLFLOW_ATTEMPTS_AT_500), (503, limits.MLFLOW_ATTEMPTS), (LOST, limits.MLFLOW_ATTEMPTS)],
)
def test_repeating_ends(server: Scripted, fault: t.Any, attempts: int) -> None:
    server.script = [fault] * 50
    with pytest.raises(ApiError, match=f"in {attempts} attempts: .* continues where it stopped"):
        api(server).get("/api/x")
    assert len(server.requests) == attempts


@pytest.mark.parametrize("fault", [500, LOST])
def test_a_create_that_was_carried_out_is_not_sent_again(server: Scripted, fault: t.Any) -> None:
    server.script = [fault]
    assert api(server).create("/api/runs/create", {}, lambda: {"run": "found"}) == {"run": "found"}
    assert len(server.requests) == 1


def test_a_create_that_was_not_carried_out_is_sent_again(server: Scripted) -> None:
    server.script = [500]
    asked: list[bool] = []
    assert api(server).create("/api/runs/create", {}, lambda: asked.append(True)) == {"ok": 1}
    assert (len(server.requests), asked) == (2, [True])


def test_a_create_that_was_refused_as_too_fast_needs_no_search(server: Scripted) -> None:
    server.script = [429]
    mlflow = api(server)
    assert mlflow.create("/api/runs/create", {}, lambda: pytest.fail("looked for what cannot be there")) == {"ok": 1}
    assert mlflow.pace.refusals == 1


def test_a_download_that_breaks_off_says_so(server: Scripted) -> None:
    server.script = [LOST]
    with pytest.raises(LostAnswer):
        b"".join(api(server).download("/file"))


def test_pages_are_read_to_the_end(server: Scripted) -> None:
    server.script = [(200, '{"runs": [1], "next_page_token": "t"}'), (200, '{"runs": [2]}')]
    assert [page["runs"] for page in api(server).pages("/search", {"max_results": 1})] == [[1], [2]]
    assert json.loads(server.requests[1][3]) == {"max_results": 1, "page_token": "t"}


@pytest.mark.parametrize(
    ("sizes", "asked"),
    [
        pytest.param([100, 100, 100, 100], [10, 40, 100, 100], id="small things"),
        pytest.param([PAGE_BYTES] * 3, [10, 10, 10], id="as many as fit"),
        pytest.param([2 * PAGE_BYTES, 2 * PAGE_BYTES, 100, 100], [10, 5, 2, 8], id="large things, then small ones"),
        pytest.param([20 * PAGE_BYTES, 3 * PAGE_BYTES], [10, 1], id="one that is larger than a page should be"),
    ],
)
def test_pages_have_as_many_things_as_fit_into_memory(
    server: Scripted, sizes: Sequence[int], asked: Sequence[int]
) -> None:
    answers = [json.dumps({"models": [], "next_page_token": str(number)}) for number in range(len(sizes) - 1)]
    server.script = [(200, text.ljust(size)) for text, size in zip([*answers, "{}"], sizes, strict=True)]
    assert len(list(api(server).pages("/search", {"max_results": 100}, first=10))) == len(sizes)
    assert [json.loads(each[3])["max_results"] for each in server.requests] == list(asked)


@pytest.mark.parametrize(
    ("paths", "most", "seconds"),
    [
        (("runs/search", "registered-models/search", "model-versions/search"), 1, 0.3),
        (("runs/get", "registered-models/get", "model-versions/get"), 3, 10.0),
    ],
)
def test_searches_that_break_a_new_server_together_come_one_at_a_time(
    server: Scripted, paths: tuple[str, ...], most: int, seconds: float
) -> None:
    server.awaited, server.seconds = len(paths), seconds
    mlflow = api(server)
    with ThreadPoolExecutor(len(paths)) as pool:
        list(pool.map(lambda path: mlflow.get(f"/api/2.0/mlflow/{path}"), paths))
    assert server.most_at_once == most


@pytest.mark.parametrize(
    ("access", "header", "value"),
    [
        ({"username": "me", "password": "pä"}, "Authorization", f"Basic {base64.b64encode('me:pä'.encode()).decode()}"),
        ({"token": "t0ken"}, "Authorization", "Bearer t0ken"),
        ({"headers": {"X-Team": "vision"}}, "X-Team", "vision"),
    ],
)
def test_access_to_a_plain_server(server: Scripted, access: dict[str, t.Any], header: str, value: str) -> None:
    api(server, **access).get("/api/x")
    assert server.requests[0][2][header] == value


def test_secrets_are_not_shown() -> None:
    endpoint = endpoints.endpoint_of_url("source.uri", "https://me:s3cret@example.com/mlflow/", {"token": None})
    assert endpoint.url == "https://example.com/mlflow"
    assert "s3cret" not in repr(endpoint) and base64.b64encode(b"me:s3cret").decode() not in repr(endpoint)


@pytest.mark.parametrize(
    ("uri", "access", "message"),
    [
        ("mlflow.example.com", {}, "source.uri: 'mlflow.example.com' is not the URL"),
        ("ftp://me:s3cret@example.com", {}, "source.uri: 'ftp://example.com' is not the URL"),
        ("https://example.com/?x=1", {}, "has a query or fragment"),
        ("https://example.com", {"username": "me", "token": "t"}, "give either username and password, or token"),
    ],
)
def test_bad_access_is_refused(uri: str, access: dict[str, t.Any], message: str) -> None:
    with pytest.raises(MlflowError) as failure:
        endpoints.endpoint_of_url("source.uri", uri, access)
    assert message in failure.value.message
    assert "s3cret" not in failure.value.message


@pytest.mark.parametrize(
    ("arn", "url", "header", "service"),
    [
        (
            SERVER_ARN,
            "https://eu-west-1.experiments.sagemaker.aws",
            "x-mlflow-sm-tracking-server-arn",
            "sagemaker-mlflow",
        ),
        (APP_ARN, "https://mlflow.sagemaker.eu-west-1.app.aws", "x-sm-mlflow-app-arn", "sagemaker"),
    ],
)
def test_a_managed_server_by_its_arn(arn: str, url: str, header: str, service: str) -> None:
    credentials = Credentials("AKIDEXAMPLE", "secret", "token")
    endpoint = endpoints.endpoint_of_arn("target.uri", arn, credentials, {})
    assert (endpoint.url, dict(endpoint.headers), endpoint.is_managed) == (url, {header: arn}, True)
    assert endpoint.signature is not None
    sent = endpoint.signature.headers("GET", f"{url}/api/x?a=b%20c", endpoint.headers, None)
    signer = SigV4Auth(credentials, service, "eu-west-1")
    canonical = signer.canonical_request(
        AWSRequest("GET", f"{url}/api/x?a=b%20c", headers=_without_signature(sent), data=b"")
    )
    request = AWSRequest("GET", url)
    request.context["timestamp"] = sent["X-Amz-Date"]
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert sent["Authorization"].endswith(f"Signature={signature}")
    assert f"/eu-west-1/{service}/aws4_request" in sent["Authorization"]


def _without_signature(headers: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key != "Authorization"}


def test_a_custom_endpoint_is_used_as_by_aws_own_client() -> None:
    variables = {endpoints.CUSTOM_ENDPOINT: "http://127.0.0.1:5566/"}
    endpoint = endpoints.endpoint_of_arn("target.uri", SERVER_ARN, Credentials("A", "B"), variables)
    assert endpoint.url == "http://127.0.0.1:5566"
