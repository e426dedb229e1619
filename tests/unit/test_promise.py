"""Tonight's thresholds, from audited frames to verdicts."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.domain.frames import audit_rank, golden_rank
from nightshift.simulation.promises import nights
from nightshift.simulation.teacher_worlds import Setting, world
from nightshift.triage.calibration import calibrate
from nightshift.triage.evidence import (
    NOT_FOUND,
    Evidence,
    FrameEvidence,
    Population,
    accepted_counts,
    audit_turn,
    evidence,
)
from nightshift.triage.promise import Promise, Stoplight

QUICK = settings(deadline=None, max_examples=25)
SMALL = Setting(backlog=300, arriving=0, audits=150, nights=1, trend=0, wander=0, quality=4.0)


@cache
def _night(setting: Setting = SMALL, promise: Promise | None = None, seed: int = 0) -> tuple[Evidence, Stoplight]:
    truth = world(setting, np.random.default_rng(seed))
    *_, (_, seen, stoplight) = nights(setting, truth, promise or Promise())
    return seen, stoplight


@cache
def _pool(setting: Setting = SMALL, seed: int = 0) -> Population:
    return world(setting, np.random.default_rng(seed)).known(0, np.arange(setting.backlog))


@QUICK
@given(detections(), detections(), st.randoms())
def test_the_order_of_boxes_does_not_change_what_is_right(auto: Detections, said: Detections, chance: object) -> None:
    order = np.arange(len(auto))
    chance.shuffle(order)  # type: ignore[attr-defined]
    first, other = evidence(auto, said, 0.5, 0, 1), evidence(auto.take(order), said, 0.5, 0, 1)
    assert sorted(first.scores[first.right].tolist()) == sorted(other.scores[other.right].tolist())


@QUICK
@given(detections(), detections(), st.floats(0, 1, width=32))
def test_a_box_is_right_no_matter_what_lies_below_it(auto: Detections, said: Detections, threshold: float) -> None:
    whole, part = evidence(auto, said, 0.5, 0, 1), evidence(auto.above(threshold), said, 0.5, 0, 1)
    assert np.array_equal(whole.right[auto.scores >= threshold], part.right)


@QUICK
@given(detections(), detections())
def test_every_right_box_stands_for_one_drawn_box_of_its_class(auto: Detections, said: Detections) -> None:
    seen = evidence(auto, said, 0.5, 0, 1)
    drawn = seen.objects[seen.found != NOT_FOUND]
    assert sorted(drawn.tolist()) == sorted(seen.classes[seen.right].tolist())


@QUICK
@given(st.lists(detections(), max_size=5), st.lists(st.floats(0, 1, width=32), min_size=1, max_size=4, unique=True))
def test_counts_are_those_of_accepting_at_the_threshold_ties_included(
    found: list[Detections], thresholds: list[float]
) -> None:
    pool, cuts = Population.of(found, [0] * len(found), [0.5] * len(found), [True] * len(found)), sorted(thresholds)
    counts = accepted_counts(pool.frame, pool.scores, cuts, len(found))
    assert counts.tolist() == [[len(each.above(t)) for each in found] for t in cuts]


def test_a_frame_with_more_boxes_is_audited_sooner() -> None:
    box = [[0, 0, 9, 9], [20, 20, 29, 29]]
    assert audit_turn(0.5, Detections.of(box, [0, 0])) == pytest.approx(audit_turn(0.5, Detections.empty()) / 2)


def test_audits_are_drawn_independently_of_what_is_golden() -> None:
    names = [f"{i:064x}" for i in range(400)]
    both = np.array([[audit_rank(each, 7), golden_rank(each, 7)] for each in names])
    assert abs(np.corrcoef(both.T)[0, 1]) < 0.2
    assert ((both >= 0) & (both < 1)).all()


def test_a_good_teacher_is_accepted_and_a_bad_one_is_not() -> None:
    assert _night()[1].thresholds[0] is not None
    assert _night(replace(SMALL, quality=0.0))[1].thresholds[0] is None


def test_the_lower_limit_is_at_least_the_promise_and_below_what_was_measured() -> None:
    verdict = _night()[1].verdicts[0]
    assert verdict.precision is not None
    assert 0.9 <= verdict.lower < verdict.precision
    assert verdict.missing_frames == 0


def test_with_few_audits_nothing_is_accepted_and_the_missing_ones_are_counted() -> None:
    verdict = _night(replace(SMALL, audits=10))[1].verdicts[0]
    assert verdict.threshold is None
    assert verdict.missing_frames is not None
    assert 10 < verdict.missing_frames < 300


def test_about_as_many_audits_as_were_missing_suffice() -> None:
    setting = replace(SMALL, backlog=2000, audits=40)
    missing = _night(setting)[1].verdicts[0].missing_frames
    assert missing is not None
    assert _night(replace(setting, audits=40 + 3 * missing))[1].thresholds[0] is not None


@QUICK
@given(st.floats(0.5, 0.97), st.floats(0.0, 0.02))
def test_a_higher_promise_never_lowers_the_threshold(precision: float, more: float) -> None:
    seen, pool = _night()[0], _pool()
    lower = calibrate(seen, pool, Promise(precision), 1, 1).thresholds[0]
    higher = calibrate(seen, pool, Promise(precision + more), 1, 1).thresholds[0]
    assert higher is None or (lower is not None and lower <= higher)


@QUICK
@given(st.integers(0, 1_000_000), st.integers(1, 40))
def test_more_errors_never_lower_the_threshold(pick: int, errors: int) -> None:
    seen, pool = _night()[0], _pool()
    right = seen.right.copy()
    right[np.flatnonzero(right)[pick % right.sum() :][:errors]] = False
    before = calibrate(seen, pool, Promise(), 1, 1).thresholds[0]
    after = calibrate(replace(seen, right=right), pool, Promise(), 1, 1).thresholds[0]
    assert after is None or (before is not None and before <= after)


def test_the_order_of_audited_frames_and_of_boxes_does_not_matter() -> None:
    seen, pool = _night()[0], _pool()
    flipped = Evidence.of(_frames(seen)[::-1])
    assert calibrate(flipped, pool, Promise(), 1, 1).thresholds == calibrate(seen, pool, Promise(), 1, 1).thresholds


def test_audited_frames_without_boxes_do_not_change_the_threshold() -> None:
    seen, pool = _night()[0], _pool()
    nothing = evidence(Detections.empty(), Detections.empty(), 0.01, 0, 1)
    more = Evidence.of([*_frames(seen), nothing, nothing])
    assert calibrate(more, pool, Promise(), 1, 1).thresholds == calibrate(seen, pool, Promise(), 1, 1).thresholds


def test_no_detections_and_no_audits_accept_nothing() -> None:
    nothing = calibrate(Evidence.of([]), Population.of([], [], [], []), Promise(), 2, 0)
    empty = calibrate(
        Evidence.of([]), Population.of([Detections.empty()] * 3, [0] * 3, [0.5] * 3, [True] * 3), Promise(), 2, 0
    )
    for stoplight in (nothing, empty):
        assert stoplight.thresholds == {0: None, 1: None}
        assert stoplight.missed is None


def test_equal_scores_are_accepted_together_or_not_at_all() -> None:
    seen, pool = _night()[0], _pool()
    same = calibrate(
        replace(seen, scores=np.full_like(seen.scores, 0.5)),
        replace(pool, scores=np.full_like(pool.scores, 0.5)),
        Promise(),
        1,
        1,
    )
    assert same.verdicts[0].era.thresholds == (0.5,)


def test_thresholds_that_may_be_chosen_stay_as_they_were() -> None:
    seen, first = _night()
    second = calibrate(seen, _pool(seed=5), Promise(), 1, 2, first)
    assert second.verdicts[0].era.thresholds == first.verdicts[0].era.thresholds


def test_a_band_that_fails_is_withdrawn() -> None:
    seen, first = _night()
    worse = replace(seen, right=np.zeros_like(seen.right))
    verdict = calibrate(worse, _pool(), Promise(patience=0), 1, 2, first).verdicts[0]
    assert verdict.threshold is None
    assert verdict.withdrawn == (first.thresholds[0], 1.0)


def test_a_collapse_of_the_newest_frames_begins_an_era_that_accepts_nothing() -> None:
    setting = replace(SMALL, backlog=4000, arriving=200, audits=100, nights=6, drop=-6.0)
    stoplight = _night(setting)[1]
    assert len(stoplight.verdicts) > 1
    assert stoplight.thresholds == {0: None}
    assert stoplight.limits(0)[0] is not None


def test_frames_of_tonight_wait_until_audits_were_drawn_from_them() -> None:
    stoplight = _night()[1]
    assert stoplight.limits(stoplight.night - 1) == stoplight.thresholds
    assert stoplight.limits(stoplight.night) == {0: None}


def test_a_pool_that_outgrows_its_audits_is_not_judged_by_its_old_frames() -> None:
    setting = replace(SMALL, backlog=160, audits=150, nights=2)
    assert _night(setting)[1].thresholds[0] is not None
    assert _night(replace(setting, arriving=3000))[1].verdicts[0].frames < 200


def test_a_steady_teacher_stays_in_its_first_era() -> None:
    assert len(_night(replace(SMALL, backlog=900, arriving=100, audits=30, nights=8))[1].verdicts) == 1


def test_a_stoplight_survives_its_receipt() -> None:
    stoplight = _night()[1]
    assert Stoplight.from_dict(json.loads(json.dumps(stoplight.as_dict()))) == stoplight


def test_the_shares_of_delta_add_up_to_no_more_than_delta() -> None:
    era = _night()[1].verdicts[0].era
    spent = sum(len(era.thresholds) * replace(era, number=k).share(Promise(), 3, 0.05) * 3 for k in range(50))
    assert spent <= 0.05 * (1 + 1e-9)


def test_impossible_promises_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Promise(precision=1.0)
    with pytest.raises(ValueError, match="patience"):
        Promise(patience=-1)


def _frames(seen: Evidence) -> list[FrameEvidence]:
    frames = []
    for i in range(len(seen)):
        boxes, drawn = np.flatnonzero(seen.frame == i)[::-1], seen.object_frame == i
        columns = (seen.classes[boxes], seen.scores[boxes], seen.right[boxes], seen.objects[drawn], seen.found[drawn])
        frames.append(FrameEvidence(float(seen.turns[i]), int(seen.registered[i]), int(seen.audited[i]), *columns))
    return frames
