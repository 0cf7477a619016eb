# Copyright (c) 2026 The mlops.sagemaker_mlflow contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server: reads requests, keeps what WSGI would lose, and can hang up."""

from __future__ import annotations

import io
import itertools
import logging
import socket
import struct
import time
from typing import IO, TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from localaws import __version__
from localaws.distance import ARRIVED, CONNECTION

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_HANG_UP = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds: the peer gets a reset, not an end
_TLS_HANDSHAKE = b"\x16"  # how a client begins that wants TLS; no method of HTTP begins so
_BUFFER_BYTES = 64 * 1024

_log = logging.getLogger(__name__)


class ConnectionDroppedError(Exception):
    """The connection is to be closed without an answer."""


class IncompleteBodyError(Exception):
    """The body is not as long as the request says, or says it in no way that can be understood."""


class PortBusyError(Exception):
    """Another program has the port."""


class RequestHandler(WSGIRequestHandler):
    """HTTP/1.1 (MLflow's answers are streamed, and connections are kept as AWS keeps them), and header names as they were sent."""

    protocol_version = "HTTP/1.1"
    server_version = f"localaws/{__version__}"
    sys_version = ""
    server: Server
    # An answer leaves in one piece and at once: on a kept connection, Nagle's algorithm would wait for the client's acknowledgement.
    wbufsize = _BUFFER_BYTES
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._number = next(self.server.connection_numbers)

    def run_wsgi(self) -> None:
        """Answer one request. werkzeug's own would close the connection after each."""
        if self.headers.get("Expect", "").lower().strip() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        environ = self.make_environ()
        response = Response(self)
        try:
            response.send(self.server.app(environ, response.start))
        except (ConnectionError, TimeoutError) as error:
            self.connection_dropped(error, environ)
        except Exception:
            _log.exception("%s %s failed", self.command, self.path)
            self.close_connection = True
            if not response.begun:
                self.send_error(500)

    def make_environ(self) -> dict[str, Any]:
        environ = super().make_environ()
        environ[ARRIVED], environ[CONNECTION] = time.monotonic(), self._number
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


class Response:
    """One answer on its way to the client."""

    def __init__(self, handler: RequestHandler) -> None:
        self._handler = handler
        self._started: tuple[str, list[tuple[str, str]]] | None = None
        self._chunked = False
        self.begun = False

    def start(self, status: str, headers: list[tuple[str, str]], _error: Any = None, /) -> Callable[[bytes], object]:
        """WSGI's start_response."""
        self._started = (status, headers)
        return self._write

    def send(self, chunks: Iterable[bytes]) -> None:
        """Send what the application answers, as it comes."""
        try:
            for chunk in chunks:
                self._write(chunk)
            self._begin()
            if self._chunked:
                self._handler.wfile.write(b"0\r\n\r\n")
            self._handler.wfile.flush()
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    def _write(self, chunk: bytes) -> None:
        self._begin()
        if chunk:
            self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked else chunk)
            if self._chunked:
                self._handler.wfile.flush()

    def _begin(self) -> None:
        if self.begun:
            return
        if self._started is None:
            raise RuntimeError("the application answered without start_response")
        self.begun = True
        handler, (status, headers) = self._handler, self._started
        code, _space, phrase = status.partition(" ")
        handler.send_response(int(code), phrase)
        for name, value in headers:
            handler.send_header(name, value)
        names = {name.lower() for name, _value in headers}
        is_empty = handler.command == "HEAD" or int(code) in (204, 304)
        if "content-length" not in names and not is_empty:
            self._chunked = handler.request_version == "HTTP/1.1"
            if self._chunked:
                handler.send_header("Transfer-Encoding", "chunked")
            else:
                handler.close_connection = True
        if handler.close_connection and "connection" not in names:
            handler.send_header("Connection", "close")
        handler.end_headers()


class Server(ThreadedWSGIServer):
    """One thread a connection."""

    request_queue_size = 256
    tls: ssl.SSLContext | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        self.connection_numbers = itertools.count(1)
        super().__init__(*arguments, **named)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, in its thread: in TLS when that is how the client begins, so administrators need none."""
        if self.tls is None or request.recv(1, socket.MSG_PEEK) != _TLS_HANDSHAKE:
            super().finish_request(request, client_address)
            return
        try:
            secured = self.tls.wrap_socket(request, server_side=True)
        except OSError as error:
            _log.info("a client gave up TLS: %s", error)
            return
        with secured:
            super().finish_request(secured, client_address)

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


def serve_on(listener: socket.socket, application: WSGIApplication, tls: ssl.SSLContext | None = None) -> Server:
    """A server on a listening socket, which speaks TLS with clients that ask for it when it is given how."""
    host, port = listener.getsockname()
    server = Server(host, port, application, handler=RequestHandler, fd=listener.fileno())
    server.tls = tls
    return server


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
