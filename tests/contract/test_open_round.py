"""An open round over a store: what it reads from its ancestors, and when it may publish."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from nightshift.config import Config
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, LeaseLost
from nightshift.domain.frames import Rejected
from nightshift.domain.rounds import Plan, Receipt, Sealed
from nightshift.round import IMPORTED, OpenRound
from nightshift.services.store import rows, state
from nightshift.services.store.lease import Lease
from nightshift.services.store.manifest import read_manifest
from nightshift.services.store.past import Past
from nightshift.services.store.s3 import Store

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CONFIG = Config.model_validate(
    {"project": "p", "ontology": [{"name": "a"}], "frames": {"source": "f"}, "store": {"uri": "s3://b/p"}}
)
BOX = Detections.of([[0, 0, 10, 10]], [0])


def _open(store: Store, number: int, token: int = 0) -> OpenRound:
    parent = number - 1 if number else None
    plan = Plan(number, parent, "nightly", NOON, CONFIG.model_dump(mode="json"), CONFIG.digest, None, 7, {})
    state.create_plan(store, plan)
    project: Any = SimpleNamespace(
        store=store, past=Past(store), config=CONFIG
    )  # all that reading and publishing need of a project
    return OpenRound(project, state.read_plan(store, number), token)


def _label(frame: str, found: Detections) -> dict[str, Any]:
    return {
        "frame_id": frame,
        "purpose": "review",
        "boxes": found.boxes.ravel().tolist(),
        "classes": found.classes.tolist(),
        "answered_at": NOON,
        "annotators": ["somebody"],
    }


def _queued(frame: str) -> dict[str, Any]:
    nothing = rows.detections_row(frame, "", Detections.empty())
    text = {"purpose": "review", "reason": "", "key": f"0000-{frame}", "blind": False}
    numbers = {"position": 0, "value": 1.0, "seconds": 2.0, "usd": 0.1, "opinions": 1}
    return nothing | text | numbers | {"hidden": 0.0, "alone": 0.0}


def test_until_it_ingests_a_round_knows_the_labels_of_its_parent(quick_store: Store) -> None:
    _open(quick_store, 0).write("labels", [_label("x", BOX)])
    child = _open(quick_store, 1)
    assert child.labels() == {"x": BOX}
    child.write("labels", [])
    assert child.labels() == {}, "what people took back is gone"


def test_the_newest_auto_label_of_a_frame_counts(quick_store: Store) -> None:
    for number, model in ((0, "old"), (1, "new")):
        night = _open(quick_store, number)
        night.write("detections", [rows.detections_row("x", model, BOX)], "autolabels/part-0000.parquet")
    assert _open(quick_store, 1).autolabels() == {"x": ("new", BOX)}
    assert _open(quick_store, 0).autolabels() == {"x": ("old", BOX)}


def test_a_frame_asked_by_any_ancestor_counts_as_asked(quick_store: Store) -> None:
    _open(quick_store, 0).write("queue", [_queued("x")])
    _open(quick_store, 1).write("queue", [_queued("y")])
    assert _open(quick_store, 2).asked() == {"x", "y"}


def test_its_own_queue_counts_once_the_round_has_chosen(quick_store: Store) -> None:
    night = _open(quick_store, 0)
    night.write("queue", [_queued("x")])
    assert night.asked() == set()  # left by an attempt that was killed: choosing again must not see it
    night.finish(Receipt("choose", 1.0, {}))
    assert night.asked() == {"x"}


def test_the_first_round_has_no_past(quick_store: Store) -> None:
    first = _open(quick_store, 0)
    assert (first.ancestors, first.past(), first.spent(), first.parent_summary("ingest")) == ([], [], 0.0, {})


def test_what_earlier_rounds_cost_is_carried_on(quick_store: Store) -> None:
    sealed = Sealed(0, None, "nightly", NOON, None, {"total_usd": 12.5}, {}, {})
    counts = _open(quick_store, 0).seal(sealed)
    assert replace(counts, manifest=None) == sealed
    assert read_manifest(quick_store, 0, counts.manifest) is not None
    assert _open(quick_store, 1).spent() == 12.5
    assert state.read_head(quick_store) == 0


def test_a_stage_is_done_once_its_receipt_is_there_and_the_first_one_counts(quick_store: Store) -> None:
    night = _open(quick_store, 0)
    assert night.receipt("train") is None
    night.finish(Receipt("train", 1.0, {"epochs": 3}))
    assert night.finish(Receipt("train", 9.0, {"epochs": 9})).summary == {"epochs": 3}
    assert night.summary("train") == {"epochs": 3}


def test_chance_is_the_same_in_every_attempt_and_another_in_every_stage_and_round(quick_store: Store) -> None:
    first, again, later = _open(quick_store, 0), _open(quick_store, 0), _open(quick_store, 1)
    draw = first.rng("choose").random()
    assert draw == again.rng("choose").random()
    assert draw != first.rng("evaluate").random()
    assert draw != later.rng("choose").random()


def test_a_round_that_lost_its_lease_can_publish_nothing_more(quick_store: Store) -> None:
    times = iter(NOON + timedelta(hours=i) for i in range(20))
    lost = Lease(quick_store, "first", clock=lambda: NOON).acquire()
    night = _open(quick_store, 0, token=lost.token)
    night.finish(Receipt("ingest", 1.0))
    Lease(quick_store, "second", clock=lambda: next(times) + timedelta(days=1)).acquire()
    with pytest.raises(LeaseLost, match="took over"):
        night.finish(Receipt("train", 1.0))
    assert night.receipt("train") is None


def test_what_a_stage_could_not_use_is_kept_with_its_reason(quick_store: Store) -> None:
    night = _open(quick_store, 0)
    assert night.quarantine("register", [Rejected("a.jpg", "it is cut off", "12 bytes")]) == 1
    kept = night.read("quarantine", "quarantine/register.parquet")
    assert kept == [{"stage": "register", "subject": "a.jpg", "reason": "it is cut off", "detail": "12 bytes"}]


def test_what_came_from_outside_is_asked_once_and_stays_what_it_was(quick_store: Store) -> None:
    night, answers = _open(quick_store, 0), iter([{"tasks": [1]}, {"tasks": [1, 2]}])
    assert night.once("ingest/answers.json", lambda: next(answers)) == {"tasks": [1]}
    assert _open(quick_store, 0).once("ingest/answers.json", lambda: next(answers)) == {"tasks": [1]}


def test_labels_that_came_with_the_frames_count_until_people_say_otherwise(quick_store: Store) -> None:
    first, other = _open(quick_store, 0), Detections.of([[5, 5, 9, 9]], [0])
    first.write("labels", [rows.imported_row(f, BOX, NOON) for f in ("x", "y")], IMPORTED)
    _open(quick_store, 1).write("labels", [_label("x", other)])
    assert _open(quick_store, 2).labels() == {"x": other, "y": BOX}


def test_a_fenced_out_round_publishes_no_table(quick_store: Store) -> None:
    with Lease(quick_store, owner="one") as mine:
        night = _open(quick_store, 0, token=mine.token)
        night.write("labels", [])
    with Lease(quick_store, owner="two"), pytest.raises(LeaseLost, match="another process"):
        night.write("queue", [])
    assert not quick_store.exists(night.keys.key("queue.parquet"))


def test_a_round_opened_under_settings_nobody_knows_any_more_says_how_to_go_on(quick_store: Store) -> None:
    plan = Plan(0, None, "nightly", NOON, {"project": "p", "moon": "full"}, "d", None, 7, {"nightshift": "0.0.7"})
    project: Any = SimpleNamespace(store=quick_store, past=Past(quick_store), config=CONFIG)
    with pytest.raises(ConfigError, match=r"rounds/0000/plan\.json.*Finish that round with Nightshift 0\.0\.7"):
        _ = OpenRound(project, plan).config
