"""Pools to test acquisition with: drawn from a seed, with everything known, or with as little as can be."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from nightshift.acquisition.functions import open_function, open_strategy
from nightshift.acquisition.pool import Pool
from nightshift.domain.detections import Detections


@st.composite
def pools(draw: st.DrawFn, most: int = 8) -> Pool:
    """Up to `most` frames of which everything is known; some without boxes, some alike, some with ties."""
    return full_pool(
        draw(st.integers(0, 2**32 - 1)),
        frames=draw(st.integers(0, most)),
        classes=draw(st.integers(1, 3)),
        depth=draw(st.sampled_from([1, 2, 5])),
        ties=draw(st.booleans()),
    )


def full_pool(seed: int, *, frames: int = 6, classes: int = 3, depth: int = 4, ties: bool = False) -> Pool:
    rng = np.random.default_rng(seed)
    student = [boxes(rng, classes, ties=ties) for _ in range(frames)]
    labelled = [boxes(rng, classes, ties=ties) if i % 2 else None for i in range(frames)]
    step = 0.5 if ties else 1e-3
    return Pool(
        shown=student,
        vectors=_steps(rng.normal(size=(frames, depth)), step).astype(np.float32),
        labelled_vectors=_steps(rng.normal(size=(8, depth)), step).astype(np.float32),
        corrections=_steps(rng.uniform(0, 5, frames), step),
        usd=_steps(rng.uniform(0.1, 2, frames), step) + 0.25,
        clips=[str(each) for each in rng.integers(0, 3, frames)],
        shown_above=0.3,
        class_counts=rng.integers(0, 50, classes),
        second=[None if i % 3 == 1 else boxes(rng, classes, ties=ties) for i in range(frames)],
        labelled=labelled if frames > 1 else [boxes(rng, classes, ties=ties)] * frames,
        student=student,
        probabilities=[_class_scores(rng, each, classes) for each in student],
        mirrored=[boxes(rng, classes, ties=ties) for _ in range(frames)],
        labelled_holds=rng.random((8, classes)) < 0.8,
    ).take(np.arange(frames))


def bare_pool(shown: Sequence[Detections], **known: object) -> Pool:
    """Nothing known but the boxes that would be shown; one dollar, one correction and one clip each."""
    n = len(shown)
    nothing = np.zeros((n, 0), np.float32)
    clips = [f"clip {i}" for i in range(n)]
    pool = Pool(shown, nothing, nothing[:0], np.ones(n), np.ones(n), clips, 0.3, np.zeros(3, np.int64))
    return replace(pool, **known)  # type: ignore[arg-type]


def value_of(name: str, pool: Pool, seed: int = 0) -> np.ndarray:
    return open_function(name)(pool, np.random.default_rng(seed))


def rank_by(name: str, pool: Pool, budget: float, seed: int = 0) -> list[int]:
    return open_strategy(name)(pool, budget, np.random.default_rng(seed))


def found(*scores: float, label: int = 0) -> Detections:
    """Boxes side by side with these scores."""
    return Detections.of([[60 * i, 10, 60 * i + 50, 60] for i in range(len(scores))], [label] * len(scores), scores)


def boxes(rng: np.random.Generator, classes: int, *, ties: bool, most: int = 5) -> Detections:
    """Up to `most` boxes on a coarse grid, so that frames and models share some."""
    n = int(rng.integers(0, most + 1))
    corners = rng.integers(0, 3, (n, 2)) * 40 + (0 if ties else rng.integers(0, 12, (n, 2)))
    sides = np.full((n, 2), 40) if ties else rng.integers(20, 50, (n, 2))
    scores = _steps(rng.random(n), 0.5) if ties else rng.random(n)
    return Detections.of(np.hstack([corners, corners + sides]), rng.integers(0, classes, n), scores)


def _class_scores(rng: np.random.Generator, found: Detections, classes: int) -> np.ndarray:
    scores = rng.random((len(found), classes)) * found.scores[:, None]
    scores[np.arange(len(found)), found.classes] = found.scores
    return scores.astype(np.float32)


def _steps(values: np.ndarray, step: float) -> np.ndarray:
    return np.round(values / step) * step
