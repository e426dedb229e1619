"""Which detections hit, decided once per frame, so that average precision of any resample of frames is arithmetic.

Equals COCO's evaluation (greedy matching by score, 101 recall points, 100 boxes per class and frame) on the whole set;
faster-coco-eval stays the reference, this is for bootstraps. Knows nothing of clips.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, on_equal_terms, overlap

MOST = 100  # boxes per class and frame, as COCO
RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True, slots=True, eq=False)
class ClassMatches:
    """All detections of one class at one IoU threshold, best score first.

    Args:
        frames: (n,) the frame of each detection.
        hits: (n,) whether it hit a box of the truth.
        there: (frames,) how many boxes the truth has in each frame.
    """

    frames: NDArray[np.intp]
    hits: NDArray[np.bool_]
    there: NDArray[np.int64]

    def average_precision(self, weights: NDArray[np.int64]) -> NDArray[np.float64]:
        """Average precision when each frame counts as often as its weight says.

        Args:
            weights: (draws, frames) not negative.

        Returns:
            (draws,) in [0, 1]; nan where a draw has no box of the class.
        """
        there = weights @ self.there
        shares = weights[:, self.frames]
        right = np.cumsum(shares * self.hits, axis=1)[:, self.hits]
        seen = np.cumsum(shares, axis=1)[:, self.hits]
        precision = np.divide(right, seen, out=np.zeros(right.shape), where=seen > 0)
        best_after = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        rows = zip(right, best_after, there.tolist(), strict=True)
        return np.array([_interpolate(*row) for row in rows], np.float64)


def match_all(truth: Sequence[Detections], found: Sequence[Detections], classes: int, iou: float) -> list[ClassMatches]:
    """The matches of every class, at an IoU threshold in (0, 1]; by masks where all frames of both sides have them."""
    truth, found = on_equal_terms(truth, found)
    return [_match_class(truth, found, each, iou) for each in range(classes)]


def mean_average_precision(matches: Sequence[ClassMatches], weights: NDArray[np.int64]) -> NDArray[np.float64]:
    """(draws,) mean over the classes that are in the draw; nan for a draw without any box."""
    each = np.array([one.average_precision(weights) for one in matches]).reshape(len(matches), -1)
    present = ~np.isnan(each)
    total, count = np.where(present, each, 0).sum(axis=0), present.sum(axis=0)
    means: NDArray[np.float64] = np.divide(total, count, out=np.full(len(weights), np.nan), where=count > 0)
    return means


def _match_class(truth: Sequence[Detections], found: Sequence[Detections], category: int, iou: float) -> ClassMatches:
    there = [frame.take(frame.classes == category) for frame in truth]
    claims = [frame.take(frame.classes == category).by_score() for frame in found]
    claims = [claim.take(np.arange(min(MOST, len(claim)))) for claim in claims]
    hits = [_hits(claim, real, iou) for claim, real in zip(claims, there, strict=True)]
    scores = np.concatenate([np.zeros(0, np.float32), *(claim.scores for claim in claims)])
    order = np.argsort(-scores, kind="stable")  # ties by frame, as COCO
    frames = np.repeat(np.arange(len(claims)), [len(claim) for claim in claims])
    hit = np.concatenate([np.zeros(0, np.bool_), *hits])
    return ClassMatches(frames[order], hit[order], np.array([len(real) for real in there], np.int64))


def _hits(claims: Detections, there: Detections, threshold: float) -> NDArray[np.bool_]:
    """(n,) whether each claim, best first, finds a box that none before it took; the most overlapping one."""
    hits = np.zeros(len(claims), np.bool_)
    if not len(there):
        return hits
    overlaps = overlap(claims, there)
    for i, row in enumerate(overlaps):
        nearest = len(row) - 1 - int(np.argmax(row[::-1]))  # of equals the last, as COCO
        if row[nearest] >= threshold:
            hits[i] = True
            overlaps[:, nearest] = -1  # taken
    return hits


def _interpolate(right: NDArray[np.int64], precision: NDArray[np.float64], there: int) -> float:
    if there == 0:
        return float("nan")
    at = np.searchsorted(right / there, RECALLS, side="left")
    return float(np.append(precision, 0.0)[at].mean())
