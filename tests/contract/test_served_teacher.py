"""A served teacher against real servers: the example of its page, and ones that misbehave in every way."""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config

from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import TeacherSpec
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.teachers import open_teacher
from nightshift.teachers._prompted import PromptedTeacher
from nightshift.teachers._served import MOST_PIXELS, Manners, open_served
from tests.contract import teacher_claims as claims
from tests.contract.small_server import server

PAGE = Path(__file__).parents[2] / "docs" / "http-teacher.md"
ONTOLOGY = Ontology((ObjectClass("bolt", ("a bolt", "a screw"), "#e6194b"), ObjectClass("gear", ("gear",), "#3cb44b")))
QUICK = Manners(connect=5, silence=0.3, whole=1.0, attempts=3, first_pause=0.01, longest_pause=2.0, most_bytes=10_000)
NOTHING = {"boxes": [], "prompts": [], "scores": []}
ONE = {"boxes": [[1, 2, 30, 40]], "prompts": [2], "scores": [0.5]}


def said(images: list[dict[str, Any]], version: str = "m@1") -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps({"version": version, "images": images}).encode(), {}


def as_many(request: dict[str, Any], each: dict[str, Any] = ONE) -> tuple[int, bytes, dict[str, str]]:
    return said([each] * len(request["images"]))


def opened(url: str, manners: Manners = QUICK, batch: int = 4, pauses: list[float] | None = None) -> PromptedTeacher:
    spec = TeacherSpec("http", "", 0.0, batch, "cpu", url=url)
    return open_served(spec, ONTOLOGY, manners, (pauses if pauses is not None else []).append)


# ---- the example of the page


@pytest.fixture(scope="module")
def example() -> Iterator[str]:
    """The address of the page's own server, served by hypercorn."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - what the page tells people to run
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config, done = Config(), threading.Event()
    config.bind, config.loglevel = [f"127.0.0.1:{port}"], "ERROR"

    async def until_done() -> None:
        await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve(names["app"], config, shutdown_trigger=until_done)))
    thread.start()
    url = f"http://127.0.0.1:{port}/label"
    try:
        _wait_for(url)
        yield url
    finally:
        done.set()
        thread.join()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the example does not answer")


def bright() -> np.ndarray:
    image = np.zeros((60, 80, 3), np.uint8)
    image[10:31, 20:56] = 255
    return image


@pytest.mark.slow
def test_the_pages_example_finds_what_is_bright_to_the_pixel(example: str) -> None:
    teacher = open_teacher(TeacherSpec("http", "", 0.1, 4, "cpu", url=example), ONTOLOGY, None)
    assert teacher is not None
    assert teacher.version == "http/bright@1"
    dark = np.zeros((10, 10, 3), np.uint8)
    first, second = teacher.detect([bright(), dark])
    assert first.boxes.tolist() == [[20, 10, 56, 31]]
    assert (first.classes.tolist(), first.prompts.tolist()) == ([0], [0])
    assert len(second) == 0


@pytest.mark.slow
def test_the_pages_example_keeps_what_every_teacher_promises(example: str) -> None:
    one = opened(example, Manners())
    claims.batch_equals_single(one)
    claims.the_same_twice_and_after_opening_again(one, lambda: opened(example, Manners()))
    claims.boxes_lie_inside_and_the_best_comes_first(one)
    claims.any_shape_is_answered(one)
    claims.no_images_are_no_answers(one)
    claims.a_frame_of_48_megapixels_is_answered(one)


# ---- what is sent


def test_pixels_arrive_as_they_were_sent_and_images_in_batches() -> None:
    import base64  # noqa: PLC0415
    import io  # noqa: PLC0415

    from PIL import Image as Picture  # noqa: PLC0415

    images = [claims.picture((20 + i, 30, 3), i) for i in range(5)]
    with server(as_many) as (url, requests):
        opened(url, batch=2).detect(images)
    sent = [each for request in requests for each in request["images"]]
    assert [len(request["images"]) for request in requests] == [0, 2, 2, 1]
    assert requests[1]["prompts"] == ["a bolt", "a screw", "gear"]
    for image, each in zip(images, sent, strict=True):
        assert (each["width"], each["height"]) == (image.shape[1], image.shape[0])
        arrived = np.asarray(Picture.open(io.BytesIO(base64.b64decode(each["png"]))))
        assert np.array_equal(arrived, image)


@pytest.mark.slow
def test_large_images_travel_alone() -> None:
    large = np.zeros((MOST_PIXELS // 4096, 4096, 3), np.uint8)
    with server(as_many) as (url, requests):
        opened(url, Manners(silence=30)).detect([large, large])
    assert [len(request["images"]) for request in requests] == [0, 1, 1]


def test_a_token_comes_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with server(as_many) as (url, requests):
        opened(url)
        monkeypatch.setenv("NIGHTSHIFT_TEACHER_TOKEN", "a secret")
        opened(url)
    assert [each["token"] for each in requests] == [None, "Bearer a secret"]


# ---- what is answered


def test_boxes_outside_the_image_are_cut_off_or_left_out() -> None:
    odd = {
        "boxes": [[-5, -5, 10, 10], [100, 100, 120, 120], [30, 30, 20, 40], [5, 5, 5, 9], [0, 0, 1e9, 1e9]],
        "prompts": [0, 0, 0, 0, 2],
        "scores": [0.9, 0.8, 0.7, 0.6, 0.5],
    }
    with server(lambda request: as_many(request, odd)) as (url, _):
        (seen,) = opened(url).detect([np.zeros((50, 60, 3), np.uint8)])
    assert seen.boxes.tolist() == [[0, 0, 10, 10], [0, 0, 60, 50]]
    assert seen.classes.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({**ONE, "prompts": [3]}, r"images\.0: prompt 3 of 3, counted from 0"),
        ({**ONE, "prompts": [-1]}, "greater than or equal to 0"),
        ({**ONE, "prompts": []}, "boxes, prompts and scores differ in number"),
        ({**ONE, "scores": [1.5]}, "less than or equal to 1"),
        ({**ONE, "scores": ["0.5"]}, "valid number"),
        ({**ONE, "boxes": [[1, 2, 3]]}, "images.0.boxes.0"),
        ({"prompts": [0], "scores": [0.5]}, "images.0.boxes: field required"),
    ],
)
def test_an_answer_that_does_not_fit_stops_with_what_is_wrong(wrong: dict[str, Any], reason: str) -> None:
    with server(lambda request: as_many(request, wrong)) as (url, requests):
        teacher = opened(url)
        with pytest.raises(ModelError, match=reason):
            teacher.detect([np.zeros((50, 60, 3), np.uint8)])
    assert len(requests) == 2  # what is wrong once is wrong again: it is not repeated


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>hello</html>", "its answer is not as agreed; the whole of it: invalid JSON"),
        (b'{"version": "m@1"', "invalid JSON"),
        (b'{"version": "a b", "images": []}', "version"),
        (b'{"version": "m@1", "images": [{"boxes": [], "prompts": [], "scores": []}]}', "1 images, but 0 were sent"),
        (b'{"version": "m@1", "images": [{"boxes": [[NaN, 0, 1, 1]], "prompts": [0], "scores": [1]}]}', "finite"),
        (b" " * 10_001, "more than 10000 bytes"),
    ],
)
def test_an_answer_that_is_none_is_not_believed(content: bytes, reason: str) -> None:
    with server(lambda _: (200, content, {})) as (url, _), pytest.raises(ModelError, match=reason):
        opened(url)


def test_a_packed_answer_is_not_unfolded() -> None:
    answer = (200, b"\x1f\x8b", {"content-encoding": "gzip"})
    with server(lambda _: answer) as (url, _), pytest.raises(ModelError, match="it is packed"):
        opened(url)


def test_a_model_that_changes_meanwhile_ends_the_work() -> None:
    with server(as_many, lambda request: said([NOTHING] * len(request["images"]), "m@2")) as (url, _):
        teacher = opened(url)
        with pytest.raises(ModelError, match=r"changed from 'm@1' to 'm@2' meanwhile\. Run the round again"):
            teacher.detect([np.zeros((5, 6, 3), np.uint8)])


# ---- servers that are not well


def test_a_server_that_says_later_is_asked_again_after_what_it_asked_for() -> None:
    pauses: list[float] = []
    with server(lambda _: (503, b"", {"retry-after": "1"}), lambda _: (429, b"", {}), as_many) as (url, requests):
        assert opened(url, pauses=pauses).version == "http/m@1"
    assert len(requests) == 3
    assert 1 <= pauses[0] <= 1.01
    assert pauses[1] <= 0.02


def test_a_pause_is_never_longer_than_we_are_patient() -> None:
    pauses: list[float] = []
    with server(lambda _: (503, b"", {"retry-after": "99999"}), as_many) as (url, _):
        opened(url, pauses=pauses)
    assert pauses == [2.0]


def test_patience_ends_with_the_reason() -> None:
    with server(lambda _: (503, b"", {})) as (url, requests), pytest.raises(ModelError, match="503, 3 times in a row"):
        opened(url)
    assert len(requests) == 3


def test_a_server_that_refuses_is_not_asked_again() -> None:
    with server(lambda _: (401, b"who are you?", {})) as (url, requests):
        with pytest.raises(ModelError, match=r"401 \(who are you\?\)\. Set NIGHTSHIFT_TEACHER_TOKEN"):
            opened(url)
        assert len(requests) == 1


def test_a_server_that_redirects_is_not_followed() -> None:
    with server(as_many) as (there, requests), server(lambda _: (307, b"", {"location": there})) as (url, _):
        with pytest.raises(ModelError, match="it answered 307"):
            opened(url)
        assert requests == []


def test_a_slow_server_is_given_up() -> None:
    held = threading.Event()

    def never(_: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
        held.wait(20)
        return 200, b"", {}

    with server(never) as (url, _):
        with pytest.raises(ModelError, match="did not answer in time, 3 times in a row"):
            opened(url)
        held.set()


@pytest.mark.slow
def test_an_answer_that_drips_is_given_up() -> None:
    """Each part comes in time, but the whole never does."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        done = threading.Event()

        def drip() -> None:
            while not done.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=_drip, args=(connection, done)).start()

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(ModelError, match="did not answer in time"):
                opened(f"http://127.0.0.1:{listening.getsockname()[1]}/", QUICK)
        finally:
            done.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _drip(connection: socket.socket, done: threading.Event) -> None:
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n")
        while not done.wait(0.1):
            try:
                connection.sendall(b" ")
            except OSError:
                return


def test_nobody_there_says_so_without_a_traceback_of_httpx() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ModelError, match=rf"teacher at http://127\.0\.0\.1:{port}/: it cannot be reached"):
        opened(f"http://127.0.0.1:{port}/")


def test_without_an_address_there_is_nobody_to_ask() -> None:
    with pytest.raises(ConfigError, match=r"teacher\.url: it is missing"):
        opened("")
