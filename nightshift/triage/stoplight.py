"""Green, yellow or red for a frame: routing, from thresholds that the promise has set.

A box is accepted where its class's threshold was found to keep the promise. A frame is green when (nearly) all of its
boxes are: then nobody is asked about it, and its accepted boxes are its labels. The promise holds for accepted boxes
whatever the colours; what greens leave out is bounded by the channel of missed objects.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections


class Colour(StrEnum):
    """What becomes of a frame tonight."""

    GREEN = "green"  # auto-label accepted
    YELLOW = "yellow"  # worth asking a person
    RED = "red"  # not trusted, not used, not worth asking now


@dataclass(frozen=True, slots=True)
class Limits:
    """Where the colours begin.

    Args:
        accept: class → lowest score that is accepted; a class that is missing accepts nothing yet.
        trust_above: a box below counts as noise.
        novel_above: student and teacher of a green frame differ by at most this many expected corrections.
        doubtful_share: of a green frame's boxes, at most this share is left out as not accepted.
    """

    accept: tuple[float | None, ...]
    trust_above: float
    novel_above: float
    doubtful_share: float = 0.1

    def __post_init__(self) -> None:
        if not all(each is None or 0 <= each <= 1 for each in self.accept) or not 0 <= self.trust_above <= 1:
            raise ValueError("thresholds lie in [0, 1]")
        if not (self.novel_above >= 0 and 0 <= self.doubtful_share <= 1):
            raise ValueError("novel_above is not negative and doubtful_share lies in [0, 1]")

    def accepts(self, boxes: Detections) -> NDArray[np.bool_]:
        """(n,) whether each box is accepted."""
        lowest = np.array([np.inf if each is None else each for each in self.accept], np.float64)
        return np.asarray(boxes.scores >= lowest[boxes.classes], np.bool_)

    def split(self, boxes: Detections) -> tuple[Detections, Detections]:
        """Those that are accepted, and those that are neither accepted nor noise."""
        accepts = self.accepts(boxes)
        return boxes.take(accepts), boxes.take((boxes.scores >= self.trust_above) & ~accepts)


@dataclass(frozen=True, slots=True)
class Light:
    """A colour with the reason in words."""

    colour: Colour
    reason: str


def light(auto: Detections, value: float, disagreement: float, limits: Limits) -> Light:
    """The colour of a frame.

    Args:
        auto: the teacher's detections of the frame.
        value: expected corrections if a person were asked.
        disagreement: of teacher and student, in expected corrections; 0 while there is no student.
        limits: the thresholds.
    """
    accepts = limits.accepts(auto)
    doubtful = auto.take((auto.scores >= limits.trust_above) & ~accepts)
    taken = int(accepts.sum())
    if taken + len(doubtful) == 0:
        return _nothing_found(value, limits)
    if not taken or len(doubtful) > limits.doubtful_share * (taken + len(doubtful)):
        return Light(Colour.YELLOW, _doubt(taken, doubtful))
    if disagreement > limits.novel_above:
        return Light(Colour.YELLOW, f"teacher and student differ by {disagreement:.1f} boxes")
    left = f", {len(doubtful)} left out" if len(doubtful) else ""
    return Light(Colour.GREEN, f"{taken} boxes accepted{left}")


def _doubt(taken: int, doubtful: Detections) -> str:
    if len(doubtful) == 1:
        return f"a box that scores {doubtful.scores[0]:.2f} is not sure enough"
    return f"{len(doubtful)} of {taken + len(doubtful)} boxes are not sure enough"


def _nothing_found(value: float, limits: Limits) -> Light:
    if value > limits.novel_above:
        return Light(Colour.YELLOW, f"nothing found, yet {value:.1f} corrections are expected")
    return Light(Colour.RED, "nothing found that can be trusted")
