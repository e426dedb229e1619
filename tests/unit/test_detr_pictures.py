"""Variations of training pictures: boxes stay on what they are drawn around."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from nightshift.domain.detections import Detections, iou_matrix
from nightshift.domain.models import Example
from nightshift.students import _yolo_folder
from nightshift.students._detr_pictures import Drawings, Picture, Pictures, finished, tiled, window, with_margin

SIDE = 64
RED = (220, 30, 30)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")


def drawn(left: int, top: int, width: int, height: int) -> Picture:
    """A red box on black."""
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[top : top + height, left : left + width] = RED
    return Picture(square, Detections.of([[left, top, left + width, top + height]], [1]))


def seen_box(pixels: np.ndarray) -> np.ndarray:
    """Around what is red."""
    rows, columns = np.nonzero(pixels[..., 0].astype(int) - pixels[..., 1] > 30)
    return np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)


places = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(12, 24), st.integers(12, 24))


@settings(max_examples=30, deadline=None)
@given(places, st.integers(0, 1000))
def test_a_window_keeps_boxes_on_their_objects_and_drops_what_is_hardly_seen(place: tuple[int, ...], seed: int) -> None:
    cut = window(with_margin(drawn(*place)), SIDE, (0.6, 1.25), np.random.default_rng(seed))
    assert cut.square.shape == (SIDE, SIDE, 3)
    if len(cut.labels):
        assert iou_matrix(cut.labels.boxes, seen_box(cut.square))[0, 0] > 0.7
        assert (cut.labels.boxes >= 0).all()
        assert (cut.labels.boxes <= SIDE).all()


def test_four_squares_lie_side_by_side_with_their_boxes() -> None:
    four = tiled([drawn(4, 6, 20, 20), drawn(8, 8, 20, 20), drawn(2, 2, 20, 20), drawn(30, 30, 20, 20)])
    assert four.square.shape == (2 * SIDE, 2 * SIDE, 3)
    for box in four.labels.boxes.astype(int):
        left, top, right, bottom = box
        assert (four.square[top:bottom, left:right] == RED).all()
    np.testing.assert_array_equal(four.labels.boxes[3], [94, 94, 114, 114])


@settings(max_examples=20, deadline=None)
@given(places, st.integers(0, 1000))
def test_a_finished_drawing_has_its_box_on_its_object_as_centre_and_size_in_shares(
    place: tuple[int, ...], seed: int
) -> None:
    made = finished(drawn(*place), np.random.default_rng(seed))
    ((x, y, w, h),) = (made["labels"]["boxes"] * SIDE).tolist()
    box = np.array([[x - w / 2, y - h / 2, x + w / 2, y + h / 2]], np.float32)
    assert iou_matrix(box, seen_box(made["pixel_values"].numpy().transpose(1, 2, 0)))[0, 0] > 0.99
    assert made["labels"]["class_labels"].tolist() == [1]


def folder(tmp_path: Path, weights: tuple[float, ...] = (1.0, 1.0, 4.0)) -> Path:
    examples = []
    for i, weight in enumerate(weights):
        path = tmp_path / f"{i}.png"
        Pillow.fromarray(np.full((30, 40, 3), 10 * i, np.uint8)).save(path)
        labels = Detections.of([[4, 3, 14, 9]], [0])
        ignore = np.array([[20, 10, 40, 30]], np.float32)
        examples.append(Example(path, labels, human=True, weight=weight, ignore=ignore))
    return _yolo_folder.write(tmp_path / "set", examples, ("part",), least=1)


def test_pictures_are_stretched_with_their_boxes_and_count_by_their_weight(tmp_path: Path) -> None:
    pictures = Pictures(folder(tmp_path), SIDE)
    assert sorted(pictures.epoch.count(each) for each in set(pictures.epoch)) == [1, 1, 4]
    picture = pictures[pictures.epoch[0]]
    np.testing.assert_allclose(picture.labels.boxes, [[6.4, 6.4, 22.4, 19.2]], atol=1e-3)
    assert (picture.square[30:, 40:] == 114).all()  # nothing is to be seen where nobody knows
    assert (picture.square[6:19, 7:22] == 0).all()


def test_the_same_seed_draws_the_same_whoever_draws_it(tmp_path: Path) -> None:
    data = folder(tmp_path)
    first, again, other = (Drawings(Pictures(data, SIDE), 16, seed) for seed in (3, 3, 4))
    torch.manual_seed(99)
    for i in reversed(range(16)):
        assert torch.equal(first[i]["pixel_values"], again[i]["pixel_values"])
    assert any(not torch.equal(first[i]["pixel_values"], other[i]["pixel_values"]) for i in range(16))
