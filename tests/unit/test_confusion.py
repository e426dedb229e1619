"""What a student takes for what."""

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.evaluation.confusion import NOTHING, Confusion, confusion_matrix, most_confused

TRUTH = Detections.of([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], [0, 0, 1])


def test_right_wrong_missed_and_made_up_boxes_each_have_their_place() -> None:
    found = Detections.of([[0, 0, 10, 10], [20, 0, 30, 10], [70, 0, 80, 10]], [0, 1, 1], [0.9, 0.8, 0.7])
    matrix = confusion_matrix([TRUTH], [found], 2)
    assert matrix.tolist() == [[1, 1, 0], [0, 0, 1], [0, 1, 0]]


def test_boxes_below_the_threshold_are_not_there() -> None:
    matrix = confusion_matrix([TRUTH], [Detections.of([[0, 0, 10, 10]], [0], [0.2])], 2)
    assert matrix.tolist() == [[0, 0, 2], [0, 0, 1], [0, 0, 0]]


def test_every_box_of_the_truth_is_counted_once_in_its_row() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 80, (40, 2))
    found = Detections.of(np.concatenate([low, low + 10], axis=1), rng.integers(0, 2, 40), rng.random(40))
    matrix = confusion_matrix([TRUTH], [found], 2, least_score=0.0)
    assert matrix[:2].sum(axis=1).tolist() == [2, 1]
    assert matrix[:, :2].sum() == 40


def test_mistakes_come_most_frequent_first_with_their_share() -> None:
    matrix = np.array([[5, 3, 2], [0, 4, 0], [1, 0, 0]])
    assert most_confused(matrix, ("bolt", "nut"), most=2) == [
        Confusion("bolt", "nut", 3, 0.3),
        Confusion("bolt", NOTHING, 2, 0.2),
    ]
    assert len(most_confused(matrix, ("bolt", "nut"))) == 3


def test_no_frames_no_mistakes() -> None:
    assert most_confused(confusion_matrix([], [], 2), ("bolt", "nut")) == []
