"""Boxes as Label Studio writes them (percent of the image, with a rotation) and as we do (pixels, upright).

Knows one region at a time; knows nothing of tasks or people. The geometry is in `nightshift.domain.percent`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Rejected
from nightshift.domain.percent import Box, Size, hull, to_percent
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

Read = TypeVar("Read")


class Unusable(ValueError):  # noqa: N818 - reads as what it is
    """Something that came over the wire cannot be used; the message says why, as a clause."""


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
            "value": to_percent(box, size) | {"rotation": 0, KIND: [names[label]]},
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

    def read(region: object) -> tuple[NDArray[np.float32], int]:
        _, value, label = origin(region, {KIND: CONTROL}, names, "a labelled rectangle")
        return _solid(hull(_box(value), size)), label

    found, scores, rejected = gathered(regions, read, subject)
    boxes, classes = [box for box, _ in found], np.array([label for _, label in found], np.int64)
    return Detections.of(boxes, classes, scores), rejected


def gathered(
    regions: Sequence[object], read: Callable[[object], Read], subject: str
) -> tuple[list[Read], list[float], list[Rejected]]:
    """What `read` makes of each region, with the scores; and the regions that it calls Unusable."""
    found, scores, rejected = [], [], []
    for number, region in enumerate(regions):
        try:
            found.append(read(region))
        except Unusable as problem:
            rejected.append(Rejected(f"{subject}, region {number}", str(problem), kept(region)))
            continue
        scores.append(_score(region))
    return found, scores, rejected


def origin(
    region: object, controls: Mapping[str, str], names: Sequence[str], wanted: str
) -> tuple[str, Mapping[str, object], int]:
    """(kind, value, class) of a region that was drawn with one of our tools on our picture, as the picture stands.

    Args:
        region: as it came over the wire.
        controls: kind of region → name of the tool.
        names: class names by index.
        wanted: what such a region is called.

    Raises:
        Unusable: it is anything else.
    """
    if not isinstance(region, Mapping):
        raise Unusable("it is no region")
    kind, drawn = region.get("type"), (region.get("from_name"), region.get("to_name"))
    if kind in BESIDE:
        raise Unusable(NO_BOX)
    if not isinstance(kind, str) or kind not in controls:
        raise Unusable(f"it is of type '{legible(kind)}', not {wanted}")
    if drawn != (controls[kind], IMAGE):
        ours = f"'{controls[kind]}' on '{IMAGE}'"
        raise Unusable(f"it was drawn with '{legible(drawn[0])}' on '{legible(drawn[1])}', not {ours}")
    if region.get("image_rotation") not in (None, 0):
        raise Unusable("the picture was turned")
    value = region.get("value")
    if not isinstance(value, Mapping):
        raise Unusable("it has no value")
    return kind, value, _label(value.get(kind), names)


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
