"""One box an object, whichever prompts found it."""

import numpy as np
from hypothesis import given
from strategies import detections

from nightshift.domain.detections import Detections, iou_matrix
from nightshift.teachers._merge import SAME_CLASS_IOU, SAME_OBJECT_IOU, merge

BOLT, SCREW, NUT = 0, 1, 2  # prompts
CLASS_OF = np.array([0, 0, 1], np.int64)  # a screw is a bolt here


def test_two_prompts_of_one_class_on_one_object_are_one_box() -> None:
    found = Detections.of([[0, 0, 10, 10], [0, 0, 10, 11]], [BOLT, SCREW], [0.5, 0.8])
    assert merge(found, CLASS_OF) == Detections.of([[0, 0, 10, 11]], [0], [0.8], [SCREW])


def test_two_classes_on_one_object_leave_the_better_score() -> None:
    found = Detections.of([[0, 0, 100, 100], [0, 0, 100, 98]], [BOLT, NUT], [0.5, 0.6])
    assert merge(found, CLASS_OF) == Detections.of([[0, 0, 100, 98]], [1], [0.6], [NUT])


def test_two_classes_that_overlap_less_are_two_objects() -> None:
    found = Detections.of([[0, 0, 100, 100], [0, 0, 100, 80]], [BOLT, NUT], [0.6, 0.5])
    assert merge(found, CLASS_OF).classes.tolist() == [0, 1]


def test_neighbours_of_one_class_stay_two() -> None:
    found = Detections.of([[0, 0, 10, 10], [3, 0, 13, 10]], [BOLT, BOLT], [0.6, 0.5])
    assert len(merge(found, CLASS_OF)) == 2


@given(detections(classes=3))
def test_what_is_left_overlaps_no_more_than_the_rules_say_and_was_there_before(found: Detections) -> None:
    merged = merge(found, CLASS_OF)
    assert np.array_equal(merged.classes, CLASS_OF[merged.prompts])
    overlap = iou_matrix(merged.boxes, merged.boxes) - np.eye(len(merged))
    same = merged.classes[:, None] == merged.classes[None, :]
    assert (overlap[same] <= SAME_CLASS_IOU + 1e-5).all()
    assert (overlap <= SAME_OBJECT_IOU + 1e-5).all()
    before = {(*box, score) for box, score in zip(found.boxes.tolist(), found.scores.tolist(), strict=True)}
    assert all((*b, s) in before for b, s in zip(merged.boxes.tolist(), merged.scores.tolist(), strict=True))
    assert len(found) == 0 or merged.scores.max() == found.scores.max()
