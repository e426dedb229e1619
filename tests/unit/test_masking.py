"""Boxes get masks from a masker where they have none, and keep their own where they have."""

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from strategies import detections, masked, with_rectangles

from nightshift.config import Config
from nightshift.domain.detections import Detections
from nightshift.domain.masking import (
    MaskerSpec,
    masked_detector,
    masked_student,
    outlined,
    with_masks,
)
from nightshift.domain.masks import Masks, pixels_of, rectangles, tight_boxes
from nightshift.domain.models import Image, Sight
from nightshift.domain.ontology import Task
from nightshift.maskers.box import BoxMasker
from nightshift.project import Project

PICTURE = np.zeros((200, 200, 3), np.uint8)


class Boxes:
    """A student that finds the same boxes in every picture."""

    version, has_class_scores = "boxes@1", True

    def __init__(self, found: Detections) -> None:
        self.found = found

    def detect(self, images: Any) -> list[Detections]:
        return [self.found for _ in images]

    def embed(self, images: Any) -> Any:
        return np.ones((len(images), 2), np.float32)

    def look(self, images: Any) -> Any:
        return self.detect(images), self.embed(images)

    def inspect(self, images: Any, *, mirrored: bool = False) -> list[Sight]:
        del mirrored
        scores = np.repeat(self.found.scores[:, None], 3, axis=1)
        return [Sight(self.found, scores, np.ones(2, np.float32)) for _ in images]


@settings(deadline=None, max_examples=30)
@given(detections())
def test_every_way_to_ask_a_student_without_masks_gives_the_masker_s(found: Detections) -> None:
    student, wanted = masked_student(Boxes(found), BoxMasker()), with_rectangles(found)
    assert student.detect([PICTURE]) == student.look([PICTURE])[0] == [wanted]
    assert student.inspect([PICTURE])[0].found == wanted
    assert (student.version, student.has_class_scores) == ("boxes@1+box", True)
    assert student.embed([PICTURE]).shape == (1, 2)


@settings(deadline=None, max_examples=20)
@given(masked(), detections())
def test_masks_that_are_there_stay_and_order_too(own: Detections, bare: Detections) -> None:
    images: list[Image] = [PICTURE[:64, :72], PICTURE, PICTURE]
    found = with_masks(BoxMasker(), images, [own, bare, Detections.empty()])
    assert found == [own, with_rectangles(bare), Detections.empty()]


def test_without_a_masker_or_with_masks_of_its_own_a_model_stays_as_it_is() -> None:
    boxes = Boxes(Detections.of([[1, 1, 9, 9]], [0]))
    assert masked_detector(boxes, None) is boxes
    assert masked_detector(None, BoxMasker()) is None
    assert masked_student(boxes, None) is boxes
    boxes.has_masks = True  # type: ignore[attr-defined]
    assert masked_student(boxes, BoxMasker()) is boxes


@settings(deadline=None, max_examples=30)
@given(detections())
def test_a_box_whose_mask_is_empty_is_filled_wholly(found: Detections) -> None:
    nothing = Masks.of([np.zeros((200, 200), np.bool_)] * len(found), (200, 200))
    assert outlined(found, nothing) == with_rectangles(found)


def test_a_box_is_drawn_in_to_fit_its_mask() -> None:
    boxes = Detections.of([[10, 10, 50, 50]], [2], [0.5], [7])
    fitted = outlined(boxes, rectangles(np.array([[20, 15, 40, 45]]), (200, 200)))
    assert fitted.boxes.tolist() == [[20, 15, 40, 45]]
    assert (fitted.classes.tolist(), fitted.scores.tolist(), fitted.prompts.tolist()) == ([2], [0.5], [7])


def project(tmp_path: Path, **said: Any) -> Project:
    told = {"project": "p", "ontology": [{"name": "a"}], "frames": {"source": "f"}, "store": {"uri": "s3://b/p"}}
    return Project(Config.model_validate(told | said), tmp_path)


def test_a_project_detects_unless_it_says_that_it_segments(tmp_path: Path) -> None:
    plain = project(tmp_path)
    assert (plain.config.task, plain.config.classes.task, plain._masker) == ("detect", Task.DETECT, None)
    boxes = [Detections.of([[1, 1, 9, 9]], [0])]
    assert plain.masked([None], boxes) == boxes  # type: ignore[list-item] # the frame is not looked at
    segmenting = project(tmp_path, task="segment", masks={"name": "box"})
    assert segmenting.config.classes.task is Task.SEGMENT
    assert segmenting.config.masker_spec == MaskerSpec("box", "facebook/sam2.1-hiera-small", 32, "auto")
    assert segmenting._masker == BoxMasker()


def test_labels_of_frames_get_masks_where_a_project_segments(tmp_path: Path, monkeypatch: Any) -> None:
    segmenting = project(tmp_path, task="segment", masks={"name": "box"})
    monkeypatch.setattr(segmenting, "image", lambda _: PICTURE)
    (found,) = segmenting.masked([None], [Detections.of([[1, 1, 9, 9]], [0])])  # type: ignore[list-item]
    assert found.masks is not None
    assert pixels_of(found.masks, 0).sum() == 64
    assert np.array_equal(tight_boxes(found.masks), found.boxes)
