"""Label Studio's own webhook reaches our endpoint, and the last answer of a queue asks for exactly one round."""

import asyncio
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from socket import socket
from typing import Any

import httpx
import pytest
from hypercorn.asyncio import serve

from infra.local import Endpoints
from infra.webhook import serve as serving
from infra.webhook.app import PATH, make_app
from infra.webhook.bell import Bell
from infra.webhook.gate import HEADER, Allowance, Secret
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.label_studio.webhooks import ensure_webhook, open_questions

pytestmark = pytest.mark.live
SECRET = "only-label-studio-knows"  # noqa: S105 - of this test
QUESTIONS = 3


@dataclass
class Listening:
    """Our endpoint on a real port; what it saw of the queue at each look, and how often a round was due."""

    url: str
    open: list[int] = field(default_factory=list)
    rounds: int = 0


@pytest.fixture
def project(stack: Endpoints) -> Iterator[tuple[ReviewDesk, int]]:
    """A project with a few questions that nobody has answered."""
    desk = ReviewDesk.connect(stack.label_studio, stack.label_studio_token)
    number = desk.ensure_project(
        f"webhook {uuid.uuid4().hex[:8]}", Ontology((ObjectClass("bolt", ("bolt",), "#e6194b"),))
    )
    data = {"image": "s3://b/a.png", "priority": 1, "key": "k"}
    desk.api.post(f"api/projects/{number}/import", [{"data": {**data, "key": f"k{i}"}} for i in range(QUESTIONS)])
    yield desk, number
    desk.api.delete(f"api/projects/{number}/")


@pytest.fixture
def listening(project: tuple[ReviewDesk, int]) -> Iterator[Listening]:
    desk, number = project
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    seen = Listening(f"http://127.0.0.1:{port}{PATH}")

    def look() -> bool:
        seen.open.append(open_questions(desk.api, number))
        seen.rounds += not seen.open[-1]
        return not seen.open[-1]

    stop, started = threading.Event(), threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(_serve(look, port, started, stop),))
    thread.start()
    assert started.wait(30)
    yield seen
    stop.set()
    thread.join(30)


async def _serve(look: Callable[[], bool], port: int, started: threading.Event, stop: threading.Event) -> None:
    bell = Bell(look, settle=0.5, rest=5)
    app = make_app(Secret(SECRET), bell.ring, bell.watch, Allowance(50, 0), Allowance(50, 0))

    async def ended() -> None:
        started.set()
        while not stop.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.05)

    await serve(app, serving._config("127.0.0.1", port), shutdown_trigger=ended)  # type: ignore[arg-type]


def _answer(desk: ReviewDesk, task: int, **said: Any) -> None:
    desk.api.post(f"api/tasks/{task}/annotations/", {"result": [], "lead_time": 1.0, **said})


def _until(true: Callable[[], bool], patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert true()


def test_the_last_answer_of_a_queue_asks_for_one_round(project: tuple[ReviewDesk, int], listening: Listening) -> None:
    desk, number = project
    first = ensure_webhook(desk.api, number, listening.url, HEADER, SECRET)
    assert open_questions(desk.api, number) == QUESTIONS
    tasks = [each["id"] for each in desk.waiting(number)]
    _answer(desk, tasks[0])
    _until(lambda: listening.open == [QUESTIONS - 1])
    assert listening.rounds == 0
    _answer(desk, tasks[1], was_cancelled=True)  # skipped: that is an answer as well
    _answer(desk, tasks[2])
    _until(lambda: listening.rounds == 1)
    time.sleep(1.5)
    assert listening.rounds == 1
    assert ensure_webhook(desk.api, number, listening.url, HEADER, SECRET) == first


def test_a_wrong_secret_in_label_studio_rings_nothing(project: tuple[ReviewDesk, int], listening: Listening) -> None:
    desk, number = project
    ensure_webhook(desk.api, number, listening.url, HEADER, "another-secret-altogether")
    for task in desk.waiting(number):
        _answer(desk, task["id"])
    time.sleep(1.5)
    assert listening.open == []


def test_registering_again_changes_the_one_webhook_and_sends_no_answers_out(
    project: tuple[ReviewDesk, int],
) -> None:
    desk, number = project
    made = [ensure_webhook(desk.api, number, f"http://127.0.0.1:{port}{PATH}", HEADER, SECRET) for port in (9001, 9002)]
    desk.api.post("api/webhooks/", {"project": number, "url": "http://127.0.0.1:9003/theirs", "headers": {"X": "y"}})
    again = desk.api.post("api/webhooks/", {"project": number, "url": "http://127.0.0.1:1/", "headers": {HEADER: "z"}})
    assert ensure_webhook(desk.api, number, f"http://127.0.0.1:9002{PATH}", HEADER, SECRET) == made[0] == made[1]
    listed = {each["id"]: each for each in desk.api.get("api/webhooks/", {"project": number})}
    assert again["id"] not in listed
    assert len(listed) == 2  # theirs was left alone
    ours = listed[made[0]]
    assert (ours["url"], ours["send_payload"], ours["headers"]) == (
        f"http://127.0.0.1:9002{PATH}",
        False,
        {HEADER: SECRET},
    )
    assert sorted(ours["actions"]) == ["ANNOTATIONS_CREATED", "ANNOTATION_CREATED", "ANNOTATION_UPDATED"]


def test_nobody_else_can_ring(listening: Listening) -> None:
    assert "127.0.0.1" in listening.url
    answers = [httpx.post(listening.url, json={"action": "ANNOTATION_CREATED"}) for _ in range(2)]
    assert [(each.status_code, each.content, "server" in each.headers) for each in answers] == [(401, b"", False)] * 2
    assert os.environ.get("NIGHTSHIFT_WEBHOOK_SECRET") is None
    assert listening.open == []
