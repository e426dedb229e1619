"""The proxy does to requests what it is told, and nothing else."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
import pytest

from tests.faults.kinds import Kind, fault
from tests.faults.proxy import Fault, Headers, Proxy, Request, Watcher
from tests.faults.schedule import Boundaries, Failing, Planned, sliced

SAID = b"what the server says"


@dataclass
class Server:
    url: str
    heard: list[tuple[str, str, bytes, str]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found.heard.append((self.command, self.path, body, self.headers["Host"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(SAID)))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else SAID)

        do_GET = do_PUT = do_HEAD = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.daemon_threads = True
    found = Server(f"http://127.0.0.1:{running.server_port}")
    thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    running.shutdown()
    running.server_close()
    thread.join()


class Once(Watcher):
    def __init__(self, kind: Kind) -> None:
        self.kind: Kind | None = kind

    def before(self, request: Request) -> Fault | None:  # noqa: ARG002
        kind, self.kind = self.kind, None
        return fault(kind, 0.01) if kind else None


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_without_a_fault_a_request_and_its_answer_pass_unchanged(server: Server, method: str) -> None:
    with Proxy("s3", server.url, Watcher()).running() as proxy:
        answer = httpx.request(method, f"{proxy.url}/key?part=1", content=b"x" if method == "PUT" else None)
    assert answer.status_code == 200
    assert answer.content == (b"" if method == "HEAD" else SAID)
    body = b"x" if method == "PUT" else b""
    assert server.heard == [(method, "/key?part=1", body, proxy.url.removeprefix("http://"))]


def test_a_body_in_chunks_arrives_whole(server: Server) -> None:
    with Proxy("s3", server.url, Watcher()).running() as proxy:
        httpx.put(f"{proxy.url}/key", content=iter([b"one ", b"two"]))
    assert server.heard[0][2] == b"one two"


def test_who_asks_before_he_sends_a_body_is_told_to_go_on_at_once(server: Server) -> None:
    """As S3's clients do; they would wait a second for it, every time."""
    with Proxy("s3", server.url, Watcher()).running() as proxy:
        port = int(proxy.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"PUT /key HTTP/1.1\r\nHost: s3\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 100 Continue")
            client.sendall(b"x")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
    assert server.heard[0][2] == b"x"


class Masked(Watcher):
    def sent(self, request: Request, headers: Headers) -> Headers:  # noqa: ARG002
        return tuple((name, "masked" if name == "Host" else value) for name, value in headers)


def test_what_is_passed_on_may_be_changed_on_the_way(server: Server) -> None:
    with Proxy("s3", server.url, Masked()).running() as proxy:
        assert httpx.get(f"{proxy.url}/key").content == SAID
    assert server.heard[0][3] == "masked"


@pytest.mark.parametrize(("kind", "status"), [(Kind.TOO_MANY, 429), (Kind.ERROR, 500), (Kind.BAD_GATEWAY, 502),
                                              (Kind.UNAVAILABLE, 503)])  # fmt: skip
def test_a_refused_request_never_reaches_the_server(server: Server, kind: Kind, status: int) -> None:
    with Proxy("s3", server.url, Once(kind)).running() as proxy:
        answer = httpx.put(f"{proxy.url}/key", content=b"x")
    assert (answer.status_code, server.heard) == (status, [])
    assert ("retry-after" in answer.headers) == (kind is Kind.TOO_MANY)


@pytest.mark.parametrize(("kind", "reaches"), [(Kind.RESET, 0), (Kind.COMMIT_THEN_DROP, 1), (Kind.TRUNCATE, 1)])
def test_an_answer_that_is_lost_or_cut_is_an_error_to_the_client(server: Server, kind: Kind, reaches: int) -> None:
    with Proxy("s3", server.url, Once(kind)).running() as proxy, pytest.raises(httpx.TransportError):
        httpx.put(f"{proxy.url}/key", content=b"x")
    assert len(server.heard) == reaches


def test_a_committed_request_may_be_answered_with_502(server: Server) -> None:
    with Proxy("s3", server.url, Once(Kind.COMMIT_THEN_502)).running() as proxy:
        assert httpx.put(f"{proxy.url}/key", content=b"x").status_code == 502
        assert httpx.get(f"{proxy.url}/key").content == SAID
    assert [each[0] for each in server.heard] == ["PUT", "GET"]


def test_a_dead_server_is_a_bad_gateway() -> None:
    with Proxy("s3", "http://127.0.0.1:9", Watcher()).running() as proxy:
        assert httpx.get(f"{proxy.url}/key").status_code == 502


def test_a_schedule_strikes_each_planned_request_once() -> None:
    plan = Planned({("s3", 1): fault(Kind.RESET)})
    asked = [plan.before(Request("s3", 0, "GET", "/")), plan.before(Request("mlflow", 0, "GET", "/"))]
    asked += [plan.before(Request("s3", n, "GET", "/")) for n in (1, 2)]
    assert [each and each.kind for each in asked] == [None, None, Kind.RESET, None]


def test_the_same_seed_draws_the_same_schedule() -> None:
    drawn = [Planned.drawn(np.random.default_rng(3), {"s3": 100, "mlflow": 20}, 6).faults for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert all(number < {"s3": 100, "mlflow": 20}[service] for service, number in drawn[0])


def test_about_the_wanted_share_of_requests_fails() -> None:
    failing = Failing(0.1, 5)
    struck = [failing.before(Request("s3", n, "GET", "/")) for n in range(1000)]
    assert 60 < sum(each is not None for each in struck) == failing.failed < 140


def test_every_boundary_kills_once_and_an_attempt_is_killed_only_once() -> None:
    killed: list[str] = []
    hunter, write = Boundaries("faults/w/", lambda _: True), Request("s3", 0, "PUT", "/b/faults/w/HEAD")
    for attempt in ("first", "second", "third"):
        hunter.aim(lambda attempt=attempt: killed.append(attempt))  # type: ignore[misc]
        if hunter.before(write) is None:
            hunter.after(write)
        hunter.rest()
    assert killed == ["first", "second"]
    assert hunter.done == ["before s3 PUT HEAD #1", "after s3 PUT HEAD #1"]


def test_the_slots_share_all_boundaries_between_them() -> None:
    names = [f"after s3 PUT {n}" for n in range(50)]
    found = [sum(sliced(slot, 4, 0)(name) for slot in range(4)) for name in names]
    assert set(found) == {1}
