"""Which pixels belong to each object of a frame, kept as COCO's compressed run lengths of the whole picture.

A pixel belongs to a shape when its centre lies inside; so a box with whole coordinates and its mask cover the same
pixels. Run lengths are small: a disc of a thousand pixels across takes some kilobytes. Knows no class and no score.
What an outline is, `outlines` knows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

Size = tuple[int, int]  # height, width, pixels
Pixels = NDArray[np.bool_]  # (height, width)


class Patch(NamedTuple):
    """A part of a picture: `pixels`, whose first row and column are these of the picture."""

    top: int
    left: int
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Masks:
    """The masks of one frame's objects.

    Args:
        size: (height, width) of the picture, pixels.
        counts: one text of run lengths for each mask, column by column, as COCO compresses them.

    Raises:
        ValueError: the picture has no pixels.
    """

    size: Size
    counts: tuple[bytes, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", (int(self.size[0]), int(self.size[1])))
        object.__setattr__(self, "counts", tuple(bytes(each) for each in self.counts))
        if min(self.size) < 1:
            raise ValueError(f"masks of a picture of {self.size[1]}x{self.size[0]} pixels")

    def __len__(self) -> int:
        return len(self.counts)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Masks":
        """Those at a mask or at indices, in that order."""
        return Masks(self.size, tuple(self.counts[i] for i in np.arange(len(self))[which]))

    @property
    def records(self) -> list[dict[str, Any]]:
        """As COCO writes them: [{"size": [height, width], "counts": …}]."""
        return [{"size": list(self.size), "counts": each} for each in self.counts]

    @classmethod
    def of(cls, pixels: Sequence[Pixels], size: Size) -> "Masks":
        """From pictures of that size, one a mask."""
        return cls(size, tuple(coco().encode(np.asfortranarray(each, np.uint8))["counts"] for each in pixels))

    @classmethod
    def of_patches(cls, patches: Iterable["Patch"], size: Size) -> "Masks":
        """From parts of a picture of that size, one a mask: nothing is set outside; much quicker than `of`."""
        return cls(size, tuple(coco().frPyObjects(_runs(each, size), *size)["counts"] for each in patches))

    @classmethod
    def joined(cls, some: Sequence["Masks"]) -> "Masks":
        """All of several, at least one, of the same picture, in their order.

        Raises:
            ValueError: they are of pictures of several sizes.
        """
        _check_sizes(*some)
        return cls(some[0].size, tuple(count for each in some for count in each.counts))


def pixels_of(masks: Masks, index: int) -> Pixels:
    """(height, width) bool of one mask.

    Raises:
        ValueError: its run lengths do not fill the picture.
    """
    decoded: Pixels = coco().decode(masks.records[index]).astype(np.bool_)
    return decoded


def mask_areas(masks: Masks) -> NDArray[np.float64]:
    """(n,) pixels of each."""
    return np.asarray(coco().area(masks.records) if len(masks) else [], np.float64)


def tight_boxes(masks: Masks) -> NDArray[np.float32]:
    """(n, 4) xyxy: the smallest box around each; without width and height where a mask has no pixel."""
    sides = np.asarray(coco().toBbox(masks.records) if len(masks) else [], np.float32).reshape(-1, 4)
    return np.concatenate([sides[:, :2], sides[:, :2] + sides[:, 2:]], axis=1)


def mask_iou(first: Masks, second: Masks) -> NDArray[np.float32]:
    """Intersection over union of every pair, counted in pixels. n masks, m masks → (n, m) in [0, 1].

    Raises:
        ValueError: they are of pictures of two sizes.
    """
    _check_sizes(first, second)
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)), np.float32)
    shares = coco().iou(first.records, second.records, [0] * len(second))
    return np.asarray(shares, np.float32).reshape(len(first), len(second))


def rectangles(boxes: NDArray[np.floating[Any]], size: Size) -> Masks:
    """The masks of boxes: (n, 4) xyxy pixels, cut off at the picture; a thin one keeps a pixel's width.

    Args:
        boxes: x1 < x2 and y1 < y2.
        size: (height, width) of the picture.
    """
    most, corners = np.array([size[1], size[0]]), boxes.astype(np.float64)
    low, high = np.ceil(corners[:, :2] - 0.5), np.ceil(corners[:, 2:] - 0.5)
    low = np.clip(np.where(high > low, low, np.floor(corners[:, :2])), 0, most - 1)
    sides = np.concatenate([low, np.clip(high, low + 1, most) - low], axis=1)
    return Masks(size, tuple(each["counts"] for each in coco().frPyObjects(sides, *size)) if len(sides) else ())


def mirrored(masks: Masks) -> Masks:
    """As in the picture mirrored left to right."""
    return Masks.of([pixels_of(masks, i)[:, ::-1] for i in range(len(masks))], masks.size)


def middle_mask(masks: Masks) -> Masks:
    """One mask in the middle of several of the same object: where the median distance to the outlines lies inside.

    Distances to an outline count positive inside and negative outside; of an even number of people it is the mean of
    the two in the middle, so that two outlines give the one halfway between (shape-based averaging: Rohlfing and
    Maurer 2007). A majority of pixels would let a tie of two people fall wholly to the larger, or the smaller, mask.

    Masks that hardly share a pixel have nothing in their middle: then it is the largest of them.

    Raises:
        ValueError: there is none, or one of them has no pixel.
    """
    boxes = tight_boxes(masks)
    if not len(masks) or (boxes[:, 2:] <= boxes[:, :2]).any():
        raise ValueError("the middle of masks without a pixel")
    left, top = boxes[:, :2].min(axis=0).astype(int)
    right, bottom = boxes[:, 2:].max(axis=0).astype(int)
    inner = [np.pad(pixels_of(masks, i)[top:bottom, left:right], 1) for i in range(len(masks))]
    whole = np.zeros(masks.size, np.bool_)
    whole[top:bottom, left:right] = np.median([_signed_distance(each) for each in inner], axis=0)[1:-1, 1:-1] >= 0
    largest = max(range(len(masks)), key=lambda i: (inner[i].sum(), masks.counts[i]))
    return Masks.of([whole], masks.size) if whole.any() else masks.take(np.array([largest]))


def _signed_distance(pixels: Pixels) -> NDArray[np.float64]:
    """To the outline between the pixels, positive inside; the picture must have pixels of both kinds."""
    inside, outside = distance_transform_edt(pixels), distance_transform_edt(~pixels)
    return np.where(pixels, inside - 0.5, 0.5 - outside)


def _runs(patch: Patch, size: Size) -> dict[str, Any]:
    """Run lengths of the whole picture, column by column, not yet compressed."""
    rows, columns = patch.pixels.shape
    padded = np.zeros((columns, rows + 2), np.int8)
    padded[:, 1:-1] = patch.pixels.T
    column, row = np.nonzero(np.diff(padded, axis=1))
    edges = (patch.left + column) * size[0] + patch.top + row
    met = np.flatnonzero(edges[1:-1:2] == edges[2::2])  # a run to the foot of a column goes on at the head of the next
    edges = np.delete(edges, np.concatenate([2 * met + 1, 2 * met + 2]))
    ends = [size[0] * size[1]] if not len(edges) or edges[-1] < size[0] * size[1] else []
    return {"size": list(size), "counts": np.diff(np.concatenate([[0], edges, ends])).astype(int).tolist()}


def _check_sizes(*some: Masks) -> None:
    sizes = {each.size for each in some}
    if len(sizes) > 1:
        raise ValueError(f"masks of pictures of different sizes: {sorted(sizes)}")


def coco() -> Any:
    """The library's functions on run lengths; imported when the first mask is met, as boxes need none of it."""
    import faster_coco_eval.core.mask as functions  # noqa: PLC0415

    return functions
