# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server: reads requests, keeps what WSGI would lose, and can hang up."""

from __future__ import annotations

import io
import logging
import socket
import struct
from typing import IO, TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from localaws import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_HANG_UP = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: the peer gets a reset, not an end

_log = logging.getLogger(__name__)


class ConnectionDroppedError(Exception):
    """The connection is to be closed without an answer."""


class IncompleteBodyError(Exception):
    """The body is not as long as the request says, or says it in no way that can be understood."""


class PortBusyError(Exception):
    """Another program has the port."""


class RequestHandler(WSGIRequestHandler):
    """HTTP/1.1 (MLflow's answers are streamed), and header names as they were sent."""

    protocol_version = "HTTP/1.1"
    server_version = f"localaws/{__version__}"
    sys_version = ""

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        # WSGI knows no difference between X-Amz-Meta-a_b and X-Amz-Meta-A-B; S3 does, and moto asks for the names here.
        underscored = [name for name in self.headers if "_" in name and name.lower().startswith("x-amz-meta-")]
        names: dict[str, str] = {}
        for name in underscored:
            key = "HTTP_" + name.upper().replace("-", "_")
            if key not in environ:
                environ[key] = self.headers[name]
                names[key] = name
        if names:
            from moto.core.request import PRESERVED_HEADER_NAMES_ENVIRON_KEY

            environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
        return environ

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        if type == "error":
            _log.error(message, *args)

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:  # noqa: ARG002  # the signature is werkzeug's
        """Really hang up: werkzeug would keep an HTTP/1.1 connection open, and its client waiting."""
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests have a log of their own."""


class Server(ThreadedWSGIServer):
    """One thread a connection."""

    request_queue_size = 256

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # werkzeug's name
        if type == "error":
            _log.error(message, *args)


def listen(port: int) -> socket.socket:
    """A socket on the port (0: any free one), of this machine only."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        listener.close()
        raise PortBusyError(f"port {port} of 127.0.0.1 cannot be used: {error.strerror}") from error
    listener.listen(Server.request_queue_size)
    return listener


def serve_on(listener: socket.socket, application: WSGIApplication) -> Server:
    """A server on a listening socket."""
    host, port = listener.getsockname()
    return Server(host, port, application, handler=RequestHandler, fd=listener.fileno())


def read_body(environ: dict[str, Any]) -> bytes:
    """The whole body, whichever way its length was told; whoever reads it later finds it complete."""
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or "0"
    try:
        # A client that breaks off must not leave half an object behind: not every upload has a hash in its signature.
        body = stream.read() if environ.get("wsgi.input_terminated") else _exactly(stream, int(length))
    except (OSError, ValueError) as error:
        raise IncompleteBodyError from error
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    return bytes(body)


def _exactly(stream: IO[bytes], length: int) -> bytes:
    body = stream.read(max(length, 0))
    if len(body) != length:
        raise ValueError(f"{len(body)} bytes of {length}")
    return body


def drop(environ: dict[str, Any]) -> Iterable[bytes]:
    """Hang up on the client. The server closes the socket when it hears of the error."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HANG_UP)
    raise ConnectionResetError("dropped by a fault rule")
