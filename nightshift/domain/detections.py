"""Boxes with a class and a score: the one value that teachers, students, people and metrics pass around.

Boxes are xyxy, absolute pixels, float32, in the EXIF-normalised image; classes index the ontology;
scores lie in [0, 1]. Where objects are segmented, each box comes with its mask, and `overlap` compares masks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nightshift.domain.masks import Masks, mask_iou, tight_boxes

Boxes = NDArray[np.float32]
NO_PROMPT = -1  # who found the box does not work with prompts, or does not say


def _unsaid() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """The detections of one frame. What a person drew has score 1.

    Args:
        boxes: (n, 4) float32, x1 < x2 and y1 < y2, pixels.
        classes: (n,) int64, not negative.
        scores: (n,) float32 in [0, 1].
        prompts: (n,) int64, which of the ontology's prompts found each box; NO_PROMPT where unknown, and left out
            or empty where none is known.
        masks: of each box's object, in the same picture; None where only boxes are known, and where there are none.

    Raises:
        ValueError: lengths differ, or a value is outside its range.
    """

    boxes: Boxes
    classes: NDArray[np.int64]
    scores: NDArray[np.float32]
    prompts: NDArray[np.int64] = field(default_factory=_unsaid)
    masks: Masks | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "boxes", _frozen(self.boxes, np.float32).reshape(-1, 4))
        object.__setattr__(self, "classes", _frozen(self.classes, np.int64).reshape(-1))
        object.__setattr__(self, "scores", _frozen(self.scores, np.float32).reshape(-1))
        said = self.prompts if np.size(self.prompts) else np.full(len(self.boxes), NO_PROMPT)
        object.__setattr__(self, "prompts", _frozen(said, np.int64).reshape(-1))
        if not len(self.boxes) and not self.masks:
            object.__setattr__(self, "masks", None)  # of no objects, not of a picture
        _check(self)

    def __len__(self) -> int:
        return len(self.boxes)

    def __eq__(self, other: object) -> bool:
        """Equal when every box, class, score, prompt and mask is, in the same order."""
        if not isinstance(other, Detections):
            return NotImplemented
        return (
            np.array_equal(self.boxes, other.boxes)
            and np.array_equal(self.classes, other.classes)
            and np.array_equal(self.scores, other.scores)
            and np.array_equal(self.prompts, other.prompts)
            and self.masks == other.masks
        )

    __hash__ = None  # type: ignore[assignment]

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Detections":
        """Those at a mask or at indices, in that order."""
        masks = None if self.masks is None else self.masks.take(which)
        return Detections(self.boxes[which], self.classes[which], self.scores[which], self.prompts[which], masks)

    def above(self, threshold: float) -> "Detections":
        """Those whose score is at least the threshold."""
        return self.take(self.scores >= threshold)

    def by_score(self) -> "Detections":
        """Highest score first; ties keep their order."""
        return self.take(np.argsort(-self.scores, kind="stable"))

    @property
    def unmasked(self) -> "Detections":
        """The boxes alone."""
        return self if self.masks is None else Detections(self.boxes, self.classes, self.scores, self.prompts)

    @classmethod
    def empty(cls) -> "Detections":
        """A frame with nothing in it."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))

    @classmethod
    def of(
        cls,
        boxes: ArrayLike | Iterable[Iterable[float]],
        classes: ArrayLike,
        scores: ArrayLike | None = None,
        prompts: ArrayLike | None = None,
        masks: Masks | None = None,
    ) -> "Detections":
        """From any array-likes; without scores, as a person's answer (score 1)."""
        box_array = np.asarray(boxes, np.float32).reshape(-1, 4)
        given = np.ones(len(box_array), np.float32) if scores is None else scores
        found_by = _unsaid() if prompts is None else np.asarray(prompts, np.int64)
        return cls(box_array, np.asarray(classes, np.int64), np.asarray(given, np.float32), found_by, masks)

    @classmethod
    def of_masks(cls, masks: Masks, classes: ArrayLike, scores: ArrayLike | None = None) -> "Detections":
        """From masks, each in the smallest box around it; those without a pixel are left out."""
        boxes = tight_boxes(masks)
        solid: NDArray[np.bool_] = np.asarray((boxes[:, 2:] > boxes[:, :2]).all(axis=1))
        given = np.ones(len(masks), np.float32) if scores is None else np.asarray(scores, np.float32)
        return cls.of(boxes[solid], np.asarray(classes, np.int64)[solid], given[solid], masks=masks.take(solid))


def clean(
    boxes: NDArray[np.floating],
    classes: NDArray[np.integer],
    scores: NDArray[np.floating],
    size: tuple[int, int],
    masks: Masks | None = None,
) -> Detections:
    """Detections from raw output: clipped to the image; without area or a finite number, dropped.

    Args:
        boxes: (n, 4) xyxy pixels.
        classes: (n,).
        scores: (n,).
        size: (width, height) of the image, pixels.
        masks: of the boxes, already in that image.
    """
    width, height = size
    limits = np.array([width, height, width, height], np.float32)
    clipped = np.clip(np.nan_to_num(boxes, nan=-1.0), 0, limits).astype(np.float32).reshape(-1, 4)
    solid = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
    keep = solid & np.isfinite(scores)
    inside = None if masks is None else masks.take(keep)
    return Detections.of(clipped[keep], classes[keep], np.clip(scores[keep], 0, 1), masks=inside)


def overlap(first: Detections, second: Detections) -> NDArray[np.float32]:
    """Intersection over union of every pair, (n, m) in [0, 1]: of the masks where both have them, else of the boxes.

    Raises:
        ValueError: their masks are of pictures of two sizes.
    """
    if first.masks is not None and second.masks is not None:
        return mask_iou(first.masks, second.masks)
    return iou_matrix(first.boxes, second.boxes)


def on_equal_terms(*sides: Sequence[Detections]) -> tuple[list[Detections], ...]:
    """Frames of several sides to be compared as a whole: by masks only if all of them that have boxes have masks.

    One frame without masks would otherwise be measured by another rule than its neighbours, or one side better than
    the other because it is measured by boxes.
    """
    masked = all(each.masks is not None or not len(each) for side in sides for each in side)
    return tuple([each if masked else each.unmasked for each in side] for side in sides)


def iou_matrix(first: Boxes, second: Boxes) -> NDArray[np.float32]:
    """Intersection over union of every pair. (n, 4), (m, 4) xyxy → (n, m) in [0, 1]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2]).astype(np.float64)
    high = np.minimum(first[:, None, 2:], second[None, :, 2:]).astype(np.float64)
    overlap = np.clip(high - low, 0, None).prod(axis=2)
    union = area(first)[:, None] + area(second)[None, :] - overlap
    share = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return np.asarray(share, np.float32)


def area(boxes: Boxes) -> NDArray[np.float64]:
    """(n, 4) xyxy → (n,) square pixels."""
    sides: NDArray[np.float64] = boxes[:, 2:].astype(np.float64) - boxes[:, :2]
    product: NDArray[np.float64] = sides.prod(axis=1)
    return product


def _frozen(values: ArrayLike, dtype: type) -> NDArray[Any]:
    array: NDArray[Any] = np.array(values, dtype=dtype)
    array.flags.writeable = False
    return array


def _check(detections: Detections) -> None:
    boxes, classes, scores = detections.boxes, detections.classes, detections.scores
    if not len(boxes) == len(classes) == len(scores) == len(detections.prompts):
        counts = f"{len(boxes)} boxes, {len(classes)} classes, {len(scores)} scores, {len(detections.prompts)} prompts"
        raise ValueError(f"{counts}: lengths differ")
    if detections.masks is not None and len(detections.masks) != len(boxes):
        raise ValueError(f"{len(boxes)} boxes, {len(detections.masks)} masks: lengths differ")
    if not np.isfinite(boxes).all() or (boxes[:, 2:] <= boxes[:, :2]).any():
        raise ValueError("every box needs finite x1 < x2 and y1 < y2")
    if (classes < 0).any():
        raise ValueError("a class index is negative")
    if (detections.prompts < NO_PROMPT).any():
        raise ValueError("a prompt index is below -1, which is the unknown one")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("a score lies outside [0, 1]")
