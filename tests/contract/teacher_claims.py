"""What every teacher promises, as claims that are held against one of them."""

from collections.abc import Callable

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.domain.models import Detector, Image

LANDSCAPE, PORTRAIT = (48, 64, 3), (100, 60, 3)
ODD = ((1, 1, 3), (3, 3, 3), (1, 400, 3), (300, 2, 3), (600, 800, 3))


def picture(shape: tuple[int, ...], seed: int = 0) -> Image:
    """Smooth coloured noise of that shape with a white corner, as plain noise looks alike everywhere."""
    height, width = shape[:2]
    coarse = np.random.default_rng(seed).integers(0, 256, (-(-height // 8), -(-width // 8), 3), np.uint8)
    image = np.kron(coarse, np.ones((8, 8, 1), np.uint8))[:height, :width].copy()
    image[: 2 + seed, :6] = 255
    return image


def same(first: Detections, second: Detections) -> None:
    """Equal up to the rounding of a differently shaped matrix product."""
    assert len(first) == len(second)
    assert np.array_equal(first.classes, second.classes)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-4)
    np.testing.assert_allclose(first.boxes, second.boxes, atol=1e-2)


def batch_equals_single(one: Detector) -> None:
    shapes = (LANDSCAPE, PORTRAIT, LANDSCAPE, (64, 64, 3), PORTRAIT, LANDSCAPE)
    images = [picture(shape, seed) for seed, shape in enumerate(shapes)]
    together, alone = one.detect(images), [one.detect([image])[0] for image in images]
    assert sum(map(len, together)) >= len(images)
    for first, second in zip(together, alone, strict=True):
        same(first, second)


def the_same_twice_and_after_opening_again(one: Detector, again: Callable[[], Detector]) -> None:
    images = [picture(LANDSCAPE), picture(PORTRAIT)]
    other = again()
    assert one.version == other.version
    assert one.detect(images) == one.detect(images) == other.detect(images)


def boxes_lie_inside_and_the_best_comes_first(one: Detector) -> None:
    for shape in (LANDSCAPE, PORTRAIT):
        (seen,) = one.detect([picture(shape)])
        assert len(seen) >= 1
        assert (seen.boxes >= 0).all()
        assert (seen.boxes <= np.array([shape[1], shape[0]] * 2)).all()
        assert (np.diff(seen.scores) <= 0).all()


def every_box_has_the_class_of_its_prompt(one: Detector, class_of: np.ndarray) -> None:
    answers = one.detect([picture(LANDSCAPE, seed) for seed in range(6)])
    assert sum(map(len, answers)) > 0
    for seen in answers:
        assert (seen.prompts >= 0).all()
        assert np.array_equal(seen.classes, class_of[seen.prompts])


def any_shape_is_answered(one: Detector) -> None:
    for shape in ODD:
        (seen,) = one.detect([picture(shape)])
        assert (seen.boxes <= np.array([shape[1], shape[0]] * 2)).all()


def a_frame_of_48_megapixels_is_answered(one: Detector) -> None:
    image = np.full((6000, 8000, 3), 90, np.uint8)
    image[1000:3000, 2000:5000] = 255
    (seen,) = one.detect([image])
    assert len(seen) == 0 or seen.boxes.max() <= 8000
    assert (seen.boxes >= 0).all()


def no_images_are_no_answers(one: Detector) -> None:
    assert one.detect([]) == []
