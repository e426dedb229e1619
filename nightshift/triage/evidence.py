"""What audits have shown and what the teacher has found, as columns that thresholds can be held against.

A box of the teacher is right when a person drew one of the same class at IoU ≥ 0.5, one to one, the highest score
first (the rule of COCO's evaluation, Lin et al. 2014): so whether a box is right does not depend on boxes below it,
and the counts at every threshold are those of accepting at that threshold.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import SAME_IOU
from nightshift.domain.detections import Detections, overlap

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
NOT_FOUND = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class FrameEvidence:
    """One audited frame.

    Args:
        turn: its place in the drawing of audits: `audit_turn`.
        registered: the round that registered it.
        audited: the round in which its audit came in.
        classes: (m,) of the teacher's boxes.
        scores: (m,) of the teacher's boxes.
        right: (m,) bool, whether a person drew the box as well.
        objects: (o,) classes of what people drew.
        found: (o,) score of the teacher's right box for each; NOT_FOUND where there is none.
    """

    turn: float
    registered: int
    audited: int
    classes: Ints
    scores: Floats
    right: NDArray[np.bool_]
    objects: Ints
    found: Floats

    def __post_init__(self) -> None:
        if not 0 <= self.turn < np.inf:
            raise ValueError(f"the turn {self.turn} is negative or not finite")
        if not len(self.classes) == len(self.scores) == len(self.right) or len(self.objects) != len(self.found):
            raise ValueError("the columns of an audited frame differ in length")

    @property
    def weight(self) -> int:
        """How much sooner it was audited than an empty frame."""
        return most_of_a_class(self.classes)


def most_of_a_class(classes: Ints) -> int:
    """Boxes of the class that there are most of; at least 1."""
    return int(np.bincount(classes, minlength=1).max(initial=1)) or 1


def audit_weight(auto: Detections) -> int:
    """How much sooner a frame is audited than an empty one: the boxes of the class it has most of, at least 1."""
    return most_of_a_class(auto.classes)


def audit_turn(rank: float, auto: Detections) -> float:
    """When a frame is audited, the lowest first; frames with twice the boxes have, on average, half the turn.

    Args:
        rank: of the frame, in [0, 1): `audit_rank`.
        auto: what the teacher found on it, at all scores that are in question.
    """
    if not 0 <= rank < 1:
        raise ValueError(f"a rank lies in [0, 1), not at {rank}")
    return -math.log1p(-rank) / audit_weight(auto)


def evidence(auto: Detections, said: Detections, rank: float, registered: int, audited: int) -> FrameEvidence:
    """Hold what the teacher found against what a person drew blind.

    Args:
        auto: what the teacher found, at all scores that were in question when audits were drawn.
        said: what the person drew.
        rank: of the frame, in [0, 1): `audit_rank`.
        registered: the round that registered the frame.
        audited: the round in which the answer came in.
    """
    right, found = np.zeros(len(auto), np.bool_), np.full(len(said), NOT_FOUND, np.float32)
    for i, j in _pairs(auto, said):
        right[i], found[j] = True, auto.scores[i]
    return FrameEvidence(
        audit_turn(rank, auto), registered, audited, auto.classes, auto.scores, right, said.classes, found
    )


def _pairs(auto: Detections, said: Detections) -> list[tuple[int, int]]:
    shared = overlap(auto, said) * (auto.classes[:, None] == said.classes[None, :])
    order = sorted(range(len(auto)), key=lambda i: (-float(auto.scores[i]), *auto.boxes[i].tolist()))
    pairs, free = [], np.ones(len(said), np.bool_)
    for i in order:
        left = shared[i] * free
        if left.max(initial=0.0) >= SAME_IOU:
            pairs.append((i, int(left.argmax())))
            free[pairs[-1][1]] = False
    return pairs


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Audited frames in columns.

    Args:
        turns: (n,) of the frames.
        weights: (n,) of the frames, at least 1.
        registered: (n,) rounds.
        audited: (n,) rounds.
        frame: (m,) index of each teacher's box into the frames.
        classes: (m,).
        scores: (m,).
        right: (m,) bool.
        object_frame: (o,) index of each drawn box into the frames.
        objects: (o,) classes.
        found: (o,) score of the right box, or NOT_FOUND.
    """

    turns: NDArray[np.float64]
    weights: NDArray[np.float64]
    registered: Ints
    audited: Ints
    frame: Ints
    classes: Ints
    scores: Floats
    right: NDArray[np.bool_]
    object_frame: Ints
    objects: Ints
    found: Floats

    def __len__(self) -> int:
        return len(self.turns)

    @classmethod
    def of(cls, frames: Sequence[FrameEvidence]) -> "Evidence":
        """From any number of audited frames."""
        return cls(
            np.array([f.turn for f in frames], np.float64),
            np.array([f.weight for f in frames], np.float64),
            np.array([f.registered for f in frames], np.int64),
            np.array([f.audited for f in frames], np.int64),
            np.repeat(np.arange(len(frames)), [len(f.classes) for f in frames]).astype(np.int64),
            _joined([f.classes for f in frames], np.int64),
            _joined([f.scores for f in frames], np.float32),
            _joined([f.right for f in frames], np.bool_),
            np.repeat(np.arange(len(frames)), [len(f.objects) for f in frames]).astype(np.int64),
            _joined([f.objects for f in frames], np.int64),
            _joined([f.found for f in frames], np.float32),
        )

    def boxes(self, label: int, thresholds: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Accepted and wrong boxes of a class per threshold (ascending) and frame: two (G, n)."""
        of = self.classes == label
        frame, scores, right = self.frame[of], self.scores[of], self.right[of]
        accepted = accepted_counts(frame, scores, thresholds, len(self))
        return accepted, accepted - accepted_counts(frame[right], scores[right], thresholds, len(self))

    def missed(self, label: int, threshold: float) -> NDArray[np.float64]:
        """(n,) people's boxes of a class without a right box that was accepted."""
        without = (self.objects == label) & (self.found < np.float32(threshold))
        return np.bincount(self.object_frame[without], minlength=len(self)).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """What one version of the teacher found on every frame of the pool, audited or not.

    Args:
        registered: (N,) rounds of the frames.
        weights: (N,) of the frames, at least 1: `audit_weight`.
        turns: (N,) of the frames: `audit_turn`.
        asked: (N,) bool, whether a frame has been asked as an audit, answered or not.
        frame: (M,) index of each box into the frames.
        classes: (M,).
        scores: (M,).
    """

    registered: Ints
    weights: NDArray[np.float64]
    turns: NDArray[np.float64]
    asked: NDArray[np.bool_]
    frame: Ints
    classes: Ints
    scores: Floats

    @classmethod
    def of(
        cls, found: Sequence[Detections], registered: Sequence[int], ranks: Sequence[float], asked: Sequence[bool]
    ) -> "Population":
        """From each frame's detections, the round that registered it, its rank, and whether it was asked as an audit.

        Raises:
            ValueError: the lengths differ, or a rank lies outside [0, 1).
        """
        if not len(found) == len(registered) == len(ranks) == len(asked):
            raise ValueError(f"{len(found)} frames, {len(registered)} rounds, {len(ranks)} ranks, {len(asked)} asked")
        return cls(
            np.array(registered, np.int64),
            np.array([audit_weight(each) for each in found], np.float64),
            np.array([audit_turn(u, each) for u, each in zip(ranks, found, strict=True)], np.float64),
            np.array(asked, np.bool_),
            np.repeat(np.arange(len(found)), [len(each) for each in found]).astype(np.int64),
            _joined([each.classes for each in found], np.int64),
            _joined([each.scores for each in found], np.float32),
        )

    def of_class(self, label: int, since: int, until: int | None) -> Floats:
        """(m,) scores of a class on the frames registered in [since, until)."""
        of = self.classes == label
        when = self.registered[self.frame[of]]
        inside = (when >= since) & (when < (np.inf if until is None else until))
        return np.asarray(self.scores[of][inside], np.float32)

    def frontier(self, since: int, until: int | None) -> float:
        """The first turn, of the frames registered in [since, until), that was not asked: evidence counts up to it."""
        inside = (self.registered >= since) & (self.registered < (np.inf if until is None else until))
        return float(self.turns[inside & ~self.asked].min(initial=np.inf))

    def weight(self, since: int, until: int | None) -> float:
        """Sum of the weights of the frames registered in [since, until)."""
        inside = (self.registered >= since) & (self.registered < (np.inf if until is None else until))
        return float(self.weights[inside].sum())


def accepted_counts(frame: Ints, scores: Floats, thresholds: Sequence[float], frames: int) -> NDArray[np.float64]:
    """(G, n) boxes per threshold (ascending) and frame whose score is at least the threshold."""
    levels = len(thresholds) + 1
    level = np.searchsorted(np.asarray(thresholds, np.float32), scores, side="right")
    table = np.bincount(frame * levels + level, minlength=frames * levels).reshape(frames, levels)
    return table[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:].T.astype(np.float64)


def _joined(columns: Sequence[NDArray[Any]], dtype: type) -> NDArray[Any]:
    joined: NDArray[Any] = np.concatenate([np.zeros(0, dtype), *columns]).astype(dtype)
    return joined
