from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.triage.stoplight import Colour, Limits, light

LIMITS = Limits(accept=(0.6, None), trust_above=0.3, novel_above=0.25)
ACCEPT = st.lists(st.none() | st.floats(0, 1), min_size=3, max_size=3).map(tuple)


def _found(*scores: float, label: int = 0) -> Detections:
    return Detections.of([[10 * i, 0, 10 * i + 8, 8] for i in range(len(scores))], [label] * len(scores), scores)


def test_a_frame_whose_boxes_are_all_sure_is_accepted() -> None:
    assert light(_found(0.9, 0.7, 0.1), 0.4, 0.0, LIMITS).colour is Colour.GREEN


def test_one_doubtful_box_makes_the_frame_worth_asking() -> None:
    verdict = light(_found(0.9, 0.45), 0.6, 0.0, LIMITS)
    assert verdict.colour is Colour.YELLOW
    assert "0.45" in verdict.reason


def test_a_few_doubtful_boxes_among_many_sure_ones_are_left_out_which_is_said() -> None:
    many = _found(*[0.9] * 9, 0.45)
    assert light(many, 0.6, 0.0, LIMITS).colour is Colour.GREEN
    assert light(many, 0.6, 0.0, LIMITS).reason == "9 boxes accepted, 1 left out"
    assert light(many, 0.6, 0.0, replace(LIMITS, doubtful_share=0.05)).colour is Colour.YELLOW


def test_a_frame_of_which_nothing_is_accepted_is_never_green_however_much_may_be_left_out() -> None:
    assert light(_found(0.45), 0.0, 0.0, replace(LIMITS, doubtful_share=1.0)).colour is Colour.YELLOW


def test_a_class_whose_promise_is_not_kept_yet_accepts_nothing_however_sure_it_is() -> None:
    assert light(_found(1.0, label=1), 0.0, 0.0, LIMITS).colour is Colour.YELLOW
    assert len(LIMITS.split(_found(1.0, label=1))[0]) == 0


def test_a_box_that_scores_exactly_its_threshold_is_accepted() -> None:
    assert len(Limits((0.5,), 0.3, 1.0).split(_found(0.5))[0]) == 1


def test_a_student_that_sees_something_else_keeps_a_sure_frame_from_green() -> None:
    assert light(_found(0.9), 1.0, 1.0, LIMITS).colour is Colour.YELLOW


def test_a_frame_without_any_trusted_box_is_asked_only_if_something_is_expected_there() -> None:
    assert light(_found(0.2), 0.0, 0.0, LIMITS).colour is Colour.RED
    assert light(_found(0.2), 1.5, 0.0, LIMITS).colour is Colour.YELLOW
    assert light(Detections.empty(), 0.0, 0.0, LIMITS).colour is Colour.RED


@settings(max_examples=40)
@given(detections(), ACCEPT)
def test_nothing_is_accepted_below_the_threshold_of_its_class(
    auto: Detections, accept: tuple[float | None, ...]
) -> None:
    kept = Limits(accept, 0.3, 1.0).split(auto)[0]
    for label, score in zip(kept.classes.tolist(), kept.scores.tolist(), strict=True):
        assert (lowest := accept[label]) is not None
        assert score >= lowest


@settings(max_examples=40)
@given(detections(), ACCEPT, st.integers(0, 2), st.floats(0, 1))
def test_a_higher_threshold_never_accepts_more(
    auto: Detections, accept: tuple[float | None, ...], label: int, higher: float
) -> None:
    old = accept[label]
    stricter = tuple(None if old is None else max(old, higher) if i == label else each for i, each in enumerate(accept))
    loose, strict = (Limits(each, 0.3, 1.0).accepts(auto) for each in (accept, stricter))
    assert not (strict & ~loose).any()


@settings(max_examples=40)
@given(detections(), ACCEPT, st.floats(0, 5), st.floats(0, 5), st.floats(0, 1))
def test_a_green_frame_leaves_out_no_larger_share_of_its_trusted_boxes_than_it_may(
    auto: Detections, accept: tuple[float | None, ...], value: float, differ: float, share: float
) -> None:
    limits = Limits(accept, 0.3, 0.25, share)
    if light(auto, value, differ, limits).colour is Colour.GREEN:
        taken = limits.accepts(auto)
        doubtful = (auto.scores >= 0.3) & ~taken
        assert differ <= 0.25
        assert taken.any()
        assert doubtful.sum() <= share * (doubtful | taken).sum()


@settings(max_examples=40)
@given(detections(), ACCEPT, st.floats(0, 5), st.floats(0, 5), st.randoms(use_true_random=False))
def test_the_order_of_the_boxes_changes_no_colour(
    auto: Detections, accept: tuple[float | None, ...], value: float, differ: float, shuffler: object
) -> None:
    order = list(range(len(auto)))
    shuffler.shuffle(order)  # type: ignore[attr-defined]
    limits = Limits(accept, 0.3, 0.25)
    assert light(auto, value, differ, limits).colour is light(auto.take(order), value, differ, limits).colour


@pytest.mark.parametrize(
    "wrong", [{"accept": (1.5,)}, {"trust_above": -0.1}, {"novel_above": -1.0}, {"doubtful_share": 1.1}]
)
def test_limits_outside_their_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"lie in|lies in"):
        replace(LIMITS, **wrong)
