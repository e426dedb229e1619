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
from http import HTTPStatus
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
BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
Headers = tuple[tuple[str, str], ...]


class End(StrEnum):
    """How an answer ends."""

    WHOLE = "whole"
    CUT = "cut"  # half of its body
    DROPPED = "dropped"  # before its first byte


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says, or is said to say."""

    status: int
    headers: Headers = ()
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request and to its answer.

    Args:
        kind: what it is called.
        seconds: to wait before it is passed on.
        arrives: whether the server hears of it.
        answer: what the client is told; left out, what the server says.
        end: of the answer.
    """

    kind: str
    seconds: float = 0.0
    arrives: bool = True
    answer: Answer | None = None
    end: End = End.WHOLE


HARMLESS = Fault("none")
BAD_GATEWAY = Answer(502, (("Content-Type", "text/plain"),), b"the server behind does not answer\n")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the proxy sees it: which server, the how manyth (from 0), and what it asks."""

    service: str
    number: int
    method: str
    path: str
    query: str = ""

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

    def sent(self, request: Request, headers: Headers) -> Headers:  # noqa: ARG002
        """The headers with which it is passed on."""
        return headers

    def after(self, request: Request) -> None:
        """After the server has answered, before the answer goes back."""

    def aim(self, kill: Callable[[], None]) -> None:
        """A night has begun; this ends it at once."""

    def rest(self) -> None:
        """That night is over."""


class Proxy:
    """A proxy: where it listens, and how many requests it has seen.

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
            path, _, query = path.partition("?")
            return Request(self.service, self.requests - 1, method, path, query)

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
        fault = self.server.proxy.watcher.before(request) or HARMLESS
        time.sleep(fault.seconds)
        said = self.pass_on(request, body) if fault.arrives else None
        if fault.end is End.DROPPED:
            self.reset()
        else:
            self.reply(fault.answer or said or BAD_GATEWAY, cut=fault.end is End.CUT)

    def pass_on(self, request: Request, body: bytes) -> Answer | None:
        """What the server says; None when it says nothing."""
        proxy = self.server.proxy
        try:
            said = _forward(proxy, self, proxy.watcher.sent(request, tuple(self.headers.items())), body)
        except (OSError, HTTPException):
            return None
        proxy.watcher.after(request)
        return said

    def reply(self, said: Answer, *, cut: bool) -> None:
        self.send_response_only(said.status)
        for name, value in said.headers:
            self.send_header(name, value)
        if said.status not in BODILESS and not any(name.lower() == "content-length" for name, _ in said.headers):
            self.send_header("Content-Length", str(len(said.content)))
        self.end_headers()
        self.close_connection = self.close_connection or cut
        content = b"" if self.command == "HEAD" else said.content
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Told at once: S3's clients wait for it, a second long, before they send what they put."""
        going_on = super().handle_expect_100()
        self.wfile.flush()
        return going_on

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


def _forward(proxy: Proxy, request: BaseHTTPRequestHandler, headers: Headers, body: bytes) -> Answer:
    """Pass a request on with its own Host header, which S3's signature covers."""
    connection = HTTPConnection(proxy.upstream.hostname or "", proxy.upstream.port or 80, timeout=PATIENCE)
    try:
        connection.putrequest(request.command, request.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP | {"expect", "content-length"}:
                connection.putheader(name, value)
        if body or request.command not in READS:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        kept = tuple((name, value) for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP)
        return Answer(answer.status, kept, answer.read())
    finally:
        connection.close()
