"""Masks as Label Studio writes them, outlines in percent of the image or strokes of a brush, and as we do.

An object goes out as an outline that people can drag by its corners, where one ring says it nearly exactly; one in
several pieces, with a hole, or too ragged goes out as painted, which loses nothing. What comes back may be either.
Nobody draws rectangles here: a box around an object would be learned as its shape. Knows one region at a time.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Rejected
from nightshift.domain.masks import Masks, mask_areas, mask_iou, pixels_of, rectangles
from nightshift.domain.outlines import CORNERS, TOLERANCE, Part, Ring, filled, outlines
from nightshift.domain.percent import Size
from nightshift.services.label_studio.brush import Unpackable, packed, unpacked
from nightshift.services.label_studio.evidence import legible
from nightshift.services.label_studio.percent import IMAGE, NO_AREA, PLAUSIBLE, TOO_SMALL, Unusable, gathered, origin

OUTLINE, BRUSH = "outline", "brush"  # the names of our PolygonLabels and BrushLabels tags
POLYGON_KIND, BRUSH_KIND = "polygonlabels", "brushlabels"
CONTROLS = {POLYGON_KIND: OUTLINE, BRUSH_KIND: BRUSH}
FAITHFUL = 0.95  # IoU of an outline and its mask, well above that of a correction: what is left alone counts as kept
DRAGGABLE = 200  # corners; nobody drags more
MOST_CORNERS = 10_000  # more is a script, not a person
MOST_TURNS = 200.0  # length of an outline, in half circumferences of the picture; a longer one is a scribble


def to_mask_regions(detections: Detections, names: Sequence[str], size: Size) -> list[dict[str, Any]]:
    """The result list of a prediction or an annotation; a box without a mask goes out as its rectangle.

    Args:
        detections: in pixels of the image.
        names: class names by index.
        size: (width, height) of the image, pixels.
    """
    masks = detections.masks or rectangles(detections.boxes, (size[1], size[0]))
    rows = zip(_shapes(masks, size), detections.classes, detections.scores, strict=True)
    return [
        {
            "id": f"mask{number:04d}",
            "type": kind,
            "from_name": CONTROLS[kind],
            "to_name": IMAGE,
            "original_width": size[0],
            "original_height": size[1],
            "image_rotation": 0,
            "score": round(float(score), 6),
            "value": value | {kind: [names[label]]},
        }
        for number, ((kind, value), label, score) in enumerate(rows)
    ]


def from_mask_regions(
    regions: Sequence[object], names: Sequence[str], size: Size, subject: str
) -> tuple[Detections, list[Rejected]]:
    """What can be used of a result list, and what cannot, with the reason; as `percent.from_regions`, with masks."""

    def read(region: object) -> tuple[Masks, int]:
        kind, value, label = origin(region, CONTROLS, names, "an outline or a brush stroke")
        return (_outline(value, size) if kind == POLYGON_KIND else _brush(value, size)), label

    found, scores, rejected = gathered(regions, read, subject)
    if not found:
        return Detections.empty(), rejected
    masks, classes = Masks.joined([mask for mask, _ in found]), np.array([label for _, label in found], np.int64)
    return Detections.of_masks(masks, classes, scores), rejected


def _shapes(masks: Masks, size: Size) -> list[tuple[str, dict[str, Any]]]:
    """(kind, value) of each."""
    rough, fine = outlines(masks, TOLERANCE), outlines(masks, 0)
    return [_shape(masks.take(np.array([i])), (rough[i], fine[i]), size) for i in range(len(masks))]


def _shape(mask: Masks, ways: Sequence[tuple[Part, ...]], size: Size) -> tuple[str, dict[str, Any]]:
    for parts in ways:
        if len(parts) == 1 and not parts[0].holes and len(parts[0].outer) <= DRAGGABLE:
            points = parts[0].outer / np.array(size) * 100
            back = filled([Part(points / 100 * np.array(size))], mask.size)  # as it will be read
            if mask_iou(back, mask)[0, 0] >= FAITHFUL:
                return POLYGON_KIND, {"points": points.tolist(), "closed": True}
    return BRUSH_KIND, {"format": "rle", "rle": packed(pixels_of(mask, 0))}


def _outline(value: Mapping[str, object], size: Size) -> Masks:
    if value.get("closed", True) is not True:
        raise Unusable("its outline was not closed")
    ring = _ring(value.get("points")) / 100 * np.array(size)
    length = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1).sum()
    if length > MOST_TURNS * sum(size):
        raise Unusable("its outline is a scribble")
    mask = filled([Part(ring)], (size[1], size[0]))
    if not mask_areas(mask)[0]:
        raise Unusable(NO_AREA if np.ptp(ring, axis=0).min() == 0 else TOO_SMALL)
    return mask


def _ring(points: object) -> Ring:
    if not isinstance(points, list) or len(points) < CORNERS:
        raise Unusable("its outline has less than three corners")
    if len(points) > MOST_CORNERS:
        raise Unusable(f"its outline has more than {MOST_CORNERS} corners")
    ring: Ring = np.array([_corner(each) for each in points], np.float64)
    if np.abs(ring).max() > PLAUSIBLE:
        raise Unusable("it is far outside the image")
    return ring


def _corner(point: object) -> tuple[float, float]:
    if not isinstance(point, list) or len(point) != 2:  # noqa: PLR2004 - x and y
        raise Unusable("a corner is not a pair of numbers")
    for each in point:
        number = isinstance(each, int | float) and not isinstance(each, bool)
        if not number or not abs(each) < math.inf:
            raise Unusable("a corner is not a pair of numbers")
    return float(min(max(point[0], -1e300), 1e300)), float(min(max(point[1], -1e300), 1e300))


def _brush(value: Mapping[str, object], size: Size) -> Masks:
    if value.get("format") != "rle":
        raise Unusable(f"it is painted in the format '{legible(value.get('format'))}', not 'rle'")
    told = value.get("rle")
    if not isinstance(told, list):
        raise Unusable("its run lengths are no list")
    try:
        pixels = unpacked(told, (size[1], size[0]))
    except Unpackable as problem:
        raise Unusable(str(problem)) from None
    if not pixels.any():
        raise Unusable(NO_AREA)
    return Masks.of([pixels], (size[1], size[0]))
