"""A proxy before an S3 server that misbehaves on request, as networks and servers do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

CONDITIONS = ("If-Match", "If-None-Match")


@dataclass
class Faults:
    """What goes wrong, and how often still.

    Args:
        cut_bodies: answers to GET that end early.
        lost_answers: answers to PUT that never come, although the write happened.
        unconditional: conditions of writes are dropped on the way, as some servers do.
        busy: requests that are turned away with 429, and not passed on.
        bare_etags: If-Match is compared as it is, quotes and all, as radosgw does.
    """

    cut_bodies: int = 0
    lost_answers: int = 0
    busy: int = 0
    unconditional: bool = False
    bare_etags: bool = False
    requests: list[str] = field(default_factory=list)


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[tuple[str, Faults]]:
    faults = Faults()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            faults.requests.append(self.command)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if faults.busy:
                faults.busy -= 1
                self._turn_away()
                return
            status, headers, content = _forward(upstream, self, body, faults)
            if self.command == "PUT" and faults.lost_answers:
                faults.lost_answers -= 1
                self.close_connection = True
                return
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET" and faults.cut_bodies and content:
                faults.cut_bodies -= 1
                self.close_connection = True
                content = content[: len(content) // 2]
            self.wfile.write(content)

        def _turn_away(self) -> None:
            self.send_response_only(429)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", faults
    finally:
        server.shutdown()
        server.server_close()


def _forward(
    upstream: str, request: BaseHTTPRequestHandler, body: bytes, faults: Faults
) -> tuple[int, list[tuple[str, str]], bytes]:
    headers = dict(request.headers.items())
    if faults.unconditional:
        headers = {name: value for name, value in headers.items() if name not in CONDITIONS}
    if faults.bare_etags and '"' in headers.get("If-Match", ""):
        headers["If-Match"] = '"no such etag"'
    address = urlsplit(upstream)
    connection = HTTPConnection(address.hostname or "", address.port or 0, timeout=30)
    try:
        connection.request(request.command, request.path, body, headers)
        answer = connection.getresponse()
        kept = [(n, v) for n, v in answer.getheaders() if n.lower() not in {"transfer-encoding", "connection"}]
        content = answer.read()
    finally:
        connection.close()
    if request.command != "HEAD" and not any(name.lower() == "content-length" for name, _ in kept):
        kept.append(("Content-Length", str(len(content))))
    return answer.status, kept, content
