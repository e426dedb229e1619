"""The door that Label Studio rings at: who is let in, how often, and what comes of it. No server is needed."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.webhook import early
from infra.webhook.app import LARGEST, PATH, make_app
from infra.webhook.bell import Bell
from infra.webhook.early import EarlyRound, Starter
from infra.webhook.gate import HEADER, VARIABLE, Allowance, Secret
from nightshift.domain.errors import ConfigError, ReviewError

SECRET = "only-label-studio-knows"  # noqa: S105 - of this test
WRONG = "wrong"
HINT = {"action": "ANNOTATION_CREATED"}


class Door:
    """The application with everything at hand that it was given."""

    def __init__(self, strangers: int = 5, known: int = 5, patience: float = 5.0) -> None:
        self.rung = 0
        self.app = make_app(
            Secret(SECRET), self._ring, _forever, Allowance(strangers, 0), Allowance(known, 0), patience
        )

    def _ring(self) -> None:
        self.rung += 1

    def ask(
        self, method: str = "POST", path: str = PATH, secret: str | None = SECRET, **options: Any
    ) -> httpx.Response:
        headers = {"content-type": "application/json", **options.pop("headers", {})}
        headers |= {HEADER: secret.encode("latin-1")} if secret is not None else {}
        options = options or {"json": HINT}

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://door") as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(send())


async def _forever() -> None:
    await asyncio.Event().wait()


def test_label_studios_hint_rings_once() -> None:
    door = Door()
    answer = door.ask()
    assert (answer.status_code, answer.content, door.rung) == (202, b"", 1)


@pytest.mark.parametrize(
    "secret", [None, "", "x", SECRET[:-1], SECRET + "x", SECRET.upper(), f" {SECRET}  x", "ü" * 20]
)
def test_whoever_lacks_the_secret_learns_nothing_and_rings_nothing(secret: str | None) -> None:
    door = Door()
    answer = door.ask(secret=secret)
    assert (answer.status_code, answer.content, door.rung) == (401, b"", 0)


def test_a_secret_given_twice_is_none() -> None:
    assert Secret(SECRET).matches([SECRET])
    assert not Secret(SECRET).matches([SECRET, SECRET])
    assert not Secret(SECRET).matches([])


@given(st.text(max_size=80))
def test_no_other_text_is_the_secret(said: str) -> None:
    assert Secret(SECRET).matches([said]) == (said == SECRET)


def test_guessing_is_slowed_and_label_studio_is_heard_all_the_same() -> None:
    door = Door(strangers=2)
    assert [door.ask(secret=WRONG).status_code for _ in range(4)] == [401, 401, 429, 429]
    assert door.ask().status_code == 202


def test_a_hint_too_many_is_not_read_but_heard_since_it_may_be_the_last() -> None:
    door = Door(known=1)
    assert [door.ask().status_code for _ in range(2)] == [202, 429]
    assert door.rung == 2


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"method": "GET"}, 405),
        ({"method": "PUT"}, 405),
        ({"path": "/"}, 404),
        ({"path": "/docs"}, 404),
        ({"path": "/openapi.json"}, 404),
        ({"path": f"{PATH}/"}, 404),
        ({"headers": {"content-type": "text/plain"}, "content": b"{}"}, 415),
        ({"headers": {"content-type": "application/x-www-form-urlencoded"}, "content": b"action=x"}, 415),
        ({"content": b""}, 400),
        ({"content": b"not json"}, 400),
        ({"content": b"[" * 9000}, 400),
        ({"content": b'"ANNOTATION_CREATED"'}, 400),
        ({"content": b'{"action": ["ANNOTATION_CREATED"]}'}, 400),
        ({"content": b'{"action": "ANNOTATION_CREATED\\u0000"}'}, 204),
        ({"json": {"action": "PROJECT_DELETED"}}, 204),
        ({"content": b" " * (LARGEST + 1)}, 413),
    ],
)
def test_what_is_no_hint_is_answered_with_a_bare_status(options: dict[str, Any], status: int) -> None:
    door = Door()
    answer = door.ask(**options)
    assert (answer.status_code, answer.content, door.rung) == (status, b"", 0)


def test_a_body_without_a_length_is_cut_off_at_the_limit() -> None:
    sent = []

    async def endless() -> Any:
        for _ in range(1000):
            sent.append(1)
            yield b" " * 1024

    assert Door().ask(content=endless()).status_code == 413
    assert Door().ask(headers={"content-length": "999999999"}, content=b"{}").status_code == 413


def test_a_body_that_never_comes_is_not_waited_for() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.sleep(3600)
        raise AssertionError

    async def call() -> list[int]:
        door, said = Door(patience=0.01), []
        headers = [(HEADER.lower().encode(), SECRET.encode()), (b"content-type", b"application/json")]
        scope = {
            "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(), "headers": headers,
            "query_string": b"", "http_version": "1.1", "scheme": "http", "server": ("door", 80), "root_path": "",
        }  # fmt: skip

        async def send(message: Any) -> None:
            said.append(message.get("status"))

        await door.app(scope, never, send)
        return said

    assert asyncio.run(call())[0] == 408


@pytest.mark.parametrize(("value", "why"), [("short", "5 characters"), ("a b" * 9, "blanks"), ("ü" * 20, "no header")])
def test_a_weak_secret_is_refused_at_start_without_being_shown(value: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        Secret.from_environment({VARIABLE: value})
    assert value not in str(caught.value)


def test_without_a_secret_nothing_starts() -> None:
    with pytest.raises(ConfigError, match=rf"{VARIABLE}: it is not set"):
        Secret.from_environment({})


def test_a_secret_is_never_printed() -> None:
    assert SECRET not in repr(Secret(SECRET)) + str(Secret(SECRET))


def test_an_allowance_comes_back_with_time() -> None:
    now = [0.0]
    some = Allowance(2, 60, lambda: now[0])
    assert [some.take() for _ in range(3)] == [True, True, False]
    now[0] = 1.0
    assert [some.take() for _ in range(2)] == [True, False]


class Watch:
    """A bell under a clock that stands until it is told: every wait is written down and over at once."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers, self.looks, self.waits = iter(answers), 0, list[float]()

    def look(self) -> bool:
        self.looks += 1
        found = next(self.answers)
        if isinstance(found, Exception):
            raise found
        return bool(found)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    def run(self, during: Callable[[Bell, "Watch"], Any]) -> None:
        async def go() -> None:
            bell = Bell(self.look, settle=1, rest=60, sleep=self.sleep)
            task = asyncio.create_task(bell.watch())
            await during(bell, self)
            task.cancel()

        asyncio.run(go())


async def _until(watch: Watch, looks: int) -> None:
    while watch.looks < looks:  # noqa: ASYNC110 - a thread counts them
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.01)


def test_a_hundred_hints_at_once_are_one_look() -> None:
    async def ring(bell: Bell, watch: Watch) -> None:
        for _ in range(100):
            bell.ring()
        await _until(watch, 1)

    watch = Watch([False])
    watch.run(ring)
    assert (watch.looks, watch.waits) == (1, [1])


def test_after_a_start_it_rests_and_a_look_that_fails_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def ring(bell: Bell, watch: Watch) -> None:
        for looks in (1, 2, 3):
            bell.ring()
            await _until(watch, looks)

    watch = Watch([ReviewError("Label Studio", "it does not answer", "Start it."), True, False])
    with caplog.at_level(logging.WARNING):
        watch.run(ring)
    assert watch.waits == [1, 1, 60, 1]
    assert "it does not answer" in caplog.text


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """What Label Studio and the store would say."""
    said = SimpleNamespace(left=0, head=3, found={"id": 7})
    monkeypatch.setattr(early, "open_questions", lambda _api, _project: said.left)
    monkeypatch.setattr(early, "find_project", lambda _api, _title: said.found)
    monkeypatch.setattr(early.state, "read_head", lambda _store: said.head)
    return said


def _early(started: list[int]) -> EarlyRound:
    config = SimpleNamespace(project="p", review=SimpleNamespace(project=None))
    project: Any = SimpleNamespace(config=config, desk=SimpleNamespace(api=None), store=None)
    return EarlyRound(project, lambda head: started.append(head) or "started")  # type: ignore[func-returns-value]


def test_a_round_is_asked_for_once_after_each_sealed_one(asked: SimpleNamespace) -> None:
    started: list[int] = []
    round_ = _early(started)
    assert [round_.look(), round_.look()] == [True, False]
    asked.head = 4
    assert round_.look()
    assert started == [3, 4]


@pytest.mark.parametrize("says", [{"left": 1}, {"head": None}, {"found": None}])
def test_no_round_starts_while_questions_are_open_or_none_was_ever_asked(
    asked: SimpleNamespace, says: dict[str, Any]
) -> None:
    vars(asked).update(says)
    started: list[int] = []
    assert not _early(started).look()
    assert started == []


def test_a_round_in_a_process_of_its_own_does_not_inherit_the_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: dict[str, Any] = {}

    class Child:
        pid = 1

        def __init__(self, command: list[str], **options: Any) -> None:
            seen.update(command=command, **options)

        def poll(self) -> None:
            return None

    monkeypatch.setattr(early.subprocess, "Popen", Child)
    monkeypatch.setenv(VARIABLE, SECRET)
    monkeypatch.setattr(Starter, "_by_prefect", lambda _self, _key: None)
    start = Starter(tmp_path / "nightshift.yaml")
    assert "process 1" in start(3)
    assert VARIABLE in os.environ
    assert SECRET not in str(seen)
    assert seen["command"][-1] == str((tmp_path / "nightshift.yaml").resolve())
    assert "still at it" in start(4)
