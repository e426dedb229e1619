"""What a night makes of wishes and of vectors: the stages' own bodies over a small project, without Prefect."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, FrameRecord, Split, frame_id
from nightshift.domain.models import no_progress
from nightshift.domain.rounds import Receipt
from nightshift.domain.wishes import Wish
from nightshift.report.page import render
from nightshift.report.view import ReportView, RoundRow
from nightshift.round import OpenRound
from nightshift.services.store import rows
from nightshift.services.store.past import Past as SealedRounds
from nightshift.services.store.s3 import Store
from nightshift.services.store.wishes import make_wish
from tasks import calibrate, choose
from tasks.data_map import data_map, look, spots
from tests.contract.past_rounds import CONFIG, NOW, Past, in_memory, past

pytestmark = pytest.mark.slow  # dozens of objects each
store = pytest.fixture(in_memory)
GEARS = Detections.of([[0, 0, 8, 8], [10, 10, 18, 18]], [0, 0], [0.9, 0.8])
ONE = GEARS.take(np.array([0]))


def _project(store: Store) -> Any:
    return SimpleNamespace(
        store=store, past=SealedRounds(store), config=CONFIG, fetch=lambda _: None, propagator=lambda: None,
        teacher=lambda _: SimpleNamespace(version="teacher"),
        image=lambda frame: np.full((frame.height, frame.width, 3), 90, np.uint8),
    )  # fmt: skip


def _second(store: Store, opened: OpenRound) -> OpenRound:
    """Without audits and random frames, which would take up both of its frames."""
    plain = opened.plan.config["budget"] | {"audit_share": 0.0, "control_share": 0.0}
    return OpenRound(_project(store), replace(opened.plan, config=opened.plan.config | {"budget": plain}))


def _chosen(store: Store) -> list[dict[str, Any]]:
    """The queue of a second night, in which a frame was wished."""
    made = past(store, 1)
    night = _second(store, made.open(1, last=1))
    make_wish(store, Wish("glare on metal", (made.frames(1)[1].id, made.frames(0)[0].id, "f" * 64)))
    for stage in ("ingest", "register", "autolabel"):
        made.leave(night, stage)
    night.finish(Receipt("calibrate", 1.0, calibrate._body(night, no_progress)))
    for stage in ("evaluate", "score"):
        made.leave(night, stage)
    summary = choose._body(night, no_progress)
    assert (summary["queue_wish"], summary["wishes_waiting"], summary["quarantined"]) == (1, 0, 0)
    return night.read("queue")


def test_a_wished_frame_is_asked_first_once_and_with_what_was_looked_for(store: Store) -> None:
    queue = _chosen(store)
    wished = [row for row in queue if row["purpose"] == "wish"]
    assert [row["frame_id"] for row in wished] == [Past(store).frames(1)[1].id]
    assert wished[0]["reason"] == "asked for: glare on metal"
    assert not wished[0]["blind"]
    assert wished[0]["boxes"], "its boxes are shown"
    assert queue[0]["purpose"] == "wish"


def test_the_same_night_run_again_asks_the_same_whatever_is_wished_meanwhile(store: Store) -> None:
    before = _chosen(store)
    night = _second(store, Past(store).night(1))
    make_wish(store, Wish("something else", (Past(store).frames(1)[0].id,)))
    choose._body(night, no_progress)
    assert night.read("queue") == before


# -- the map --------------------------------------------------------------------------------------------------------


def _frame(i: int) -> Frame:
    name = f"clip-{i % 12}/{i:02d}.png"
    return Frame(
        frame_id(name.encode()), f"s3://night/p/frames/{i}.png", 20, 20, f"clip-{i % 12}", Split.POOL, name, i % 3
    )


def _night(store: Store, frames: int = 60) -> OpenRound:
    """Frames that look one way or the other; on the latter people had to add a box."""
    night = OpenRound(_project(store), Past(store).open(0, last=0).plan)
    known = [_frame(i) for i in range(frames)]
    night.write("frames", [rows.frame_row(FrameRecord(each, 11, "stamp")) for each in known])
    chance = np.random.default_rng(0)
    night.write("scores", [_score(each, i % 2, chance) for i, each in enumerate(known)], "scores/part-0000.parquet")
    night.write("queue", [_asked(each, i) for i, each in enumerate(known[: frames - 12])])
    night.finish(Receipt("choose", 1.0))
    night.write("labels", [_label(each, i % 2) for i, each in enumerate(known[: frames - 12])])
    waiting = [{"frame_id": each.id, "colour": "green", "reason": "", "value": 0.2} for each in known[frames - 12 :]]
    night.write("triage", waiting)
    return night


def _score(frame: Frame, way: int, chance: np.random.Generator) -> dict[str, Any]:
    vector = (np.eye(4)[way] + chance.normal(scale=0.05, size=4)).tolist()
    return rows.detections_row(frame.id, "student@1", ONE) | {"probabilities": [0.9], "embedding": vector}


def _asked(frame: Frame, position: int) -> dict[str, Any]:
    return rows.detections_row(frame.id, "student@1", ONE) | {
        "purpose": "review", "position": position, "value": 1.0, "seconds": 9.0, "usd": 0.1, "reason": "unsure",
        "blind": False, "key": f"0000-{frame.id}", "opinions": 1, "hidden": 0.0, "alone": 0.0,
    }  # fmt: skip


def _label(frame: Frame, missed: int) -> dict[str, Any]:
    said = GEARS if missed else ONE
    return {
        "frame_id": frame.id, "purpose": "review", "boxes": said.boxes.ravel().tolist(),
        "classes": said.classes.tolist(), "answered_at": NOW, "annotators": ["ann"],
    }  # fmt: skip


def test_the_map_shows_every_frame_with_what_is_known_of_it(store: Store) -> None:
    night = _night(store)
    seen = look(night)
    shown = data_map(night, seen)
    assert shown is not None
    assert (len(shown.points), shown.total, shown.seen_by) == (60, 60, "the champion")
    by_name = {each.name: each for each in shown.points}
    first, second, last = (by_name[_frame(i).name] for i in (0, 1, 59))
    assert (first.light, first.label, first.errors) == ("labelled", "gear", 0)
    assert second.errors == 1
    assert (last.light, last.errors, last.round) == ("green", pytest.approx(0.2), 59 % 3)
    assert data_map(night, look(night)) == shown, "the same round draws the same map"


def test_the_frames_on_which_people_had_to_correct_more_are_found(store: Store) -> None:
    night = _night(store)
    seen = look(night)
    found = spots(night, seen)
    assert found is not None
    assert found.frames == 48
    assert found.mean == pytest.approx(0.5)
    worse = [each for each in found.rows if each.worse]
    assert worse
    assert all(each.mean == 1 for each in worse)
    assert all(each.mean > found.mean for each in found.rows), "what is not worse is not told"
    history = (RoundRow(0, {}),)
    page = render(
        ReportView(
            "line", 0, "nightly", NOW, history, (("gear", "#e6194b"),), data_map=data_map(night, seen), spots=found
        )
    )
    assert f"nightshift find --like {worse[0].like} --queue" in page


def test_a_few_frames_make_neither_map_nor_groups(store: Store) -> None:
    night = past(store, 1).night(0)
    seen = look(night)
    assert data_map(night, seen) is None
    assert spots(night, seen) is None
