import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.triage.stoplight import Colour, Thresholds, light

LIMITS = Thresholds(accept_above=0.6, trust_above=0.3, novel_above=0.25)


def _found(*scores: float) -> Detections:
    return Detections.of([[10 * i, 0, 10 * i + 8, 8] for i in range(len(scores))], [0] * len(scores), scores)


def test_a_frame_whose_boxes_are_all_sure_is_accepted() -> None:
    assert light(_found(0.9, 0.7, 0.1), 0.4, 0.0, LIMITS).colour is Colour.GREEN


def test_one_doubtful_box_makes_the_frame_worth_asking() -> None:
    verdict = light(_found(0.9, 0.45), 0.6, 0.0, LIMITS)
    assert verdict.colour is Colour.YELLOW
    assert "0.45" in verdict.reason


def test_a_student_that_sees_something_else_keeps_a_sure_frame_from_green() -> None:
    assert light(_found(0.9), 1.0, 1.0, LIMITS).colour is Colour.YELLOW


def test_a_frame_without_any_trusted_box_is_asked_only_if_something_is_expected_there() -> None:
    assert light(_found(0.2), 0.0, 0.0, LIMITS).colour is Colour.RED
    assert light(_found(0.2), 1.5, 0.0, LIMITS).colour is Colour.YELLOW


@given(detections(), st.floats(0, 5), st.floats(0, 5))
def test_no_green_frame_has_a_trusted_box_under_the_acceptance_threshold(
    auto: Detections, value: float, differ: float
) -> None:
    if light(auto, value, differ, LIMITS).colour is Colour.GREEN:
        assert (auto.above(LIMITS.trust_above).scores >= LIMITS.accept_above).all()


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="trust_above"):
        Thresholds(accept_above=0.3, trust_above=0.6, novel_above=0.1)
