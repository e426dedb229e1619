"""Suspicion: what people probably got wrong on frames they have already labelled, to be looked at again.

The kinds of error are those of ObjectLab (Tkachenko et al. 2023, arXiv 2309.00832), counted instead of scored, so
that "three of the six donuts" is worth three.
Formula: per model, and averaged over the models that looked:

    overlooked   confident boxes without a person's box: their score
    swapped      matched boxes of another class: the model's score
    misplaced    matched boxes of one class with IoU < 0.85: score × (1 − IoU)
    unseen       people's boxes no model box matches: the share of that class's boxes which the model does match

Unit: expected corrections, not calibrated. Bias: a student trained on the wrong label agrees with it: boxes should
come from a model that has not seen the frame (the teacher, or an earlier student). What all models overlook stays
overlooked.
Needs: frames that people have labelled; the others are 0.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._boxes import NOISE, in_order, opinion
from nightshift.acquisition.pool import Pool, missing
from nightshift.domain.corrections import KEPT_IOU, SAME_IOU, match
from nightshift.domain.detections import Detections, overlap

Pairs = list[tuple[int, int, float]]


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) expected corrections of people's own answers.

    Raises:
        ConfigError: nobody has labelled any of these frames.
    """
    del rng
    if len(pool) and all(each is None for each in pool.labelled):
        raise missing("suspicion", "a frame that people have labelled", "Give it labelled frames to look at again.")
    opinions: tuple[Sequence[Detections | None], ...] = (opinion(pool), pool.second)
    totals = np.zeros(len(pool))
    looked = np.zeros(len(pool))
    for found in opinions:
        totals += _by_model(found, pool.labelled, pool.shown_above, pool.classes)
        looked += [each is not None for each in found]
    return np.asarray(totals / np.maximum(looked, 1), np.float64)


def _by_model(
    found: Sequence[Detections | None], labelled: Sequence[Detections | None], shown_above: float, classes: int
) -> NDArray[np.float64]:
    """(n,) of one model."""
    both = {
        i: (in_order(model.above(shown_above * NOISE)), in_order(said))
        for i, (model, said) in enumerate(zip(found, labelled, strict=True))
        if model is not None and said is not None
    }
    pairs = {i: match(*frame) for i, frame in both.items()}
    recall = _recall(both, pairs, classes)
    result = np.zeros(len(found))
    for i, (model, said) in both.items():
        unseen = np.setdiff1d(np.arange(len(said)), [j for _, j, _ in pairs[i]])
        result[i] = _matched(model, said, pairs[i]) + _overlooked(model, said, pairs[i], shown_above)
        result[i] += recall[said.classes[unseen]].sum()
    return result


def _recall(
    both: dict[int, tuple[Detections, Detections]], pairs: dict[int, Pairs], classes: int
) -> NDArray[np.float64]:
    """(C,) share of people's boxes that the model matches; 0 where there are none."""
    matched, drawn = np.zeros(classes), np.zeros(classes)
    for i, (_, said) in both.items():
        drawn += np.bincount(said.classes, minlength=classes)
        matched += np.bincount(said.classes[[j for _, j, _ in pairs[i]]], minlength=classes)
    return np.asarray(matched / np.maximum(drawn, 1), np.float64)


def _matched(model: Detections, said: Detections, pairs: Pairs) -> float:
    total = 0.0
    for i, j, iou in pairs:
        swapped = model.classes[i] != said.classes[j]
        misplaced = 1 - iou if iou < KEPT_IOU else 0.0
        total += float(model.scores[i]) * (1.0 if swapped else misplaced)
    return total


def _overlooked(model: Detections, said: Detections, pairs: Pairs, shown_above: float) -> float:
    """Confident boxes on which no person's box lies; a second box on the same object is no object."""
    covered = np.asarray((overlap(model, said) >= SAME_IOU).any(axis=1))
    covered[[i for i, _, _ in pairs]] = True
    return float(model.scores[~covered & (model.scores >= shown_above)].sum(dtype=np.float64))
