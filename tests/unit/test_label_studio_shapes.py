"""Masks to Label Studio and back: untouched ones come back as the same objects, and what is broken is said so."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies import detections, masked

from nightshift.domain.corrections import KEPT_IOU, Change, compare
from nightshift.domain.detections import Detections, overlap
from nightshift.domain.frames import Frame, Split
from nightshift.domain.masks import Masks, pixels_of, rectangles
from nightshift.domain.ontology import ObjectClass, Ontology, Task
from nightshift.domain.review import Purpose, Question
from nightshift.services.label_studio.answers import asked_of, read
from nightshift.services.label_studio.brush import packed
from nightshift.services.label_studio.questions import task_of
from nightshift.services.label_studio.record import Record
from nightshift.services.label_studio.shapes import from_mask_regions, to_mask_regions

NAMES = ("bolt", "nut", "<b>'\"&")
CLASSES = Ontology(tuple(ObjectClass(name, (name,), "#e6194b") for name in NAMES), Task.SEGMENT)
SIZE = (72, 64)  # width, height, as the strategy draws
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
quick = settings(deadline=None, max_examples=25)


@quick
@given(masked())
def test_masks_survive_the_way_to_label_studio_and_back(there: Detections) -> None:
    back, rejected = from_mask_regions(to_mask_regions(there, NAMES, SIZE), NAMES, SIZE, "task 1")
    assert rejected == []
    assert (back.classes == there.classes).all()
    assert np.allclose(back.scores, there.scores, atol=1e-6)
    assert (overlap(there, back).diagonal() >= 0.95).all()
    assert np.allclose(back.boxes, there.boxes, atol=1.5)


@quick
@given(masked())
def test_what_a_person_leaves_alone_counts_as_kept(shown: Detections) -> None:
    back, _ = from_mask_regions(to_mask_regions(shown, NAMES, SIZE), NAMES, SIZE, "task 1")
    iou = overlap(shown, back)
    if (iou - np.diag(iou.diagonal()) < KEPT_IOU).all():  # else two are the same object
        assert {each.change for each in compare(shown, back)} <= {Change.KEPT}


@quick
@given(detections(most=3))
def test_a_box_without_a_mask_goes_out_as_its_rectangle(boxes: Detections) -> None:
    back, _ = from_mask_regions(to_mask_regions(boxes, NAMES, (200, 200)), NAMES, (200, 200), "task 1")
    assert back.masks is not None or not len(boxes)
    assert np.allclose(back.boxes, boxes.boxes, atol=1.01)


def test_one_ring_goes_out_as_an_outline_and_a_hole_or_two_pieces_as_painted() -> None:
    solid, holed, split = (np.zeros((64, 72), np.bool_) for _ in range(3))
    solid[10:40, 10:50] = holed[10:40, 10:50] = split[10:20, 10:50] = split[30:40, 10:50] = True
    holed[20:30, 20:30] = False
    found = Detections.of_masks(Masks.of([solid, holed, split], (64, 72)), [0, 1, 2])
    regions = to_mask_regions(found, NAMES, SIZE)
    assert [each["type"] for each in regions] == ["polygonlabels", "brushlabels", "brushlabels"]
    assert [each["from_name"] for each in regions] == ["outline", "brush", "brush"]
    assert len(regions[0]["value"]["points"]) <= 8
    back, _ = from_mask_regions(regions, NAMES, SIZE, "task 1")
    assert overlap(found, back).diagonal()[1:].tolist() == [1, 1]


def outline(**value: Any) -> dict[str, Any]:
    good = {"points": [[10, 10], [50, 10], [50, 60], [10, 60]], "closed": True, "polygonlabels": ["nut"]}
    return {"type": "polygonlabels", "from_name": "outline", "to_name": "image", "value": {**good, **value}}


def painted(**value: Any) -> dict[str, Any]:
    mask = np.zeros((64, 72), np.bool_)
    mask[5:20, 5:20] = True
    good = {"format": "rle", "rle": packed(mask), "brushlabels": ["bolt"]}
    return {"type": "brushlabels", "from_name": "brush", "to_name": "image", "value": {**good, **value}}


def test_an_outline_and_a_stroke_are_read_as_drawn() -> None:
    found, rejected = from_mask_regions([outline(), painted()], NAMES, (100, 100), "t")
    assert [each.reason for each in rejected] == ["it was painted on a picture of another size"]
    found, rejected = from_mask_regions([outline(), painted()], NAMES, SIZE, "t")
    assert rejected == []
    assert found.classes.tolist() == [1, 0]
    assert found.boxes[1].tolist() == [5, 5, 20, 20]
    assert np.allclose(found.boxes[0], [7.2, 6.4, 36, 38.4], atol=0.6)


def test_a_drag_past_the_border_is_clipped_and_a_loop_is_filled_by_turns() -> None:
    points = [[-20, -20], [50, -20], [50, 50], [-20, 50]]
    bow = [[10, 10], [90, 90], [90, 10], [10, 90]]
    found, rejected = from_mask_regions([outline(points=points), outline(points=bow)], NAMES, (100, 100), "t")
    assert rejected == []
    assert found.masks is not None
    assert pixels_of(found.masks, 0).sum() == 2500
    assert 3000 < pixels_of(found.masks, 1).sum() < 3400  # two triangles


BROKEN = {
    "two corners": outline(points=[[1, 1], [5, 5]]),
    "no list": outline(points="1,2,3"),
    "a number": outline(points=[[1, 1], [5, 5], 7]),
    "three numbers": outline(points=[[1, 1, 1], [5, 5, 1], [7, 1, 1]]),
    "not a number": outline(points=[[1, 1], [5, math.nan], [7, 1]]),
    "text": outline(points=[[1, 1], [5, "5"], [7, 1]]),
    "true": outline(points=[[1, 1], [5, True], [7, 1]]),
    "huge": outline(points=[[1, 1], [5, 1e308], [7, 1]]),
    "huge integer": outline(points=[[1, 1], [5, 10**400], [7, 1]]),
    "a line": outline(points=[[1, 1], [5, 5], [9, 9]]),
    "a click": outline(points=[[1, 1], [1.001, 1], [1, 1.001]]),
    "outside": outline(points=[[110, 110], [150, 110], [150, 150]]),
    "a script": outline(points=[[i % 90, i % 80] for i in range(10_001)]),
    "a scribble": outline(points=[[i % 2 * 90, i % 80] for i in range(1000)]),
    "not closed": outline(closed=False),
    "unknown class": outline(polygonlabels=["cat"]),
    "two classes": outline(polygonlabels=["nut", "bolt"]),
    "another tool": outline() | {"from_name": "brush"},
    "a turned picture": outline() | {"image_rotation": 90},
    "a rectangle": {"type": "rectanglelabels", "from_name": "label", "to_name": "image", "value": {}},
    "a type that is no text": outline() | {"type": ["polygonlabels"]},
    "nothing painted": painted(rle=packed(np.zeros((64, 72), np.bool_))),
    "no run lengths": painted(rle=None),
    "broken run lengths": painted(rle=[1, 2, 3]),
    "run lengths that are text": painted(rle=["a"]),
    "another format": painted(format="png"),
    "no value": painted() | {"value": 7},
    "no region": 7,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_region_is_rejected_alone_with_its_reason(broken: Any) -> None:
    found, rejected = from_mask_regions([broken, outline()], NAMES, SIZE, "task 9")
    assert len(found) == 1
    assert [each.subject for each in rejected] == ["task 9, region 0"]
    assert rejected[0].reason


def question(shown: Detections | None) -> Question:
    frame = Frame("ab" * 32, "s3://b/a.jpg", *SIZE, "cam 1", Split.POOL, "a.jpg", 3)
    return Question(frame, 3, Purpose.REVIEW, 0, 1.0, 8.0, 0.1, "why", shown, "m")


def test_an_answer_with_masks_is_read_from_its_task() -> None:
    disc = np.hypot(*(np.mgrid[:64, :72] - 30)) <= 15
    asked = question(Detections.of_masks(Masks.of([disc], (64, 72)), [1], [0.75]))
    task = {"id": 5, **task_of(asked, CLASSES)}
    said = [{k: v for k, v in each.items() if k != "score"} for each in task["predictions"][0]["result"]]
    given_ = {
        "id": 6, "result": [*said, painted()], "was_cancelled": False, "lead_time": 4.0, "completed_by": 1,
        "updated_at": NOON.isoformat(),
    }  # fmt: skip
    record = Record({asked.key: asked}, {3: NOON}, NOON)
    for known in (None, record):
        (answer,), rejected = read([task | {"annotations": [given_]}], CLASSES, 300.0, known)
        assert rejected == []
        assert [each.change for each in compare(answer.shown, answer.said)] == [Change.KEPT, Change.ADDED]
        assert answer.said.scores.tolist() == [1, 1]
    assert asked_of(task, CLASSES)[0].shown.masks is not None


def test_who_segments_cannot_answer_with_a_rectangle_nor_who_detects_with_an_outline() -> None:
    boxes = Ontology(CLASSES.classes)
    rectangle = task_of(question(Detections.of([[1, 1, 9, 9]], [0])), boxes)["predictions"][0]["result"]
    assert [each["type"] for each in rectangle] == ["rectanglelabels"]
    assert len(from_mask_regions(rectangle, NAMES, SIZE, "t")[1]) == 1
    drawn = task_of(question(Detections.of_masks(rectangles(np.array([[1, 1, 9, 9]]), (64, 72)), [0])), CLASSES)
    told = asked_of({"id": 5, **drawn}, boxes)[1]
    assert [each.reason for each in told] == ["it is of type 'polygonlabels', not a labelled rectangle"]
