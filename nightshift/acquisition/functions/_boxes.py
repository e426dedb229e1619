"""Boxes of many frames at once: which of them count, what is measured on each, how a frame sums them up.

A detector emits hundreds of boxes near zero that mean nothing: boxes under a third of the score from which on they are
shown are left out everywhere, as they are for expected additions.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from nightshift.acquisition.pool import Pool
from nightshift.domain.detections import Detections

NOISE = 1 / 3  # of shown_above
_BLOCK = 2048  # frames measured together

Scores = NDArray[np.float32]
Measure = Callable[[Scores], NDArray[np.float64]]  # (m, C) class scores, or (m, 1) top scores → (m,)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Something measured on m boxes of n frames.

    Args:
        frames: (m,) which frame each box is on.
        classes: (m,) its class.
        values: (m,) float64.
        count: n.
    """

    frames: NDArray[np.intp]
    classes: NDArray[np.int64]
    values: NDArray[np.float64]
    count: int

    @property
    def total(self) -> NDArray[np.float64]:
        """(n,) sum over a frame's boxes; 0 without any."""
        return np.asarray(np.bincount(self.frames, self.values, self.count), np.float64)

    @property
    def mean(self) -> NDArray[np.float64]:
        """(n,) mean over a frame's boxes; 0 without any."""
        return np.asarray(self.total / np.maximum(np.bincount(self.frames, minlength=self.count), 1), np.float64)

    @property
    def highest(self) -> NDArray[np.float64]:
        """(n,) largest among a frame's boxes; 0 without any."""
        result = np.zeros(self.count)
        np.maximum.at(result, self.frames, self.values)
        return result


def opinion(pool: Pool) -> Sequence[Detections]:
    """The student's boxes; without a student, those that would be shown."""
    return pool.shown if pool.student is None else pool.student


def measured(pool: Pool, measure: Measure) -> Measured:
    """`measure` on the class scores of every box that counts; on its top score where class scores are not known."""
    found = opinion(pool)
    keep = [each.scores >= pool.shown_above * NOISE for each in found]
    frames = np.repeat(np.arange(len(pool)), [int(each.sum()) for each in keep])
    classes = [each.classes[kept] for each, kept in zip(found, keep, strict=True)]
    values = [measure(block) for block in _blocks(pool, found, keep)]
    nothing = np.zeros(0)
    flat = np.concatenate([nothing.astype(np.int64), *classes])
    return Measured(frames, flat, np.concatenate([nothing, *values]), len(pool))


def _blocks(pool: Pool, found: Sequence[Detections], keep: Sequence[NDArray[np.bool_]]) -> Iterator[Scores]:
    for start in range(0, len(pool), _BLOCK):
        some = range(start, min(start + _BLOCK, len(pool)))
        if pool.probabilities is None:
            yield np.concatenate([found[i].scores[keep[i]] for i in some])[:, None]
        else:
            yield np.concatenate([pool.probabilities[i][keep[i]] for i in some])


def unsureness(scores: Scores) -> NDArray[np.float64]:
    """1 − top score. (m, C) → (m,)."""
    return np.asarray(1.0 - scores.max(axis=1).astype(np.float64), np.float64)


def entropy(scores: Scores) -> NDArray[np.float64]:
    """Σ over classes of −p log p − (1 − p) log(1 − p), nats: each class is a yes or no of its own. (m, C) → (m,)."""
    p = scores.astype(np.float64)
    return np.asarray((entr(p) + entr(1 - p)).sum(axis=1), np.float64)


def in_order(found: Detections) -> Detections:
    """The same boxes in an order that depends on them alone, so that ties in a matching fall the same way."""
    return found.take(np.lexsort((*found.boxes.T, found.classes, found.scores)))
