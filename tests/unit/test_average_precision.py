"""Average precision as COCO computes it, and the same from matches that are decided once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.detections import Detections, clean
from nightshift.evaluation.average_precision import Scores, evaluate
from nightshift.evaluation.matches import match_all, mean_average_precision

NAMES = ("bolt", "nut", "washer")
SIZE = (200, 160)


def frame(rng: np.random.Generator, boxes: int) -> Detections:
    low = rng.uniform(0, 120, (boxes, 2))
    corners = np.concatenate([low, low + rng.uniform(5, 40, (boxes, 2))], axis=1)
    return Detections.of(corners, rng.integers(0, 2, boxes))


def guess(rng: np.random.Generator, truth: Detections) -> Detections:
    """Some of the boxes, shaken, sometimes twice or of another class, and some that are made up."""
    some = truth.take(rng.random(len(truth)) < 0.8)
    both = [some, some.take(rng.random(len(some)) < 0.3), frame(rng, int(rng.integers(0, 4)))]
    boxes = np.concatenate([each.boxes for each in both])
    classes = np.concatenate([each.classes for each in both])
    classes = np.where(rng.random(len(classes)) < 0.1, rng.integers(0, 3, len(classes)), classes)
    scores = np.round(rng.random(len(classes)), 1)  # many ties
    return clean(boxes + rng.normal(0, 2, boxes.shape), classes, scores, SIZE)


def scene(seed: int, frames: int = 12) -> tuple[list[Detections], list[Detections]]:
    rng = np.random.default_rng(seed)
    truth = [frame(rng, int(rng.integers(0, 6))) for _ in range(frames)]
    return truth, [guess(rng, each) for each in truth]


def untied(found: Detections, seed: int) -> Detections:
    return Detections.of(found.boxes, found.classes, np.random.default_rng(seed).random(len(found)))


def with_scores(truth: Detections, scores: float) -> Detections:
    return Detections.of(truth.boxes, truth.classes, np.full(len(truth), scores))


@given(st.integers(0, 2**32), st.floats(0.01, 1))
@settings(max_examples=20, deadline=None)
def test_finding_exactly_what_is_there_scores_one(seed: int, score: float) -> None:
    truth = [frame(np.random.default_rng(seed), 3), Detections.empty()]
    scores = evaluate(truth, [with_scores(each, score) for each in truth], NAMES, [SIZE, SIZE])
    assert scores.map50_95 == pytest.approx(1)
    assert scores.map50 == pytest.approx(1)


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_frames_does_not_matter_when_no_scores_are_equal(seed: int) -> None:
    truth, found = scene(seed)
    found = [untied(each, i) for i, each in enumerate(found)]
    order = np.random.default_rng(seed).permutation(len(truth))
    shuffled = evaluate([truth[i] for i in order], [found[i] for i in order], NAMES)
    assert shuffled.map50_95 == pytest.approx(evaluate(truth, found, NAMES).map50_95)


def test_a_class_that_the_truth_lacks_has_no_average_precision_and_does_not_count() -> None:
    truth = [Detections.of([[0, 0, 10, 10]], [0])]
    found = [Detections.of([[0, 0, 10, 10], [20, 20, 30, 30]], [0, 2], [0.9, 0.95])]
    scores = evaluate(truth, found, NAMES)
    assert list(scores.per_class) == ["bolt"]
    assert scores.map50 == pytest.approx(1)


def test_a_missed_class_scores_zero_and_counts() -> None:
    truth = [Detections.of([[0, 0, 10, 10], [20, 20, 30, 30]], [0, 1])]
    scores = evaluate(truth, [Detections.of([[0, 0, 10, 10]], [0], [0.5])], NAMES)
    assert scores.per_class50 == pytest.approx({"bolt": 1.0, "nut": 0.0})
    assert scores.map50 == pytest.approx(0.5)


@pytest.mark.parametrize("found", [[Detections.empty()], [Detections.of([[0, 0, 9, 9]], [1], [0.4])]])
def test_without_truth_every_score_is_zero_and_no_class_has_one(found: list[Detections]) -> None:
    assert evaluate([Detections.empty()], found, NAMES) == Scores(0.0, 0.0)
    assert evaluate([], [], NAMES) == Scores(0.0, 0.0)


def test_a_half_overlapping_box_counts_at_the_lowest_threshold_only() -> None:
    truth = [Detections.of([[0, 0, 10, 10]], [0])]
    scores = evaluate(truth, [Detections.of([[0, 0, 10, 5.2]], [0], [0.9])], NAMES)
    assert scores.map50 == pytest.approx(1)
    assert scores.map50_95 == pytest.approx(0.1)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    evaluate(*scene(0), NAMES)
    assert capfd.readouterr() == ("", "")


def test_lists_of_different_length_and_unnamed_classes_are_refused() -> None:
    truth, found = scene(1)
    with pytest.raises(ValueError, match="12 frames of truth but 11"):
        evaluate(truth, found[:-1], NAMES)
    with pytest.raises(ValueError, match="has no name"):
        evaluate(truth, found, NAMES[:1])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("iou", [0.5, 0.75])
def test_precision_from_matches_is_that_of_faster_coco_eval(seed: int, iou: float) -> None:
    truth, found = scene(seed, frames=30)
    once = np.ones((1, len(truth)), np.int64)
    own = mean_average_precision(match_all(truth, found, len(NAMES), iou), once)[0]
    assert own == pytest.approx(coco_at(truth, found, iou), abs=1e-9)


def test_a_frame_that_counts_twice_is_as_good_as_two_frames() -> None:
    truth, found = scene(3, frames=10)
    found = [untied(each, i) for i, each in enumerate(found)]
    weights = np.random.default_rng(0).integers(0, 3, (20, 10))
    own = mean_average_precision(match_all(truth, found, len(NAMES), 0.5), weights)
    for row, value in zip(weights, own, strict=True):
        chosen = np.repeat(np.arange(10), row)
        assert value == pytest.approx(coco_at([truth[i] for i in chosen], [found[i] for i in chosen], 0.5))


def test_only_the_hundred_best_boxes_of_a_class_in_a_frame_count() -> None:
    truth = [Detections.of([[0, 0, 10, 10]], [0])]
    elsewhere = np.tile([50.0, 50, 60, 60], (100, 1))
    found = [Detections.of([*elsewhere, [0, 0, 10, 10]], np.zeros(101), np.linspace(1, 0.1, 101))]
    own = mean_average_precision(match_all(truth, found, 1, 0.5), np.ones((1, 1), np.int64))[0]
    assert own == 0 == evaluate(truth, found, NAMES[:1]).map50


def coco_at(truth: list[Detections], found: list[Detections], iou: float) -> float:
    """mAP at one IoU threshold from faster-coco-eval."""
    from nightshift.evaluation import average_precision as module  # noqa: PLC0415

    precision = module._precision(truth, found, NAMES, [SIZE] * len(truth))
    return module._mean(precision[[round((iou - 0.5) / 0.05)]])
