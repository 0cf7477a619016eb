# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request of botocore's as a server hands it to an application, and an answer's body as botocore reads it."""

from __future__ import annotations

import io
import typing as t
from urllib.parse import unquote, urlsplit

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.awsrequest import AWSPreparedRequest


class Body(io.BytesIO):
    """As botocore reads it from urllib3."""

    def stream(self, *_amount: t.Any, **_settings: t.Any) -> Iterator[bytes]:
        """In one piece."""
        yield self.read()


def as_environ(request: AWSPreparedRequest) -> dict[str, t.Any]:
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
