"""What a person changed, box by box, from geometry: kept, moved, relabelled, added, deleted.

Where objects have masks, their overlap is that of the masks: a mask that is redrawn is a box that is moved.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from nightshift.domain.detections import Detections, overlap

KEPT_IOU = 0.85  # people's boxes on VOC agree with masks at 0.88 IoU: a smaller move is no correction
SAME_IOU = 0.50  # below it the two boxes are about different objects


class Change(StrEnum):
    """What became of a box."""

    KEPT = "kept"
    MOVED = "moved"
    RELABELLED = "relabelled"
    ADDED = "added"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class BoxChange:
    """One box before and after a person looked at it.

    Args:
        change: what became of it.
        before: index into what was shown; None for an added box.
        after: index into what was said; None for a deleted box.
        iou: overlap of the two; 0 where one is missing.
    """

    change: Change
    before: int | None
    after: int | None
    iou: float


def compare(shown: Detections, said: Detections) -> list[BoxChange]:
    """Every box of `shown` and `said`, exactly once.

    Boxes are paired one to one by the greatest total IoU, same class first; under SAME_IOU it is two boxes.
    The result does not depend on the order of the boxes except through the indices.
    """
    pairs = match(shown, said)
    paired_before, paired_after = {b for b, _, _ in pairs}, {a for _, a, _ in pairs}
    changes = [_paired(shown, said, *pair) for pair in pairs]
    gone = [b for b in range(len(shown)) if b not in paired_before]
    new = [a for a in range(len(said)) if a not in paired_after]
    changes += [BoxChange(Change.DELETED, b, None, 0.0) for b in gone]
    return changes + [BoxChange(Change.ADDED, None, a, 0.0) for a in new]


def match(first: Detections, second: Detections, threshold: float = SAME_IOU) -> list[tuple[int, int, float]]:
    """One-to-one pairs (index, index, IoU), IoU at least `threshold`; one class wins over a nearer box."""
    iou = overlap(first, second)
    worth = _worth(iou, first.classes, second.classes, threshold)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    chosen = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(i, j, float(iou[i, j])) for i, j in chosen if iou[i, j] >= threshold]


def _worth(
    iou: NDArray[np.float32],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    threshold: float,
) -> NDArray[np.float32]:
    same = first[:, None] == second[None, :]
    return np.where(iou >= threshold, iou + same.astype(np.float32), np.float32(0))


def _paired(shown: Detections, said: Detections, b: int, a: int, iou: float) -> BoxChange:
    if shown.classes[b] != said.classes[a]:
        return BoxChange(Change.RELABELLED, b, a, iou)
    return BoxChange(Change.KEPT if iou >= KEPT_IOU else Change.MOVED, b, a, iou)
