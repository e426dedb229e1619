"""What a student takes for what, what it misses and what it makes up, for people to read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import SAME_IOU, match
from nightshift.domain.detections import Detections, on_equal_terms
from nightshift.evaluation.average_precision import check

NOTHING = "nothing"
SURE = 0.25  # a box below this score would not be shown to anyone


@dataclass(frozen=True, slots=True)
class Confusion:
    """So often was `truth` found as `found`; `share` is of all boxes of `truth` (or of all made-up boxes).

    `truth` NOTHING is a made-up box, `found` NOTHING a missed one.
    """

    truth: str
    found: str
    count: int
    share: float


def confusion_matrix(
    truth: Sequence[Detections],
    found: Sequence[Detections],
    classes: int,
    least_score: float = SURE,
    iou: float = SAME_IOU,
) -> NDArray[np.int64]:
    """(classes + 1, classes + 1): rows are what is there, columns what was found; the last of each is nothing.

    Boxes are paired one to one by the greatest total IoU, the same class first, as people's corrections are.

    Raises:
        ValueError: lengths differ, or a class is out of range.
    """
    check(truth, found, classes)
    matrix = np.zeros((classes + 1, classes + 1), np.int64)
    for real, claimed in zip(*on_equal_terms(truth, found), strict=True):
        _count(matrix, real, claimed.above(least_score), iou)
    return matrix


def most_confused(matrix: NDArray[np.int64], names: Sequence[str], most: int = 10) -> list[Confusion]:
    """The most frequent mistakes, most frequent first; right answers are left out."""
    labels = [*names, NOTHING]
    totals = matrix.sum(axis=1)
    wrong = [(i, j) for i, j in np.argwhere(matrix > 0).tolist() if i != j]
    wrong.sort(key=lambda pair: -int(matrix[pair]))
    return [
        Confusion(labels[i], labels[j], int(matrix[i, j]), float(matrix[i, j] / totals[i])) for i, j in wrong[:most]
    ]


def _count(matrix: NDArray[np.int64], real: Detections, claimed: Detections, iou: float) -> None:
    nothing = len(matrix) - 1
    pairs = match(real, claimed, iou)
    of_real, of_claimed = np.full(len(real), nothing), np.full(len(claimed), nothing)
    for i, j, _ in pairs:
        of_real[i], of_claimed[j] = claimed.classes[j], real.classes[i]
    np.add.at(matrix, (real.classes, of_real), 1)
    made_up = of_claimed == nothing
    np.add.at(matrix, (of_claimed[made_up], claimed.classes[made_up]), 1)
