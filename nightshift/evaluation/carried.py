"""What carrying labels along is worth: how well they fit, and the seconds of people with and without.

Knows neither how labels are carried nor where answers come from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import compare, match
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.ledger import Entry

CARRIED = "propagation/"  # how the versions of all ways to carry labels begin
BINS = 10
FOUND, CLOSE = 0.5, 0.75  # the two usual overlaps


@dataclass(frozen=True, slots=True)
class Fit:
    """Carried labels against the truth.

    Args:
        frames: compared.
        objects: in the truth.
        boxes: carried.
        iou: mean over the objects, one without a box counting 0.
        recall50: share of the objects with a box of their class at IoU 0.5 or more.
        recall75: the same at 0.75.
        precision50: share of the boxes with an object of their class at IoU 0.5 or more.
        off: mean distance of score and overlap, over ten equally full bins of the scores; 0 without boxes.
    """

    frames: int
    objects: int
    boxes: int
    iou: float
    recall50: float
    recall75: float
    precision50: float
    off: float


@dataclass(frozen=True, slots=True)
class Seconds:
    """People's seconds a frame, and on how many frames that rests.

    Args:
        frames: answered.
        each: mean seconds of one; 0 where there is none.
    """

    frames: int
    each: float


def fit(carried: Sequence[Detections], truth: Sequence[Detections]) -> Fit:
    """How well labels fit, frame by frame."""
    pairs = [_overlaps(found, said) for found, said in zip(carried, truth, strict=True)]
    of_boxes, of_objects = (np.concatenate([np.zeros(0), *each]) for each in zip(*pairs, strict=True))
    scores = np.concatenate([np.zeros(0), *[each.scores for each in carried]])
    return Fit(
        frames=len(truth),
        objects=len(of_objects),
        boxes=len(of_boxes),
        iou=_mean(of_objects),
        recall50=_mean(of_objects >= FOUND),
        recall75=_mean(of_objects >= CLOSE),
        precision50=_mean(of_boxes >= FOUND),
        off=_off(scores, of_boxes),
    )


def drawn_seconds(truth: Sequence[Detections], prices: Prices) -> float:
    """Seconds to draw every object of every frame, by the list of prices."""
    return sum(prices.frame_seconds(Edits(added=len(each)).counts) for each in truth)


def review_seconds(shown: Sequence[Detections], truth: Sequence[Detections], prices: Prices) -> float:
    """Seconds to look through frames with boxes and put right what is wrong, by the list of prices."""
    pairs = zip(shown, truth, strict=True)
    return sum(
        prices.frame_seconds(Edits.counted(each.change for each in compare(boxes, said)).counts)
        for boxes, said in pairs
    )


def seconds_with_and_without(entries: Sequence[Entry]) -> Mapping[str, Seconds]:
    """What a frame has taken: 'carried' with carried labels shown, 'other' with a model's boxes, 'drawn' with none."""
    kinds: dict[str, Callable[[Entry], bool]] = {
        "carried": lambda each: each.asked.model.startswith(CARRIED),
        "other": lambda each: bool(each.asked.model) and not each.asked.model.startswith(CARRIED),
        "drawn": lambda each: not each.asked.model,
    }
    took = {name: [each.seconds for each in entries if kind(each)] for name, kind in kinds.items()}
    return {name: Seconds(len(each), sum(each) / len(each) if each else 0.0) for name, each in took.items()}


def _overlaps(found: Detections, said: Detections) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(boxes,) and (objects,) overlap of each with its partner of the same class; 0 without one."""
    of_boxes, of_objects = np.zeros(len(found)), np.zeros(len(said))
    for i, j, overlap in match(found, said, 1e-6):
        if found.classes[i] == said.classes[j]:
            of_boxes[i] = of_objects[j] = overlap
    return of_boxes, of_objects


def _mean(values: NDArray[Any]) -> float:
    return float(values.mean()) if len(values) else 0.0


def _off(scores: NDArray[np.float64], overlaps: NDArray[np.float64]) -> float:
    order = np.argsort(scores, kind="stable")
    bins = [each for each in np.array_split(order, BINS) if len(each)]
    return float(np.mean([abs(scores[each].mean() - overlaps[each].mean()) for each in bins])) if bins else 0.0
