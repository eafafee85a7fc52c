"""A threaded HTTP/1.1 server with keep-alive, small and quick; for loopback only."""

import contextlib
import io
import socket
import socketserver
import struct
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

MAX_LINE = 65_536
MAX_HEADERS = 200
MAX_BODY = 256 * 1024 * 1024
IDLE_SECONDS = 120.0


class WsgiApp(Protocol):
    """Anything callable as WSGI."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""


class BadRequestError(Exception):
    """What came in is no HTTP."""


class Server(socketserver.ThreadingTCPServer):
    """Serves a WSGI application on an address; port 0 takes a free one."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, app: WsgiApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self.app = app
        super().__init__((host, port), Handler)

    @property
    def url(self) -> str:
        """Its root, with a closing slash."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"

    def start(self) -> "Server":
        """Serve from a thread of its own until :meth:`stop`."""
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()


class Handler(socketserver.StreamRequestHandler):
    """One connection: requests one after the other until somebody closes."""

    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: Server

    def handle(self) -> None:
        """Serve requests until the connection ends."""
        with contextlib.suppress(TimeoutError, BrokenPipeError, ConnectionError):
            while self._one():
                pass

    def _one(self) -> bool:
        try:
            environ = self._read()
        except BadRequestError as error:
            self._write(400, [("Connection", "close")], str(error).encode())
            return False
        if environ is None:
            return False
        return self._answer(environ)

    def _answer(self, environ: dict[str, Any]) -> bool:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started[:] = [int(status.split(" ", 1)[0]), headers]

        try:
            chunks = self.server.app(environ, start_response)
        except ConnectionResetError:
            self._reset()
            return False
        except TimeoutError as silence:
            time.sleep(float(str(silence)))
            self._reset()
            return False
        except Exception:  # noqa: BLE001 - one broken answer must not end the connection's thread
            traceback.print_exc()
            self._write(500, [("Connection", "close")], b"The sandbox has a bug; see its log.")
            return False
        status, headers = started
        if isinstance(chunks, list):
            self._write(status, headers, b"".join(chunks), head=environ["REQUEST_METHOD"] == "HEAD")
        else:
            self._stream(status, headers, chunks)
        asked: str = environ.get("HTTP_CONNECTION", "").lower()
        return (
            asked == "keep-alive" if environ["SERVER_PROTOCOL"] == "HTTP/1.0" else asked != "close"
        )

    def _read(self) -> dict[str, Any] | None:
        line = self.rfile.readline(MAX_LINE + 1)
        if not line.strip():
            return None
        try:
            verb, target, version = line.decode("latin-1").split()
        except ValueError:
            raise BadRequestError("malformed request line") from None
        if not version.startswith("HTTP/1."):
            raise BadRequestError("HTTP/1.1 is spoken here")
        headers = self._headers()
        if headers.get("HTTP_EXPECT", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._body(headers)
        path, _, query = target.partition("?")
        host, port = self.server.server_address[:2]
        return {
            **headers,
            "REQUEST_METHOD": verb,
            "RAW_URI": target,
            "QUERY_STRING": query,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "SERVER_NAME": str(host),
            "SERVER_PORT": str(port),
            "SERVER_PROTOCOL": version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(body)),
        }

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for _ in range(MAX_HEADERS):
            line = self.rfile.readline(MAX_LINE + 1)
            if line in {b"\r\n", b"\n", b""}:
                break
            name, colon, value = line.decode("latin-1").partition(":")
            if not colon or len(line) > MAX_LINE:
                raise BadRequestError("malformed header")
            key = name.strip().upper().replace("-", "_")
            key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
            found[key] = f"{found[key]},{value.strip()}" if key in found else value.strip()
        else:
            raise BadRequestError("too many headers")
        return found

    def _body(self, headers: dict[str, str]) -> bytes:
        if "chunked" in headers.pop("HTTP_TRANSFER_ENCODING", "").lower():
            return self._chunked()
        size = headers.get("CONTENT_LENGTH", "0")
        if not size.isdigit() or int(size) > MAX_BODY:
            raise BadRequestError("wrong Content-Length")
        return self.rfile.read(int(size))

    def _chunked(self) -> bytes:
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(MAX_LINE).split(b";")[0], 16)
            except ValueError:
                raise BadRequestError("malformed chunk") from None
            if not 0 <= size <= MAX_BODY - len(body):
                raise BadRequestError("body too large")
            body += self.rfile.read(size)
            self.rfile.readline(MAX_LINE)
            if size == 0:
                return bytes(body)

    def _write(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, head: bool = False
    ) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers if name.lower() != "content-length"]
        if status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(body)}")
        start = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        self.wfile.write(start + (b"" if head or status == HTTPStatus.NO_CONTENT else body))

    def _stream(self, status: int, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))
        for chunk in chunks:
            self.wfile.write(chunk)
            self.wfile.flush()

    def _reset(self) -> None:
        """Close without a word: the other side sees the connection reset."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
