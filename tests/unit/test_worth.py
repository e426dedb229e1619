"""What asking about a frame is worth: what is shown and hinted at, weighed by class, whatever the order of boxes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.acquisition.disagreement import disagreement
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.evaluation.rates import fit_rates
from nightshift.policy.worth import Scale, class_weights, seconds

RATES = fit_rates([], classes=3)
SHOWN_ABOVE = 0.3
FAR = 1000.0  # where no drawn box reaches
COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=8)


def scale(weights: np.ndarray | None = None) -> Scale:
    return Scale(RATES, np.ones(3) if weights is None else weights, SHOWN_ABOVE)


@settings(max_examples=25)
@given(detections(), st.none() | detections(), st.lists(st.floats(0, 5), min_size=3, max_size=3))
def test_no_frame_is_worth_less_than_nothing(
    boxes: Detections, second: Detections | None, weights: list[float]
) -> None:
    found = scale(np.array(weights)).weigh(boxes, second)
    assert 0 <= found.settled < np.inf
    assert min(found.hidden, found.alone) >= 0
    assert found.disagreement is None or found.disagreement >= 0


@settings(max_examples=25)
@given(detections(), st.none() | detections(), st.permutations(range(6)))
def test_the_order_of_the_boxes_changes_no_worth(
    boxes: Detections, second: Detections | None, order: list[int]
) -> None:
    turned = boxes.take(np.array([i for i in order if i < len(boxes)], np.intp))
    one, other = scale().weigh(boxes, second), scale().weigh(turned, second)
    assert one.settled == pytest.approx(other.settled, abs=1e-5)
    assert np.allclose(one.edits.vector, other.edits.vector, atol=1e-5)


@settings(max_examples=25)
@given(detections(), st.none() | detections())
def test_worth_and_price_come_from_the_same_expectation(boxes: Detections, second: Detections | None) -> None:
    """With classes alike the worth is the number of edits that are priced, confirmations included."""
    found = scale().weigh(boxes, second)
    assert found.edits == RATES.expect(boxes.above(SHOWN_ABOVE), found.hidden, alone=found.alone)
    assert found.blind == RATES.expect_blind(boxes.above(SHOWN_ABOVE), found.hidden, alone=found.alone)
    assert found.settled == pytest.approx(found.edits.vector.sum(), abs=1e-4)


@settings(max_examples=25)
@given(detections())
def test_without_a_second_opinion_nothing_is_said_of_disagreement(boxes: Detections) -> None:
    """And a second model that sees nothing says no more of what is missing."""
    none, silent = scale().weigh(boxes, None), scale().weigh(boxes, Detections.empty())
    assert none.disagreement is None
    assert silent.disagreement == pytest.approx(boxes.above(SHOWN_ABOVE).scores.sum(), abs=1e-5)
    assert replace(silent, disagreement=None) == none


@settings(max_examples=25)
@given(detections(), detections())
def test_disagreement_is_that_of_the_boxes_that_would_be_shown(boxes: Detections, second: Detections) -> None:
    found = scale().weigh(boxes, second).disagreement
    assert found == disagreement(second.above(SHOWN_ABOVE), boxes.above(SHOWN_ABOVE))


@settings(max_examples=25)
@given(detections(), detections(), st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)))
def test_more_that_only_the_second_model_saw_never_lowers_worth_or_price(
    boxes: Detections, second: Detections, scores: tuple[float, float]
) -> None:
    """However classes are weighed; blind or not."""
    odd = np.array([0.1, 0.4, 2.5])
    less, more = (scale(odd).weigh(boxes, _beside(second, score)) for score in sorted(scores))
    assert more.alone >= less.alone - 1e-5
    assert more.settled >= less.settled - 1e-5
    assert seconds(more.edits, Prices()) >= seconds(less.edits, Prices()) - 1e-5
    assert seconds(more.blind, Prices()) >= seconds(less.blind, Prices()) - 1e-5


def _beside(found: Detections, score: float) -> Detections:
    """One box more, far from all others."""
    corners = np.concatenate([found.boxes, np.float32([[FAR, FAR, FAR + 9, FAR + 9]])])
    return Detections.of(corners, [*found.classes.tolist(), 0], [*found.scores.tolist(), score])


def test_alone_is_what_the_second_model_would_show_and_the_first_does_not() -> None:
    """Not what both see, be it as another class, nor what the second model hardly sees."""
    corners = [[20 * i, 0, 20 * i + 9, 9] for i in range(4)]
    boxes = Detections.of(corners[:2], [0, 0], [0.9, 0.9])
    second = Detections.of(corners, [0, 1, 0, 0], [0.5, 0.5, 0.75, 0.25])
    assert scale().weigh(boxes, second).alone == pytest.approx(0.75)
    assert scale().weigh(boxes, None).alone == 0


def test_a_box_that_only_the_second_model_sees_counts_by_its_class() -> None:
    weights = np.array([0.5, 0.5, 2.0])
    boxes = Detections.of([[0, 0, 9, 9]], [0], [0.9])
    common, rare = (Detections.of([[50, 0, 59, 9]], [label], [0.5]) for label in (0, 2))
    base, one, other = (scale(weights).weigh(boxes, each).settled for each in (None, common, rare))
    assert one - base == pytest.approx(0.5 * 0.5)
    assert other - base == pytest.approx(0.5 * 2.0)


@settings(max_examples=25)
@given(detections(), st.none() | detections(), st.floats(1, 5))
def test_weighing_every_class_more_weighs_the_frame_more_by_as_much(
    boxes: Detections, second: Detections | None, factor: float
) -> None:
    one, more = scale().weigh(boxes, second), scale(np.full(3, factor)).weigh(boxes, second)
    assert more.settled == pytest.approx(factor * one.settled, rel=1e-5)
    assert (more.edits, more.blind, more.disagreement) == (one.edits, one.blind, one.disagreement)


def test_a_box_of_a_rare_class_is_worth_more_than_one_of_a_common_class() -> None:
    weights = class_weights([1000, 1000, 3])
    common, rare = (Detections.of([[0, 0, 9, 9]], [label], [0.5]) for label in (0, 2))
    assert scale(weights).weigh(rare, None).settled > scale(weights).weigh(common, None).settled


def test_a_frame_on_which_nothing_is_found_is_still_worth_what_such_frames_may_hide() -> None:
    found = scale().weigh(Detections.empty(), None)
    assert found.settled == pytest.approx(found.edits.added) == found.blind.added > 0


def test_only_boxes_just_under_those_shown_are_hidden() -> None:
    boxes = Detections.of([[20 * i, 0, 20 * i + 9, 9] for i in range(3)], [0, 1, 2], [0.5, 0.2, 0.05])
    assert scale().weigh(boxes, None).hidden == pytest.approx(0.2)


@settings(max_examples=25)
@given(detections())
def test_a_blind_frame_expects_every_object_drawn_and_nothing_else(boxes: Detections) -> None:
    blind, shown = scale().weigh(boxes, None).blind, scale().weigh(boxes, None).edits
    assert blind.corrections == blind.added
    assert seconds(blind, Prices()) >= seconds(Edits(shown.kept, shown.moved, shown.relabelled, shown.added), Prices())


@settings(max_examples=25)
@given(COUNTS)
def test_class_weights_are_one_on_average_and_a_class_with_more_labels_never_counts_more(counts: list[int]) -> None:
    weights = class_weights(counts)
    assert weights.mean() == pytest.approx(1)
    assert (weights > 0).all()
    for i, one in enumerate(counts):
        for j, other in enumerate(counts):
            assert weights[i] >= weights[j] or one > other or weights[i] == pytest.approx(weights[j])


def test_a_box_just_under_those_shown_counts_by_its_class() -> None:
    weights = np.array([0.5, 0.5, 2.0])
    corners, scores = [[0, 0, 9, 9], [50, 0, 59, 9]], [0.9, 0.2]
    common, rare = (scale(weights).weigh(Detections.of(corners, [0, label], scores), None) for label in (0, 2))
    assert rare.settled - common.settled == pytest.approx(0.2 * (2.0 - 0.5))


def test_classes_with_equally_many_labels_count_alike_and_one_class_counts_one() -> None:
    assert class_weights([7, 7, 7]).tolist() == pytest.approx([1, 1, 1])
    assert class_weights([12345]).tolist() == [1]
