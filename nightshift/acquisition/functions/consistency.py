"""Consistency: does the student see the same objects when the frame is mirrored (or rescaled)?

Formula: over the objects found in either view, the mean of 1 − IoU where both find one of the same class, 1 where
the class changes or only one view finds it (after Yu et al. 2022, "Consistency-based active learning for object
detection", arXiv 2103.10374). An object counts when one of the views would show it; its partner may be weaker, so
that a score that flickers around the threshold is no change. Unit: share in [0, 1].
Bias: one loose box on a sparse frame outranks many on a crowded one; symmetric objects are consistently wrong.
Needs: the student's boxes on the mirrored frame. A frame where neither view finds anything is 0.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._boxes import NOISE, in_order
from nightshift.acquisition.pool import Pool, missing
from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) share of what the views do not have in common.

    Raises:
        ConfigError: there is no second view.
    """
    del rng
    if pool.student is None or pool.mirrored is None:
        raise missing("consistency", "the student's boxes on mirrored frames", "Score with mirroring on.")
    pairs = zip(pool.student, pool.mirrored, strict=True)
    return np.array([_frame(plain, mirrored, pool.shown_above) for plain, mirrored in pairs], np.float64)


def _frame(plain: Detections, mirrored: Detections, shown_above: float) -> float:
    first, second = (in_order(each.above(shown_above * NOISE)) for each in (plain, mirrored))
    pairs = match(first, second)
    seen = [(i, j, iou) for i, j, iou in pairs if max(first.scores[i], second.scores[j]) >= shown_above]
    alone = _alone(first, {i for i, _, _ in pairs}, shown_above) + _alone(second, {j for _, j, _ in pairs}, shown_above)
    changed = sum(1 - iou if first.classes[i] == second.classes[j] else 1.0 for i, j, iou in seen)
    return (changed + alone) / max(len(seen) + alone, 1)


def _alone(found: Detections, paired: set[int], shown_above: float) -> int:
    return sum(i not in paired for i in np.flatnonzero(found.scores >= shown_above).tolist())
