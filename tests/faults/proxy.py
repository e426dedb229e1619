"""A proxy before one server that misbehaves on request, as networks and servers do, and tells what passes.

Knows HTTP. What goes wrong, and when, is decided by whoever hands in the judge.
"""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}
)
READS = frozenset({"GET", "HEAD", "OPTIONS"})
SEARCHES = ("/search", "/get", "/search-objects")  # MLflow asks some of its questions by POST
PATIENCE = 120.0  # seconds for the server behind
RETRY_AFTER = "1"  # seconds that a 429 asks for


class Kind(StrEnum):
    """What can go wrong with one request."""

    DELAY = "delay"
    RESET = "reset"  # before the server hears of it
    TRUNCATE = "truncate"  # the answer ends early
    TOO_MANY = "429"
    ERROR = "500"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    COMMIT_THEN_DROP = "commit, then drop"
    COMMIT_THEN_502 = "commit, then 502"


REFUSED = {Kind.TOO_MANY: 429, Kind.ERROR: 500, Kind.BAD_GATEWAY: 502, Kind.UNAVAILABLE: 503}


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request; `seconds` is the length of a delay."""

    kind: Kind
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the proxy sees it: which server, the how manyth (from 0), and what it asks."""

    service: str
    number: int
    method: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether it may change something on the server."""
        return self.method not in READS and not self.path.endswith(SEARCHES)


class Watcher:
    """What a proxy tells, and asks. Called from the threads of all connections.

    This one lets everything pass.
    """

    def before(self, request: Request) -> Fault | None:  # noqa: ARG002
        """Before a request is passed on: what goes wrong with it."""
        return None

    def after(self, request: Request) -> None:
        """After the server has answered, before the answer goes back."""

    def aim(self, kill: Callable[[], None]) -> None:
        """A night has begun; this ends it at once."""

    def rest(self) -> None:
        """That night is over."""


class Proxy:
    """A running proxy: where it listens, and how many requests it has seen.

    Args:
        service: what to call the server behind.
        upstream: its URL.
        watcher: decides; may be exchanged at any time.
    """

    def __init__(self, service: str, upstream: str, watcher: Watcher) -> None:
        self.service, self.upstream, self.watcher, self.requests = service, urlsplit(upstream), watcher, 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def count(self, method: str, path: str) -> Request:
        """The next request."""
        with self._lock:
            self.requests += 1
            return Request(self.service, self.requests - 1, method, path.partition("?")[0])

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Serve inside `with`."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients are killed here on purpose: a broken connection is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # the whole answer in one piece

    def answer(self) -> None:
        body = _body(self)
        request = self.server.proxy.count(self.command, self.path)
        fault = self.server.proxy.watcher.before(request)
        if fault is not None and fault.kind is Kind.DELAY:
            time.sleep(fault.seconds)
        elif fault is not None and fault.kind in REFUSED:
            self.refuse(REFUSED[fault.kind])
            return
        elif fault is not None and fault.kind is Kind.RESET:
            self.reset()
            return
        self.pass_on(request, body, fault.kind if fault else None)

    def pass_on(self, request: Request, body: bytes, kind: Kind | None) -> None:
        try:
            status, headers, content = _forward(self.server.proxy, self, body)
        except (OSError, HTTPException):
            self.refuse(502)
            return
        self.server.proxy.watcher.after(request)
        if kind is Kind.COMMIT_THEN_DROP:
            self.reset()
        elif kind is Kind.COMMIT_THEN_502:
            self.refuse(502)
        else:
            self.reply(status, headers, content, cut=kind is Kind.TRUNCATE)

    def reply(self, status: int, headers: list[tuple[str, str]], content: bytes, *, cut: bool) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = self.close_connection or cut
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.wfile.flush()

    def refuse(self, status: int) -> None:
        content = b"the proxy refuses this one\n"
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(content)))]
        later = [("Retry-After", RETRY_AFTER)] if status == 429 else []
        self.reply(status, headers + later, b"" if self.command == "HEAD" else content, cut=False)

    def reset(self) -> None:
        """Drop the connection as a dying server does: what lies in the buffers is lost."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _body(request: BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    chunks = []
    while size := int(request.rfile.readline().split(b";")[0], 16):
        chunks.append(request.rfile.read(size))
        request.rfile.readline()
    while request.rfile.readline().strip():
        pass
    return b"".join(chunks)


def _forward(proxy: Proxy, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    """Pass a request on with its own Host header, which S3's signature covers."""
    connection = HTTPConnection(proxy.upstream.hostname or "", proxy.upstream.port or 80, timeout=PATIENCE)
    try:
        connection.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() not in HOP_BY_HOP | {"expect", "content-length"}:
                connection.putheader(name, value)
        if body or request.command not in READS:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        content = answer.read()
        kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP]
    finally:
        connection.close()
    if not any(name.lower() == "content-length" for name, _ in kept):
        kept.append(("Content-Length", str(len(content))))
    return answer.status, kept, content
