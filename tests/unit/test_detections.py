import numpy as np
import pytest
from hypothesis import given
from strategies import detections

from nightshift.domain.detections import NO_PROMPT, Detections, clean, iou_matrix


@given(detections(), detections())
def test_overlap_is_symmetric_and_within_zero_and_one(a: Detections, b: Detections) -> None:
    forth, back = iou_matrix(a.boxes, b.boxes), iou_matrix(b.boxes, a.boxes)
    assert np.array_equal(forth, back.T)
    assert ((forth >= 0) & (forth <= 1)).all()


@given(detections())
def test_a_box_overlaps_itself_wholly(a: Detections) -> None:
    assert np.allclose(np.diag(iou_matrix(a.boxes, a.boxes)), 1)


def test_half_covered_boxes_have_the_overlap_computed_by_hand() -> None:
    first, second = np.float32([[0, 0, 10, 10]]), np.float32([[5, 0, 15, 10]])
    assert iou_matrix(first, second)[0, 0] == pytest.approx(50 / 150)


@pytest.mark.parametrize(
    ("boxes", "classes", "scores"),
    [
        ([[0, 0, 0, 5]], [0], [1]),
        ([[0, 0, np.nan, 5]], [0], [1]),
        ([[0, 0, 5, 5]], [-1], [1]),
        ([[0, 0, 5, 5]], [0], [1.5]),
        ([[0, 0, 5, 5]], [0], [np.nan]),
        ([[0, 0, 5, 5]], [0, 1], [1]),
    ],
)
def test_impossible_detections_are_refused(boxes: list[list[float]], classes: list[int], scores: list[float]) -> None:
    with pytest.raises(ValueError, match=r"box|class|score"):
        Detections.of(boxes, classes, scores)


def test_detections_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Detections.of([[0, 0, 5, 5]], [0]).boxes[0, 0] = 3


def test_raw_output_is_clipped_and_what_has_no_area_is_dropped() -> None:
    raw = np.array([[-5, -5, 5, 5], [90, 90, 95, 300], [120, 0, 130, 5], [0, 0, np.nan, 4]], np.float32)
    found = clean(raw, np.arange(4), np.array([0.5, 1.2, 0.5, 0.5]), (100, 100))
    assert found == Detections.of([[0, 0, 5, 5], [90, 90, 95, 100]], [0, 1], [0.5, 1.0])


@given(detections())
def test_sorting_keeps_every_box_and_puts_the_surest_first(a: Detections) -> None:
    ordered = a.by_score()
    assert (np.diff(ordered.scores) <= 0).all()
    assert sorted(map(tuple, ordered.boxes.tolist())) == sorted(map(tuple, a.boxes.tolist()))


@given(detections())
def test_without_a_word_about_prompts_every_box_has_the_unknown_one(a: Detections) -> None:
    assert a.prompts.tolist() == [NO_PROMPT] * len(a)


@given(detections())
def test_a_box_keeps_its_prompt_wherever_it_goes(a: Detections) -> None:
    told = Detections(a.boxes, a.classes, a.scores, np.arange(len(a)))
    for part in (told.by_score(), told.above(0.5), told.take(np.arange(len(a))[::-1])):
        assert np.array_equal(part.boxes, a.boxes[part.prompts])
    assert (told == a) == (len(a) == 0)


@pytest.mark.parametrize("prompts", [[0, 1], [-2]])
def test_prompts_that_do_not_fit_the_boxes_are_refused(prompts: list[int]) -> None:
    with pytest.raises(ValueError, match="prompt"):
        Detections.of([[0, 0, 5, 5]], [0], [0.5], prompts)
