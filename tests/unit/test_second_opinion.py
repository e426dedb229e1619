"""A second look at boxes: what is cut out, and what is left of a score."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.domain.models import Image
from nightshift.domain.votes import Voted
from nightshift.teachers._second import SecondOpinion, crop, rescored

IMAGE = np.zeros((100, 200, 3), np.uint8)


@dataclass(frozen=True)
class Says:
    """Says the same of every picture."""

    fits: tuple[float, ...]
    version: str = "judge@1"

    def __call__(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        return np.tile(np.array(self.fits, np.float32), (len(crops), 1))


@dataclass(frozen=True)
class Finds:
    """Finds the same in every image; with `rivals`, an object as two classes."""

    found: Detections
    version: str = "first@1"

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        return [self.found.take(np.array([0])) for _ in images]

    def candidates(self, images: Sequence[Image]) -> list[Detections]:
        return [self.found for _ in images]


TWO = Detections.of([[10, 10, 60, 60], [10, 10, 60, 59]], [0, 1], [0.8, 0.6])


def test_a_box_whose_picture_says_its_own_class_keeps_its_score() -> None:
    one = TWO.take(np.array([0]))
    assert rescored(one, np.array([[0.7, 0.2, 0.1]], np.float32)).scores.tolist() == one.scores.tolist()


def test_another_class_and_the_background_lower_a_score_by_how_much_surer_they_are() -> None:
    one = TWO.take(np.array([0]))
    for fits in ([0.2, 0.8, 0.0], [0.2, 0.0, 0.8]):
        np.testing.assert_allclose(rescored(one, np.array([fits], np.float32)).scores, [0.8 / 4], rtol=1e-6)


def test_of_two_classes_on_one_object_the_second_opinion_decides() -> None:
    for fits, left in (((0.9, 0.1, 0.0), 0), ((0.1, 0.9, 0.0), 1)):
        (seen,) = SecondOpinion(Finds(TWO), Says(fits), 0.05).detect([IMAGE])
        assert seen.classes.tolist() == [left]


def test_what_falls_below_the_threshold_is_left_out_and_no_box_needs_no_judge() -> None:
    nobody = SecondOpinion(Finds(TWO), Says((0.001, 0.001, 0.9)), 0.1)
    assert len(nobody.detect([IMAGE])[0]) == 0
    assert (
        SecondOpinion(Finds(Detections.empty()), Says((1.0,)), 0.1).detect([IMAGE, IMAGE]) == [Detections.empty()] * 2
    )


def test_the_version_names_both() -> None:
    assert SecondOpinion(Finds(TWO), Says((1.0,)), 0.1).version == "first@1, seen again by judge@1"


def test_votes_stay_what_the_members_said() -> None:
    voted = Voted(TWO.boxes, TWO.classes, TWO.scores, votes=np.array([[0.8, 0], [0, 0.6]]))
    left = SecondOpinion(Finds(voted), Says((0.1, 0.9, 0.0)), 0.0).detect([IMAGE])[0]
    assert isinstance(left, Voted)
    np.testing.assert_allclose(left.votes, [[0, 0.6]])


@given(detections(classes=3), st.lists(st.floats(0, 1), min_size=4, max_size=4))
def test_a_second_opinion_never_raises_a_score_or_moves_a_box(found: Detections, fits: list[float]) -> None:
    lowered = rescored(found, np.tile(np.array(fits, np.float32), (len(found), 1)))
    assert (lowered.scores <= found.scores + 1e-7).all()
    assert np.array_equal(lowered.boxes, found.boxes)
    assert np.array_equal(lowered.classes, found.classes)


@given(
    st.integers(1, 300), st.integers(1, 300),
    st.tuples(*[st.floats(0, 1, width=32)] * 4),
)  # fmt: skip
def test_a_crop_has_the_box_and_never_leaves_the_image(width: int, height: int, shares: tuple[float, ...]) -> None:
    image = np.arange(width * height * 3, dtype=np.int64).reshape(height, width, 3).astype(np.uint8)
    left, right = sorted((shares[0] * width, shares[1] * width))
    top, bottom = sorted((shares[2] * height, shares[3] * height))
    seen = crop(image, np.array([left, top, right, bottom], np.float32))
    assert seen.shape[0] >= 1
    assert seen.shape[1] >= 1
    assert seen.shape[0] >= min(height, np.floor(bottom)) - np.ceil(top)
    assert seen.shape[1] >= min(width, np.floor(right)) - np.ceil(left)
