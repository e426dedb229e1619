"""Labels carried along clips in a project with a past: once to each frame, judged by the batch, audited in turn."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nightshift.carried import FOLDER, JUDGED, STAGE, carried, judge, rank, vouched
from nightshift.config_video import PropagationSection
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, FrameRecord, Split, audit_rank
from nightshift.domain.models import Image, no_progress
from nightshift.domain.review import Answer, Purpose
from nightshift.domain.rounds import Receipt, Sealed
from nightshift.domain.tracks import PropagationSpec
from nightshift.policy.knowledge import learn
from nightshift.policy.night import Sighting
from nightshift.propagation import Propagator, open_propagator
from nightshift.round import OpenRound
from nightshift.services.store import rows, state
from nightshift.services.store.past import Past as SealedRounds
from nightshift.services.store.s3 import Store
from tasks import propagate as stage
from tasks.carried_audits import carried_audits, with_carried
from tests.contract.past_rounds import CONFIG, Past, in_memory

pytestmark = pytest.mark.slow  # dozens of objects each
store = pytest.fixture(in_memory)
CLIPS, LENGTH, STEP, SIDE = 25, 7, 3, 24
AT = datetime(2026, 11, 20, tzinfo=UTC)


class Project(SimpleNamespace):
    """All that carrying labels needs of a project; frames are drawn from their names."""

    def propagator(self) -> Propagator | None:
        return open_propagator(PropagationSpec(self.config.propagation.name, reach=self.config.propagation.reach))

    def fetch(self, frames: Sequence[Frame]) -> None:
        self.fetched += [each.id for each in frames]

    def image(self, frame: Frame) -> Image:
        clip, _, at = frame.name.partition("/")
        pattern = np.random.default_rng(int(clip)).integers(0, 256, (6, 6, 3)).astype(np.uint8)
        image = np.full((60, 80, 3), 90, np.uint8)
        left = 8 + STEP * int(at)
        image[20 : 20 + SIDE, left : left + SIDE] = pattern.repeat(4, axis=0).repeat(4, axis=1)
        return image

    def carry(self, carrier: Propagator, film: Sequence[Frame], known: dict[int, Detections]) -> list[Detections]:
        return carrier.propagate([self.image(each) for each in film], known)


def _truth(frame: Frame) -> Detections:
    left = 8 + STEP * int(frame.name.partition("/")[2])
    return Detections.of([[left, 20, left + SIDE, 20 + SIDE]], [0])


def _frames(store: Store, split: Split = Split.POOL) -> list[Frame]:
    named = [(clip, at) for clip in range(CLIPS) for at in range(LENGTH)]
    return [
        Frame(f"{clip * 100 + at:064x}", store.uri("frames/x.png"), 80, 60, str(clip), split, f"{clip}/{at}", 0)
        for clip, at in named
    ]


def _night(store: Store, number: int, name: str = "flow") -> OpenRound:
    section = PropagationSection(name=name, reach=8)
    project = Project(
        store=store, past=SealedRounds(store), config=CONFIG.model_copy(update={"propagation": section}), fetched=[]
    )
    night = OpenRound(project, Past(store).open(number, last=number).plan)  # type: ignore[arg-type]
    night.__dict__["config"] = project.config
    return night


def _label(night: OpenRound, frames: Sequence[Frame], questions: Sequence[Frame] = ()) -> None:
    """People's answers so far, and tonight's questions."""
    skipped = False
    said = [
        Answer(f.id, 0, Purpose.AUDIT, 1, 1, "ann", AT, 5.0, skipped, Detections.empty(), _truth(f))
        for f in frames  # type: ignore[call-arg]
    ]
    night.write("labels", [rows.label_row(each.frame_id, [each], each.said) for each in said])
    night.write("frames", [rows.frame_row(FrameRecord(f, 1, "x")) for f in _frames(night.store)])
    night.write("queue", [_asked(night, f) for f in questions])


def _asked(night: OpenRound, frame: Frame) -> dict[str, Any]:
    more = {"purpose": "audit", "position": 0, "value": 0.0, "seconds": 5.0, "usd": 0.02, "reason": "", "blind": True,
            "opinions": 1, "hidden": 0.0, "alone": 0.0, "key": f"{night.number:04d}-{frame.id}"}  # fmt: skip
    return rows.detections_row(frame.id, "", Detections.empty()) | more


def _carry(night: OpenRound) -> list[str]:
    """The stage as its tasks run it, without Prefect around it."""
    waiting = stage._waiting(night)
    found = stage._carry(night, [f for f in night.frames if f.id in set(waiting)], no_progress)
    night.write("detections", found, f"{FOLDER}/part-0000.parquet")
    night.finish(Receipt(STAGE, 1.0, {"shards": 1}))
    night.finish(Receipt(JUDGED, 1.0, stage._judge(night, no_progress)))
    night.finish(Receipt("choose", 1.0, {}))
    return waiting


def _seal(store: Store, number: int) -> None:
    state.seal(store, Sealed(number, number - 1 if number else None, "nightly", AT, None, {"total_usd": 0.0}, {}, {}))
    state.move_head(store, number - 1 if number else None, number)


def test_labels_are_carried_once_to_each_frame_from_answers_that_were_there(store: Store) -> None:
    frames, first = _frames(store), _night(store, 0)
    middle = [f for f in frames if f.name.endswith("/3")]
    _label(first, middle)
    assert set(_carry(first)) == {f.id for f in frames} - {f.id for f in middle}
    there = carried(first, first.project.propagator().version)  # type: ignore[union-attr]
    assert all(len(each.labels) == 1 and each.labels.scores[0] > 0.5 for each in there.values())
    _seal(store, 0)
    second = _night(store, 1)
    _label(second, [*middle, *frames[:1]])
    assert stage._waiting(second) == []


def test_golden_clips_and_clips_without_answers_are_left_alone(store: Store) -> None:
    night = _night(store, 0)
    _label(night, _frames(store)[:1])
    assert set(stage._waiting(night)) == {f.id for f in _frames(store)[1:LENGTH]}
    assert stage.films(_frames(store, Split.GOLDEN)) == {}


def test_where_none_is_configured_nothing_is_carried_or_judged(store: Store) -> None:
    night = _night(store, 0, "none")
    _label(night, _frames(store)[:3])
    assert stage._waiting(night) == []
    assert stage._judge(night, no_progress) == {"version": "", "batches": {}}
    assert carried_audits(night, _knowledge(night)) == []


def test_a_shard_carries_what_the_whole_would(store: Store) -> None:
    frames, night = _frames(store)[: 2 * LENGTH], _night(store, 0)
    _label(night, [frames[0], frames[6], frames[9]])
    wanted = [f for f in frames if f.id in set(stage._waiting(night))]
    whole = stage._carry(night, wanted, no_progress)
    parts = [row for i in range(0, len(wanted), 2) for row in stage._carry(night, wanted[i : i + 2], no_progress)]
    assert parts == whole


def test_a_batch_is_judged_by_audits_drawn_after_it_and_then_accepted(store: Store) -> None:
    frames, night = _frames(store), _night(store, 0)
    middle = [f for f in frames if f.name.endswith("/3")]
    _label(night, middle)
    _carry(night)
    version = night.project.propagator().version  # type: ignore[union-attr]
    assert judge(night, version) == {}, "tonight's own batch waits a night"
    _seal(store, 0)
    turns = sorted((f for f in frames if f not in middle), key=lambda f: rank(f.id, 0))
    second = _night(store, 1)
    _label(second, [*middle, *turns[:100]], turns[:100])
    _carry(second)
    lights = judge(second, version)[0]
    assert lights.promise.delta == pytest.approx((1 - CONFIG.triage.confidence) / 2)
    assert lights.thresholds[0] is not None
    green = vouched(second, [f for f in second.frames if f in turns[100:]])
    assert len(green) > 0.5 * len(turns[100:])
    assert all(light.reason.startswith("carried along: ") for light, _, _ in green.values())


def test_audits_that_leave_one_out_in_between_count_only_up_to_it(store: Store) -> None:
    frames, night = _frames(store), _night(store, 0)
    middle = [f for f in frames if f.name.endswith("/3")]
    _label(night, middle)
    _carry(night)
    _seal(store, 0)
    turns = sorted((f for f in frames if f not in middle), key=lambda f: rank(f.id, 0))
    second = _night(store, 1)
    _label(second, [*middle, *turns[1:100]], turns[1:100])
    lights = judge(second, second.project.propagator().version)[0]  # type: ignore[union-attr]
    assert lights.thresholds[0] is None
    assert lights.verdicts[0].frames == 0


def test_audits_of_carried_labels_are_asked_blind_in_their_own_order_within_their_dollars(store: Store) -> None:
    frames, night = _frames(store), _night(store, 0)
    _label(night, [f for f in frames if f.name.endswith("/3")])
    _carry(night)
    assert carried_audits(night, _knowledge(night)) == []
    nothing = Sighting(night.frames[0], Detections.empty(), "teacher")
    assert with_carried(night, [nothing])[0].model.startswith("propagation/flow@"), "people see what was carried"
    _seal(store, 0)
    second = _night(store, 1)
    _label(second, [f for f in frames if f.name.endswith("/3")])
    second.finish(Receipt(JUDGED, 1.0, stage._judge(second, no_progress)))
    asked = carried_audits(second, _knowledge(second))
    assert asked
    assert all(row["blind"] and row["purpose"] == "audit" for row in asked)
    order = [rank(row["frame_id"], second.config.seed) for row in asked]
    assert order == sorted(order)
    assert sum(row["usd"] for row in asked) <= 0.5 * 0.1 * second.config.budget.usd_per_night


def test_the_order_of_these_audits_is_not_the_teachers() -> None:
    ids = [f"{n:064x}" for n in range(400)]
    ours, theirs = [rank(each, 3) for each in ids], [audit_rank(each, 3) for each in ids]
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.15


def _knowledge(night: OpenRound) -> Any:
    return learn([], Prices(), len(night.config.classes), 2.0)
