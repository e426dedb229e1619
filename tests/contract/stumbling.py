"""A real HTTP proxy that stumbles over requests: some never arrive, of others only the answer is lost or spoilt."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import urlsplit

REFUSED = {"429 before": 429, "500 before": 500, "503 before": 503}  # the request is not passed on
SPOILT = {"500 after": 500, "502 after": 502, "504 after": 504}  # it is carried out, and answered so all the same
BROKEN = ("reset before", "dropped after", "truncated after", "no JSON after")
FAULTS = (*REFUSED, *SPOILT, *BROKEN)
HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}


@dataclass
class Stumbling:
    """What the proxy does.

    Args:
        which: (number of the request from 0, method, path) → the fault, or None to pass it on unharmed.
        retry_after: header of 429 and 503.
    """

    which: Callable[[int, str, str], str | None] = lambda *_: None
    retry_after: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def fault(self, method: str, path: str) -> str | None:
        with self.lock:
            self.seen.append((method, path))
            return self.which(len(self.seen) - 1, method, path)

    def only(self, number: int, fault: str) -> None:
        """Start to count anew, and stumble over one request."""
        self.seen.clear()
        self.which = lambda n, *_: fault if n == number else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: str
    stumbling: Stumbling

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.stumbling.fault(self.command, self.path)
        if fault in REFUSED:
            self.say(REFUSED[fault], [("Retry-After", self.stumbling.retry_after)], b"busy")
        elif fault == "reset before":
            self.hang_up()
        else:
            self.spoil(fault, *forward(self.upstream, self, body))

    def spoil(self, fault: str | None, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        if fault == "dropped after":
            self.hang_up()
        elif fault in SPOILT:
            self.say(SPOILT[fault], [], b"<html>Bad Gateway</html>")
        elif fault == "no JSON after":
            self.say(200, [("Content-Type", "text/html")], b"<html>We will be back soon</html>")
        else:
            self.say(status, headers, content, cut=fault == "truncated after")

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def say(self, status: int, headers: list[tuple[str, str]], content: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if value:
                self.send_header(name, value)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection |= cut

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = do_PATCH = pass_on  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        """Say nothing."""


@contextmanager
def stumbling_proxy(upstream: str) -> Iterator[tuple[str, Stumbling]]:
    stumbling = Stumbling()
    handler = type("Here", (Handler,), {"upstream": upstream, "stumbling": stumbling})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", stumbling
    finally:
        server.shutdown()
        server.server_close()


def forward(upstream: str, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    address = urlsplit(upstream)
    connection = HTTPConnection(address.hostname or "", address.port or 0, timeout=60)
    try:
        connection.request(request.command, request.path, body, dict(request.headers.items()))
        answer = connection.getresponse()
        kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in HOP_BY_HOP]
        return answer.status, kept, answer.read()
    finally:
        connection.close()
