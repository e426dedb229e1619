"""Where a model's weights are said to be."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from nightshift.services.health.reach import Reach, Where, head

STATUS = {"open": 200, "gated": 401, "gone": 404}


class Hub(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(STATUS[self.path.split("/")[1]])
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize(
    ("weights", "where"),
    [
        ("", Where.HERE),
        ("here.pt", Where.HERE),
        ("open/model", Where.DOWNLOAD),
        ("gated/model", Where.GATED),
        ("gone/model", Where.NOWHERE),
    ],
)
def test_the_hub_says_what_it_hands_out(hub: str, tmp_path: Path, weights: str, where: Where) -> None:
    (tmp_path / "here.pt").write_bytes(b"weights")
    assert Reach(tmp_path, head, hub).where(weights) is where


def test_a_host_that_does_not_answer_is_asked_once(tmp_path: Path) -> None:
    asked = []

    def nobody(address: str) -> int:
        asked.append(address)
        raise httpx.ConnectError("no route to host")

    reach = Reach(tmp_path, nobody, "http://hub")
    assert [reach.where(each) for each in ("a/b", "c/d", "yolo11n.pt", "yolo11s.pt")] == [Where.NOWHERE] * 4
    assert len(asked) == 2


def test_offline_nobody_is_asked(tmp_path: Path) -> None:
    assert Reach(tmp_path, None).where("a/b") is Where.NOWHERE
