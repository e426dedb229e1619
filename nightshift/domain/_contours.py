"""The outlines of pixels, halfway between those inside and those outside; with fewer corners where they may stray."""

import numpy as np
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

Ring = NDArray[np.float64]  # (k, 2) x, y


def contours(pixels: NDArray[np.bool_], corner: tuple[int, int], tolerance: float) -> list[list[Ring]]:
    """The rings of each connected piece, the outer one first; the largest piece first.

    Args:
        pixels: (height, width), perhaps none of them set.
        corner: x, y of the first of them.
        tolerance: by which a ring may stray; 0 keeps every corner.
    """
    if not pixels.any():
        return []
    padded = np.pad(pixels, 1).astype(np.float64)
    found = contour_generator(z=padded, fill_type=FillType.OuterOffset).filled(0.5, 2.0)
    shift = np.array(corner) - 0.5  # what contours count in are centres, and the padding comes first
    shapes = [_shape(points + shift, offsets) for points, offsets in zip(*found, strict=True)]
    return [_rings(_simpler(each, tolerance)) for each in sorted(shapes, key=lambda each: -each.area)]


def _shape(points: Ring, offsets: NDArray[np.uint32]) -> shapely.Polygon:
    rings = [points[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]
    return shapely.Polygon(rings[0], rings[1:])


def _simpler(shape: shapely.Polygon, tolerance: float) -> shapely.Polygon:
    """As it is, where fewer corners would leave nothing of it."""
    simple = shape.simplify(tolerance) if tolerance else shape
    usable = isinstance(simple, shapely.Polygon) and simple.is_valid and simple.area > shape.area / 2
    return simple if usable else shape


def _rings(shape: shapely.Polygon) -> list[Ring]:
    """Without the first corner once more at the end."""
    return [np.asarray(each.coords, np.float64)[:-1] for each in (shape.exterior, *shape.interiors)]
