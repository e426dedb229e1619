"""Masks as outlines and back: what people draw, what YOLO reads, what is drawn over a picture.

An outline runs between the pixels, halfway between centres inside and centres outside, in the same coordinates as
boxes: pixel (0, 0) is the square from 0 to 1. Followed at every pixel it gives back its mask exactly; simplified, it
strays by `tolerance` pixels at most, and a corner of a right angle is cut by half a pixel. Knows no class and no file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.masks import Masks, Size, coco, pixels_of, tight_boxes

Ring = NDArray[np.float64]  # (k, 2) x, y in pixels; its last corner is not its first once more
TOLERANCE = 0.75  # pixels; a third to a tenth of the corners, at an IoU above 0.97 from 20 pixels across
CORNERS = 3  # of the simplest ring


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A connected piece of a mask.

    Args:
        outer: its outline.
        holes: the outlines of what is left out inside.
    """

    outer: Ring
    holes: tuple[Ring, ...] = ()


def outlines(masks: Masks, tolerance: float = TOLERANCE) -> list[tuple[Part, ...]]:
    """The pieces of each mask, the largest first; none of a mask without a pixel.

    Args:
        masks: of one picture.
        tolerance: pixels that an outline may stray by, for fewer corners; 0 keeps every one.
    """
    from nightshift.domain._contours import contours  # noqa: PLC0415 - its libraries take a second

    patches = enumerate(tight_boxes(masks).astype(int).tolist())
    found = [contours(pixels_of(masks, i)[y1:y2, x1:x2], (x1, y1), tolerance) for i, (x1, y1, x2, y2) in patches]
    return [tuple(Part(outer, tuple(holes)) for outer, *holes in rings) for rings in found]


def filled(parts: Iterable[Part], size: Size) -> Masks:
    """One mask with the pixels whose centres lie inside: the union of the pieces.

    A ring that crosses itself is filled by the even-odd rule. What sticks out of the picture is cut off.

    Args:
        parts: at least one.
        size: (height, width) of the picture.
    """
    return Masks(size, (coco().merge([_run_lengths(each, size) for each in parts])["counts"],))


def joined_ring(parts: Sequence[Part]) -> Ring:
    """One ring that says as much of a mask as a single ring can: what YOLO's label files take.

    Pieces are joined by bridges without width, each there and back between the nearest corners. Holes are filled.
    """
    ring = parts[0].outer
    for each in parts[1:]:
        ring = _bridged(ring, each.outer)
    return ring


def _run_lengths(part: Part, size: Size) -> dict[str, object]:
    rings = [each.ravel().tolist() for each in (part.outer, *part.holes)]
    outer, *holes = coco().frPyObjects(rings, *size)
    if not holes:
        found: dict[str, object] = outer
        return found
    inside = coco().decode(outer).astype(np.bool_) & ~coco().decode(holes).any(axis=2)
    encoded: dict[str, object] = coco().encode(np.asfortranarray(inside, np.uint8))
    return encoded


def _bridged(ring: Ring, other: Ring) -> Ring:
    apart = np.linalg.norm(ring[:, None] - other[None], axis=2)
    here, there = np.unravel_index(int(apart.argmin()), apart.shape)
    around = np.roll(other, -int(there), axis=0)
    return np.concatenate([ring[: here + 1], around, around[:1], ring[here:]])
