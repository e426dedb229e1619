"""Boxes or outlines over a thumbnail, as plain values for the page's inline SVG: sharp at every size, coloured."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.domain.masks import Masks
from nightshift.domain.outlines import Part, Ring, outlines

LABELLED = 12  # more boxes than this on a frame show their names only when pointed at
TEXT_SHARE = 0.034  # height of the text, as a share of the frame's longer side
LETTER = 0.6  # width of a letter, as a share of its height
LONGEST = 16  # letters of a class name
FINENESS = 400.0  # an outline may stray by this share of the frame's longer side: a pixel of the thumbnail


@dataclass(frozen=True, slots=True)
class Mark:
    """One box with its label. All lengths in pixels of the frame.

    Args:
        x: left edge.
        y: upper edge.
        width: of the box.
        height: of the box.
        colour: #rrggbb of its class.
        ink: of the label's text, legible on that colour.
        title: class and score, in full.
        label: the same, short; empty where it would hide the frame.
        label_x: left edge of the label.
        label_y: upper edge of the label.
        label_width: of the label.
        outline: of its mask, as an SVG path to be filled by turns; empty where only the box is known.
    """

    x: float
    y: float
    width: float
    height: float
    colour: str
    ink: str
    title: str
    label: str
    label_x: float
    label_y: float
    label_width: float
    outline: str = ""


def text_size(size: tuple[int, int]) -> float:
    """Height of the labels' text for a frame of (width, height), pixels of the frame."""
    return TEXT_SHARE * max(size)


def marks(shown: Detections, classes: Sequence[tuple[str, str]], size: tuple[int, int]) -> list[Mark]:
    """Every box, the surest drawn last so that it lies on top.

    Args:
        shown: boxes in the frame's own pixels.
        classes: (name, colour) by index.
        size: (width, height) of the frame, pixels.
    """
    ordered = shown.by_score()
    labelled = len(ordered) <= LABELLED
    rows = zip(ordered.boxes.tolist(), ordered.classes.tolist(), ordered.scores.tolist(), strict=True)
    boxes = [_mark(box, _class(classes, kind), score, size, labelled=labelled) for box, kind, score in rows]
    paths = _paths(ordered.masks) if ordered.masks else [""] * len(boxes)
    return [replace(mark, outline=path) for mark, path in zip(boxes, paths, strict=True)][::-1]


def _paths(masks: Masks) -> list[str]:
    """Each mask's outlines, holes included."""
    found = outlines(masks, tolerance=max(masks.size) / FINENESS)
    return ["".join(_path(ring) for part in parts for ring in _rings(part)) for parts in found]


def _rings(part: Part) -> tuple[Ring, ...]:
    return (part.outer, *part.holes)


def _path(ring: Ring) -> str:
    """A closed line through the corners."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in np.asarray(ring).tolist()) + "Z"


def ink_on(colour: str) -> str:
    """Black or white, whichever is read more easily on #rrggbb (ITU-R BT.601 luma)."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#111827" if 0.299 * red + 0.587 * green + 0.114 * blue > 150 else "#ffffff"  # noqa: PLR2004


def _class(classes: Sequence[tuple[str, str]], index: int) -> tuple[str, str]:
    return classes[index] if index < len(classes) else (f"class {index}", "#64748b")


def _mark(box: list[float], kind: tuple[str, str], score: float, size: tuple[int, int], *, labelled: bool) -> Mark:
    (x1, y1, x2, y2), (name, colour) = box, kind
    short = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
    label = f"{short} {score:.2f}" if labelled else ""
    text = text_size(size)
    wide, high = text * (LETTER * len(label) + 0.6), text * 1.35
    return Mark(
        x1, y1, x2 - x1, y2 - y1, colour, ink_on(colour), f"{name} {score:.2f}", label,
        label_x=max(0.0, min(x1, size[0] - wide)),
        label_y=y1 - high if y1 >= high else y1,
        label_width=wide,
    )  # fmt: skip
