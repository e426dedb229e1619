"""How far a mask may reach beyond the box that asked for it."""

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.masks import Patch, Pixels

MARGIN = 0.1  # of a side, on each side: boxes of teachers are not exact, and an object may stick out a little
LEAST = 2.0  # pixels


def room(box: NDArray[np.float32], shape: tuple[int, ...], margin: float = MARGIN) -> tuple[slice, slice]:
    """Rows and columns of a box with its margin, inside a picture of that shape."""
    height, width = shape[:2]
    left, top, right, bottom = box.astype(np.float64).tolist()
    aside, above = max(LEAST, margin * (right - left)), max(LEAST, margin * (bottom - top))
    rows = slice(max(0, int(top - above)), min(height, int(np.ceil(bottom + above))))
    return rows, slice(max(0, int(left - aside)), min(width, int(np.ceil(right + aside))))


def within(pixels: Pixels, box: NDArray[np.float32]) -> Patch:
    """What lies within the margin."""
    rows, columns = room(box, pixels.shape)
    return Patch(rows.start, columns.start, pixels[rows, columns])
