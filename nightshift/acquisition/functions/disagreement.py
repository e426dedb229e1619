"""Disagreement: what a person would have to change because two models, such as teacher and student, differ.

Formula: boxes that only one model sees (missed, extra) count their score; matched boxes (IoU ≥ 0.5) of another
class, or of the same class but placed apart (IoU < 0.85, under which a person moves a box), count the weaker of
both scores. A query by committee of two (Seung, Opper & Sompolinsky 1992). Unit: expected corrections, not
calibrated.
Bias: grows with the number of boxes; errors that both models share are not seen.
Needs: the other model's boxes; frames without them are 0.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.disagreement import disagreement
from nightshift.acquisition.functions._boxes import in_order
from nightshift.acquisition.pool import Pool, missing
from nightshift.domain.corrections import KEPT_IOU, match
from nightshift.domain.detections import Detections


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) expected corrections.

    Raises:
        ConfigError: no frame has a second opinion.
    """
    del rng
    if len(pool) and all(each is None for each in pool.second):
        raise missing("disagreement", "a second model's boxes", "Run a teacher beside the student, or choose another.")
    pairs = zip(pool.shown, pool.second, strict=True)
    return np.array([_frame(shown, second, pool.shown_above) for shown, second in pairs], np.float64)


def _frame(shown: Detections, second: Detections | None, shown_above: float) -> float:
    if second is None:
        return 0.0
    first, other = in_order(shown.above(shown_above)), in_order(second.above(shown_above))
    return disagreement(other, first) + _apart(other, first)


def _apart(first: Detections, second: Detections) -> float:
    """Pairs of one class that a person would move, by the weaker score."""
    pairs = [(i, j) for i, j, iou in match(first, second) if iou < KEPT_IOU]
    same = [(i, j) for i, j in pairs if first.classes[i] == second.classes[j]]
    return float(sum(min(first.scores[i], second.scores[j]) for i, j in same))
