"""A server that sends everybody on to somewhere else, and one there that writes down who came."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Visits:
    """What a server was asked: method, path, and every header in one text."""

    url: str
    asked: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def server(status: int, location: str = "", body: bytes = b"{}", **headers: str) -> Iterator[Visits]:
    """Answers every request alike.

    Args:
        status: of the answer.
        location: where to send people on; `{path}` is what they asked for.
        body: of the answer.
        headers: further ones; underscores become dashes.
    """

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            visits.asked.append((self.command, self.path, str(self.headers)))
            self.send_response_only(status)
            if location:
                self.send_header("Location", location.format(path=self.path))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do_PATCH = _answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    visits = Visits(f"http://127.0.0.1:{found.server_port}")
    Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield visits
    finally:
        found.shutdown()
        found.server_close()
