"""`nightshift status`: what the store says of the rounds, and what to do next."""

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from infra.cli._standing import next_step, show
from nightshift.services.store.lease import Lease
from nightshift.services.store.owner import this_process
from nightshift.services.store.s3 import Store
from nightshift.upkeep.desk import open_questions
from nightshift.upkeep.inbox import Inbox
from nightshift.upkeep.layout import STAGES
from nightshift.upkeep.standing import Standing, read_standing
from tasks.seal import STAGES as SEALED
from tests.contract.past_rounds import NOW, Past, in_memory, past

pytestmark = pytest.mark.slow  # dozens of objects each
store = pytest.fixture(in_memory)
SILENT = "Label Studio: it does not answer. Start it."


def _told(standing: Standing, inbox: Inbox | str = SILENT) -> str:
    screen = io.StringIO()
    show(Console(file=screen, width=140), "p", standing, inbox)
    return screen.getvalue()


def test_the_stages_are_those_that_a_round_seals() -> None:
    assert {each.name for each in STAGES} == {*SEALED, "report"}


def test_before_the_first_round_it_says_how_to_begin(store: Store) -> None:
    standing = read_standing(store, NOW)
    assert "nightshift backfill" in next_step(standing, SILENT)
    assert "no round is sealed yet" in _told(standing)


def test_a_sealed_round_is_told_with_what_it_came_to(store: Store) -> None:
    past(store, 2)
    told = _told(read_standing(store, NOW), Inbox(7, 3, "http://desk/projects/1/data"))
    assert all(said in told for said in ("round 0001", "mAP50 0.500", "$2.00", "free", "7 still open", "3 wait"))
    assert told.rstrip().splitlines()[-1].startswith("Next: answer questions at http://desk/projects/1/data")


def test_a_server_that_is_away_is_told_in_one_line(store: Store) -> None:
    past(store, 1)
    assert SILENT in _told(read_standing(store, NOW))


def test_an_open_round_is_told_stage_by_stage_with_what_a_rerun_will_do(store: Store) -> None:
    made = past(store, 2)
    night = made.open(2, last=2)
    for stage in ("ingest", "register", "embed"):
        made.leave(night, stage)
    _half(made, night)
    opened = read_standing(store, NOW).open
    assert opened is not None
    lines = {each.name: each for each in opened.stages}
    assert [lines[name].state for name in ("ingest", "register", "autolabel", "calibrate", "train")] == [
        "done", "done", "begun", "not begun", "not begun",
    ]  # fmt: skip
    assert lines["autolabel"].shards == (1, 2)
    assert lines["autolabel"].forecast == 30.0, "one shard is left, and the other took 30 s"
    assert lines["train"].forecast == 60.0
    left = [each.name for each in opened.stages if each.state == "not begun"]
    assert len(left) >= 8
    assert opened.forecast == 30.0 + len(left) * 60.0
    assert "goes on with round 0002 at 'autolabel'" in _told(read_standing(store, NOW))


def _half(made: Past, night: Any) -> None:
    """Auto-labelling died after its first shard."""
    made.leave(night, "autolabel")
    for name in ("stages/autolabel.json", "stages/autolabel-0001.json", "autolabels/part-0001.parquet"):
        made.store.delete(night.keys.key(name))


def test_it_says_who_holds_the_lease_and_whether_he_lives(store: Store) -> None:
    past(store, 1)
    lease = Lease(store, this_process(), clock=lambda: NOW).acquire()
    standing = read_standing(store, NOW)
    assert standing.running
    assert "nothing: a round is running" in _told(standing)
    assert "2026-11-21 12:00 UTC, until 12:02:00" in _told(standing)
    lease.release()
    dead = this_process().split(":")
    dead[2] = "1"  # a process with our number that began long ago
    Lease(store, ":".join(dead), clock=lambda: NOW).acquire()
    standing = read_standing(store, NOW)
    assert not standing.running
    assert "lives no more" in _told(standing)
    assert read_standing(store, NOW + timedelta(hours=1)).holder is None


def test_json_says_the_same(store: Store) -> None:
    made = past(store, 1)
    made.leave(made.open(1, last=1), "ingest")
    said = read_standing(store, NOW).as_dict()
    assert (said["head"], said["lease"], said["open"]["number"]) == (0, None, 1)
    assert said["open"]["stages"][0]["state"] == "done"


def test_open_questions_are_those_that_nobody_answered_about_frames_that_are_there(store: Store) -> None:
    made = past(store, 3)
    found = open_questions(made.night(2))
    second = [made.frames(number)[1] for number in (0, 1)]
    assert [each.frame for each in found.waiting] == [*second, *made.frames(2)]
    assert (found.answered, found.partly, found.dropped) == (2, 0, 0)
    assert found.waiting[0].key == f"0000-{second[0].id}"
    night = made.open(3, last=3)
    assert open_questions(night).waiting == found.waiting, "an open round knows its parent's frames"
