"""Boxes as Label Studio writes them (percent of the image, with a rotation) and as we do (pixels, upright).

The one place where the two are converted. Knows one region at a time; knows nothing of tasks or people.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Rejected
from nightshift.services.label_studio.evidence import kept, legible

CONTROL = "label"  # the name of our RectangleLabels tag
IMAGE = "image"  # the name of our Image tag, and of the task field that holds its URI
KIND = "rectanglelabels"
TURNS = 3600.0  # degrees: no hand turns a box further than ten times round
PLAUSIBLE = 200.0  # percent: a drag may leave the image, but nobody draws further out than this
SMALLEST = 0.5  # pixels: a click that was not meant to draw leaves a smaller box
BESIDE = ("relation", "choices", "textarea", "rating", "number", "datetime", "taxonomy", "pairwise", "ranker")
NO_BOX, NO_AREA = "it is a note or a relation, not a box", "it has no area"
TOO_SMALL = "it is outside the image, or smaller than half a pixel"
NOTHING_LOST = frozenset({NO_BOX, NO_AREA, TOO_SMALL})  # whoever made such a region did not mean an object

Size = tuple[int, int]  # width, height of the image, pixels


class Unusable(ValueError):  # noqa: N818 - reads as what it is
    """Something that came over the wire cannot be used; the message says why, as a clause."""


@dataclass(frozen=True, slots=True)
class Box:
    """A Label Studio rectangle: percent of the image, turned clockwise by degrees about (x, y)."""

    x: float
    y: float
    width: float
    height: float
    rotation: float


def to_regions(detections: Detections, names: Sequence[str], size: Size) -> list[dict[str, Any]]:
    """The result list of a prediction or an annotation.

    Args:
        detections: in pixels of the image.
        names: class names by index.
        size: (width, height) of the image, pixels.
    """
    rows = zip(detections.boxes, detections.classes, detections.scores, strict=True)
    return [
        {
            "id": f"box{number:04d}",
            "type": KIND,
            "from_name": CONTROL,
            "to_name": IMAGE,
            "original_width": size[0],
            "original_height": size[1],
            "image_rotation": 0,
            "score": round(float(score), 6),
            "value": _percent(box, size) | {"rotation": 0, KIND: [names[label]]},
        }
        for number, (box, label, score) in enumerate(rows)
    ]


def from_regions(
    regions: Sequence[object],
    names: Sequence[str],
    size: Size,
    subject: str,
) -> tuple[Detections, list[Rejected]]:
    """What can be used of a result list, and what cannot, with the reason.

    Args:
        regions: the items of a result list, as they came over the wire.
        names: class names by index.
        size: (width, height) of the image, pixels; what a region says of its own size is not believed.
        subject: whose regions these are, for the rejections.

    Returns:
        Detections with the regions' own scores (1 where they have none), and the rejected regions.
    """
    boxes, classes, scores, rejected = [], [], [], []
    for number, region in enumerate(regions):
        try:
            box, label = _read(region, names, size)
        except Unusable as problem:
            rejected.append(Rejected(f"{subject}, region {number}", str(problem), kept(region)))
            continue
        boxes.append(box)
        classes.append(label)
        scores.append(_score(region))
    return Detections.of(boxes, np.array(classes, np.int64), scores), rejected


def hull(box: Box, size: Size) -> NDArray[np.float64]:
    """The smallest upright box around a turned one, clipped to the image. (4,) xyxy, pixels.

    Label Studio turns a rectangle clockwise about its own upper left corner, in pixels (not in percent:
    on an image that is not square that would shear it).
    """
    width, height = size
    angle = math.radians(box.rotation)
    along = np.array([math.cos(angle), math.sin(angle)]) * (box.width / 100 * width)
    down = np.array([-math.sin(angle), math.cos(angle)]) * (box.height / 100 * height)
    corner = np.array([box.x / 100 * width, box.y / 100 * height])
    corners = np.clip(corner + np.array([along * 0, along, down, along + down]), 0, [width, height])
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def _percent(box: NDArray[np.float32], size: Size) -> dict[str, float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    width, height = size
    return {
        "x": x1 / width * 100,
        "y": y1 / height * 100,
        "width": (x2 - x1) / width * 100,
        "height": (y2 - y1) / height * 100,
    }


def _read(region: object, names: Sequence[str], size: Size) -> tuple[NDArray[np.float32], int]:
    if not isinstance(region, Mapping):
        raise Unusable("it is no region")
    _check_origin(region)
    value = region.get("value")
    if not isinstance(value, Mapping):
        raise Unusable("it has no value")
    label = _label(value.get(KIND), names)
    return _solid(hull(_box(value), size)), label


def _check_origin(region: Mapping[str, object]) -> None:
    """That it was drawn with our tool on our picture, as the picture stands."""
    kind, drawn = region.get("type"), (region.get("from_name"), region.get("to_name"))
    if kind in BESIDE:
        raise Unusable(NO_BOX)
    if kind != KIND:
        raise Unusable(f"it is of type '{legible(kind)}', not a labelled rectangle")
    if drawn != (CONTROL, IMAGE):
        raise Unusable(
            f"it was drawn with '{legible(drawn[0])}' on '{legible(drawn[1])}', not '{CONTROL}' on '{IMAGE}'"
        )
    if region.get("image_rotation") not in (None, 0):
        raise Unusable("the picture was turned")


def _label(given: object, names: Sequence[str]) -> int:
    if not isinstance(given, list) or len(given) != 1:
        raise Unusable("it needs exactly one class")
    name = given[0]
    if name not in names:
        raise Unusable(f"the class '{legible(name)}' is not in the ontology")
    return list(names).index(name)


def _box(value: Mapping[str, object]) -> Box:
    x, y, width, height = (_number(value, key) for key in ("x", "y", "width", "height"))
    box = Box(x, y, width, height, _number(value, "rotation", 0.0))
    if box.width < 0 or box.height < 0:
        raise Unusable("its width or height is negative")
    if box.width == 0 or box.height == 0:
        raise Unusable(NO_AREA)
    if max(abs(box.x), abs(box.y), box.width, box.height) > PLAUSIBLE:
        raise Unusable("it is far outside the image")
    if abs(box.rotation) > TURNS:
        raise Unusable("it is turned beyond reason")
    return box


def _number(value: Mapping[str, object], key: str, default: float | None = None) -> float:
    given = value.get(key, default)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise Unusable(f"its {key} is not a number")
    if not abs(given) < math.inf:
        raise Unusable(f"its {key} is not finite")
    return float(min(max(given, -1e300), 1e300))


def _solid(box: NDArray[np.float64]) -> NDArray[np.float32]:
    if (box[2:] - box[:2] < SMALLEST).any():
        raise Unusable(TOO_SMALL)
    return box.astype(np.float32)


def _score(region: object) -> float:
    given = region.get("score") if isinstance(region, Mapping) else None
    usable = isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given <= 1
    return float(given) if usable and given is not None else 1.0
