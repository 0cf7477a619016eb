# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passes one request on to an MLflow server and streams its answer back."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import StartResponse

    Address = tuple[str, int]

CHUNK_BYTES: Final = 64 * 1024
ANSWER_SECONDS: Final = 300.0  # MLflow's searches over many runs are slow; the client's own limit is 120

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# MLflow refuses foreign host names and must learn neither signatures nor sessions.
KEPT_BACK: Final = HOP_BY_HOP | {"host", "authorization", "cookie", "content-length", "expect"}


def request_headers(environ: dict[str, Any], address: Address) -> dict[str, str]:
    """What MLflow gets to see of the request's headers."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    }
    passed = {name: value for name, value in headers.items() if name not in KEPT_BACK and not name.startswith("x-amz-")}
    if environ.get("CONTENT_TYPE"):
        passed["content-type"] = environ["CONTENT_TYPE"]
    return {**passed, "host": f"{address[0]}:{address[1]}"}


def answer_headers(received: list[tuple[str, str]], address: Address, mount: str) -> list[tuple[str, str]]:
    """What the client gets to see of the answer's headers. MLflow does not know where it is mounted: a redirect must stay there."""
    own = f"http://{address[0]}:{address[1]}"
    headers = [(name, value) for name, value in received if name.lower() not in HOP_BY_HOP]
    return [
        (name, mount + value.removeprefix(own))
        if name.lower() == "location" and value.startswith(own)
        else (name, value)
        for name, value in headers
    ]


def forward(
    address: Address, mount: str, target: str, environ: dict[str, Any], body: bytes, start_response: StartResponse
) -> Iterator[bytes]:
    """Send the request and return the answer's body as it arrives; OSError when there is nobody to answer."""
    connection = http.client.HTTPConnection(*address, timeout=ANSWER_SECONDS)
    try:
        connection.request(environ["REQUEST_METHOD"], target, body or None, request_headers(environ, address))
        answer = connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise OSError(str(error)) from error
    start_response(f"{answer.status} {answer.reason}", answer_headers(answer.getheaders(), address, mount))
    return _stream(connection, answer)


def _stream(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while chunk := answer.read1(CHUNK_BYTES):
            yield chunk
    finally:
        connection.close()
