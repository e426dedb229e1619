"""Where frames lie among each other: similarities of embeddings, in blocks, never an n × n matrix.

Embeddings of a convolutional network share a large common part, so that any two frames seem alike; the mean is taken
away first and only then the angle is compared. Knows nothing of what the frames show.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.pool import Pool

Looks = NDArray[np.float32]
_BLOCK = 2048  # rows compared at once: with 10,000 references 80 MB
_NOTHING = 1e-5  # of the longest vector: shorter ones are rounding, not a direction


def looks(pool: Pool) -> tuple[Looks, Looks]:
    """Directions of the pool's and of the labelled frames' vectors from their common mean.

    Returns:
        (n, d) and (k, d) float32 of length 1, or 0 where a frame lies in the middle: it is similar to none.
    """
    if not pool.vectors.shape[1]:
        return pool.vectors, pool.labelled_vectors
    middle = _mean(pool.vectors, pool.labelled_vectors)
    ours, labelled = pool.vectors - middle, pool.labelled_vectors - middle
    limit = _NOTHING * max(_longest(pool.vectors), _longest(pool.labelled_vectors))
    return _unit(ours, limit), _unit(labelled, limit)


def most_similar(first: Looks, second: Looks) -> NDArray[np.float32]:
    """(n, d), (k, d) → (n,) highest cosine of each of the first to any of the second; -1 where there is none."""
    if not len(second):
        return np.full(len(first), -1, np.float32)
    return np.concatenate([np.zeros(0, np.float32), *((block @ second.T).max(axis=1) for block in _blocks(first))])


def nearest(first: Looks, second: Looks) -> NDArray[np.intp]:
    """(n, d), (k, d) → (n,) index of the most similar of the second, k ≥ 1; ties go to the lower index."""
    return np.concatenate([np.zeros(0, np.intp), *((block @ second.T).argmax(axis=1) for block in _blocks(first))])


def _blocks(rows: Looks) -> Iterator[Looks]:
    return (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))


def _mean(first: Looks, second: Looks) -> NDArray[np.float32]:
    total = first.sum(axis=0, dtype=np.float64) + second.sum(axis=0, dtype=np.float64)
    return np.asarray(total / max(len(first) + len(second), 1), np.float32)


def _longest(rows: Looks) -> float:
    return float(np.sqrt(np.einsum("nd,nd->n", rows, rows, dtype=np.float64)).max(initial=0))


def _unit(rows: Looks, limit: float) -> Looks:
    """In place: each row by its length."""
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows, dtype=np.float64))
    rows *= np.where(lengths > limit, 1 / np.maximum(lengths, 1e-30), 0).astype(np.float32)[:, None]
    return rows
