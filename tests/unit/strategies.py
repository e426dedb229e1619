"""Hypothesis strategies for detections; shared by the property tests."""

import numpy as np
from hypothesis import strategies as st

from nightshift.domain.detections import Detections


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
