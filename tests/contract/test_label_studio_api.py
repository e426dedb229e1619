"""The connection to Label Studio, to a real HTTP server that answers as networks and servers do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from nightshift.domain.errors import ServiceDown
from nightshift.services.label_studio.api import SETTLE, Api, Gone, Taken, Unsure
from nightshift.services.patience import Limits, Patience
from tests.contract.stumbling import FAULTS, REFUSED, Stumbling, stumbling_proxy

pytestmark = pytest.mark.slow
NOT_DONE = {*REFUSED, "reset before"}


class Shelf:
    """A server that keeps things by number: POST makes one, whatever it made before."""

    def __init__(self) -> None:
        self.things: dict[int, Any] = {}
        self.made = 0
        self.unique = False

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        number = int(path.rsplit("/", 1)[1] or 0) if path[-1].isdigit() else 0
        if method == "POST":
            return self._made(body)
        if number and number not in self.things:
            return 404, {"detail": "Not found."}
        if method == "PATCH":
            self.things[number] |= body
        if method == "DELETE":
            del self.things[number]
            return 204, None
        return 200, self.things[number] if number else list(self.things.values())

    def _made(self, body: Any) -> tuple[int, Any]:
        if self.unique and self.things:
            return 409, {"detail": "unique_id"}
        self.made += 1
        self.things[self.made] = {"id": self.made, **body}
        return 201, self.things[self.made]


@contextmanager
def serving(shelf: Shelf) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, said = shelf.answer(self.command, self.path, json.loads(content or b"null"))
            body = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = reply  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Rig:
    """A shelf behind a proxy, and an Api whose pauses are kept instead of waited for."""

    def __init__(self, shelf: Shelf, url: str, stumbling: Stumbling) -> None:
        self.shelf, self.stumbling = shelf, stumbling
        self.pauses: list[float] = []
        limits = Limits(attempts=4, first_pause=0.5, longest_pause=30.0)
        self.api = Api(url, "token", timeout=5.0, patience=Patience("Label Studio", limits, sleep=self.pauses.append))

    def make(self) -> Any:
        def look() -> Any:
            return next(iter(self.api.get("api/things")), None)

        return self.api.make("api/things/", lambda: {"name": "queue"}, look)

    def stumble(self, fault: str, times: int = 10**9, methods: str = "GET POST PATCH DELETE") -> None:
        self.stumbling.seen.clear()
        hit = [0]

        def which(_: int, method: str, __: str) -> str | None:
            hit[0] += method in methods
            return fault if method in methods and hit[0] <= times else None

        self.stumbling.which = which


@pytest.fixture(name="rig")
def behind_a_proxy() -> Iterator[Rig]:
    shelf = Shelf()
    with serving(shelf) as server, stumbling_proxy(server) as (url, stumbling):
        yield Rig(shelf, url, stumbling)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("times", [1, 3])
def test_whatever_happens_to_a_request_or_its_answer_one_thing_is_made(rig: Rig, fault: str, times: int) -> None:
    rig.stumble(fault, times, "POST")
    assert rig.make()["id"] == 1
    assert rig.shelf.made == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_what_may_be_done_twice_is_repeated(rig: Rig, fault: str) -> None:
    made = rig.make()["id"]
    rig.stumble(fault, 3)
    assert rig.api.get(f"api/things/{made}")["name"] == "queue"
    rig.stumble(fault, 3)
    assert rig.api.patch(f"api/things/{made}", {"name": "Queue"})["name"] == "Queue"
    rig.stumble(fault, 3)
    rig.api.delete(f"api/things/{made}")
    assert rig.shelf.things == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_never_gets_through_is_unsure_and_what_was_done_is_found_by_the_next_attempt(rig: Rig, fault: str) -> None:
    rig.stumble(fault)
    with pytest.raises(Unsure, match=r"\. (Run it again|Start it|Check that)"):
        rig.make()
    assert rig.shelf.made == (0 if fault in NOT_DONE else 1)
    rig.stumbling.which = lambda *_: None
    assert (rig.api.get("api/things") or [rig.make()])[0]["id"] == rig.shelf.made == 1


def test_before_it_looks_it_gives_the_server_time_to_commit(rig: Rig) -> None:
    rig.stumble("dropped after", 1, "POST")
    rig.make()
    assert [SETTLE <= pause <= SETTLE + 0.5 for pause in rig.pauses] == [True]


def test_a_look_that_fails_is_not_taken_for_nothing_there(rig: Rig) -> None:
    stumbles = {"POST": "dropped after", "GET": "503 before"}
    rig.stumbling.which = lambda _, method, __: stumbles[method]
    with pytest.raises(Unsure, match="503"):
        rig.make()
    assert rig.shelf.made == 1
    assert [method for method, _ in rig.stumbling.seen] == ["POST"] + ["GET"] * 4


def test_where_the_server_takes_a_thing_once_a_repetition_is_told_from_somebody_elses(rig: Rig) -> None:
    rig.shelf.unique = True
    rig.stumble("dropped after", 1, "POST")
    assert rig.api.make("api/things/", lambda: {"name": "answer"}, lambda: None) is None  # ours, of the lost attempt
    with pytest.raises(Taken):
        rig.api.make("api/things/", lambda: {"name": "answer"}, lambda: None)
    assert rig.shelf.made == 1


def test_a_refusal_is_not_repeated(rig: Rig) -> None:
    with pytest.raises(Gone, match="404"):
        rig.api.get("api/things/7")
    assert len(rig.stumbling.seen) == 1
    rig.api.delete("api/things/7")  # gone is gone


@pytest.mark.parametrize("said", ["7", "date"])
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(rig: Rig, said: str) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=7), usegmt=True)
    rig.stumbling.retry_after = until if said == "date" else said
    rig.stumble("429 before", 1)
    rig.api.get("api/things")
    assert 5 <= rig.pauses[0] <= 7.5
    rig.stumbling.retry_after = "86400"
    rig.stumble("503 before", 1)
    rig.api.get("api/things")
    assert rig.pauses[1] == 30.0


def test_a_server_that_is_down_is_not_hammered_and_the_reason_says_since_when(rig: Rig) -> None:
    rig.stumble("502 after")
    for _ in range(5):
        with pytest.raises(Unsure):
            rig.api.get("api/things")
    asked = len(rig.stumbling.seen)
    for call in (rig.make, lambda: rig.api.get("api/things"), lambda: rig.api.delete("api/things/1")):
        with pytest.raises(ServiceDown, match=r"not answered 5 requests in a row since .* \(the last: .*502"):
            call()
    assert len(rig.stumbling.seen) == asked == 20


def test_an_answer_that_is_empty_is_no_answer(rig: Rig) -> None:
    rig.shelf.answer = lambda *_: (200, None)  # type: ignore[method-assign]
    with pytest.raises(Unsure, match="no JSON"):
        rig.api.get("api/things")
