"""Hypothesis strategies for detections; shared by the property tests."""

import numpy as np
from hypothesis import strategies as st

from nightshift.domain.detections import Detections
from nightshift.domain.masks import Masks, Pixels, rectangles


@st.composite
def detections(draw: st.DrawFn, most: int = 6, side: int = 200, classes: int = 3) -> Detections:
    """Up to `most` solid boxes inside a square picture."""
    n = draw(st.integers(0, most))
    corner = st.integers(0, side - 20)
    length = st.integers(4, 19)
    boxes = [_box(draw(corner), draw(corner), draw(length), draw(length)) for _ in range(n)]
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n))
    scores = draw(st.lists(st.floats(0, 1, width=32), min_size=n, max_size=n))
    return Detections.of(np.array(boxes, np.float32).reshape(-1, 4), labels, scores)


def _box(x: int, y: int, width: int, height: int) -> tuple[int, int, int, int]:
    return x, y, x + width, y + height


@st.composite
def masked(draw: st.DrawFn, most: int = 5, side: int = 64, classes: int = 3) -> Detections:
    """Up to `most` ellipses, some with a hole, some touching the border, in a picture of `side` by `side` + 8."""
    n = draw(st.integers(0, most))
    shapes = [_ellipse(draw, side) for _ in range(n)]
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=n, max_size=n))
    scores = draw(st.lists(st.floats(0, 1, width=32), min_size=n, max_size=n))
    return Detections.of_masks(Masks.of(shapes, (side, side + 8)), labels, scores)


def _ellipse(draw: st.DrawFn, side: int) -> Pixels:
    rows, columns = np.mgrid[:side, : side + 8]
    x, y = draw(st.integers(4, side + 3)), draw(st.integers(4, side - 5))
    wide, high = draw(st.integers(3, 20)), draw(st.integers(3, 20))
    away = ((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2
    return np.asarray((away <= 1) & (away >= draw(st.sampled_from([0.0, 0.0, 0.2]))), np.bool_)


def with_rectangles(found: Detections, side: int = 200) -> Detections:
    """The same boxes, whose coordinates are whole, with masks that fill them."""
    masks = rectangles(found.boxes, (side, side))
    return Detections(found.boxes, found.classes, found.scores, found.prompts, masks)
