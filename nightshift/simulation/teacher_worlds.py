"""Worlds in which the truth about every box of a teacher is known, to hold promises against.

Boxes per frame are uneven (negative binomial). Errors cluster: boxes of a frame share a random effect on the log-odds
of being right. The teacher drifts: a random walk with a trend, or an abrupt drop. Its scores are informative, but each
class is calibrated differently.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import expit

from nightshift.triage.evidence import NOT_FOUND, Evidence, Population


@dataclass(frozen=True, slots=True)
class Setting:
    """The world of a loop.

    Args:
        classes: of objects.
        boxes: of the teacher per frame and class, on average.
        crowding: shape of the negative binomial of boxes per frame; smaller is more uneven.
        backlog: frames before the first night.
        arriving: frames a night.
        audits: frames a night.
        nights: of a loop.
        quality: log-odds of a box with score 0.5 being right, on average over classes.
        clustering: standard deviation of a frame's effect on these log-odds.
        trend: change of them per night.
        wander: standard deviation of their change per night.
        drop: change of them for frames that arrive from the middle night on.
        missing: objects per frame and class that the teacher does not find at all.
    """

    classes: int = 1
    boxes: float = 4.0
    crowding: float = 3.0
    backlog: int = 1500
    arriving: int = 200
    audits: int = 30
    nights: int = 10
    quality: float = 2.5
    clustering: float = 1.0
    trend: float = -0.05
    wander: float = 0.15
    drop: float = 0.0
    missing: float = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """All frames of a loop with the truth; boxes in the order of the frames, frames in the order of arrival.

    Args:
        pool: what the teacher finds, of all nights.
        right: (M,) bool.
        overlooked: (classes, N) objects that the teacher does not find.
    """

    pool: Population
    right: NDArray[np.bool_]
    overlooked: NDArray[np.int64]

    def known(self, night: int, asked: NDArray[np.int64]) -> Population:
        """What the teacher found on the frames registered up to a night; `asked`: indices of audits."""
        frames = int(np.searchsorted(self.pool.registered, night, side="right"))
        boxes = int(np.searchsorted(self.pool.frame, frames))
        return Population(
            self.pool.registered[:frames],
            self.pool.weights[:frames],
            self.pool.turns[:frames],
            np.isin(np.arange(frames), asked),
            self.pool.frame[:boxes],
            self.pool.classes[:boxes],
            self.pool.scores[:boxes],
        )

    def audit(self, frames: NDArray[np.int64], audited: NDArray[np.int64]) -> Evidence:
        """What people say about some frames."""
        place = np.full(len(self.pool.turns), -1)
        place[frames] = np.arange(len(frames))
        seen = np.flatnonzero(place[self.pool.frame] >= 0)
        right = self.right[seen]
        where = place[self.pool.frame[seen]]
        more = self.overlooked[:, frames]
        labels = np.repeat(np.arange(len(more)), more.sum(axis=1))
        at = np.concatenate([np.repeat(np.arange(len(frames)), row) for row in more])
        return Evidence(
            self.pool.turns[frames],
            self.pool.weights[frames],
            self.pool.registered[frames],
            audited,
            where,
            self.pool.classes[seen],
            self.pool.scores[seen],
            right,
            np.concatenate([where[right], at]),
            np.concatenate([self.pool.classes[seen][right], labels]),
            np.concatenate([self.pool.scores[seen][right], np.full(len(at), NOT_FOUND, np.float32)]),
        )


def world(setting: Setting, rng: Generator) -> World:
    """One loop's frames, boxes and truth."""
    arrived = [np.full(setting.backlog, 0), *(np.full(setting.arriving, k + 1) for k in range(setting.nights))]
    registered = np.concatenate(arrived).astype(np.int64)
    rate = rng.gamma(setting.crowding, setting.boxes / setting.crowding, (len(registered), setting.classes))
    counts = rng.poisson(rate)
    frame = np.repeat(np.arange(len(registered)), counts.sum(axis=1))
    classes = np.repeat(np.tile(np.arange(setting.classes), len(registered)), counts.ravel())
    confidence = rng.normal(0.8, 1.4, len(frame))
    intercept = rng.normal(setting.quality, 0.4, setting.classes)[classes]
    slope = rng.uniform(0.8, 1.4, setting.classes)[classes]
    effect = rng.normal(0, setting.clustering, len(registered)) + _drift(setting, rng)[registered]
    right = rng.random(len(frame)) < expit(intercept + slope * confidence + effect[frame])
    weights = np.maximum(counts.max(axis=1), 1).astype(np.float64)
    turns, unasked = rng.exponential(1 / weights), np.zeros(len(weights), np.bool_)
    pool = Population(registered, weights, turns, unasked, frame, classes, expit(confidence).astype(np.float32))
    overlooked = rng.poisson(setting.missing, (setting.classes, len(registered)))
    return World(pool, right, overlooked)


def _drift(setting: Setting, rng: Generator) -> NDArray[np.float64]:
    steps = rng.normal(setting.trend, setting.wander, setting.nights)
    steps[setting.nights // 2 - 1] += setting.drop
    return np.concatenate([[0.0], np.cumsum(steps)])
