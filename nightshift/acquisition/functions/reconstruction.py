"""Reconstruction: how badly the components of labelled frames of a class rebuild a frame that seems to hold it.

Formula: per class the labelled vectors of frames that hold it are described by their mean and the fewest components
with 90% of the variance, at most half as many as frames; what is left of a vector outside them (the Q statistic of
Jackson & Mudholkar 1979) is divided by what is usually left, √(mean squared rest × k / (k − q − 1)) for k frames
and q components. A frame takes the mean ratio of the classes found on it; without boxes, the lowest of all classes.
Unit: ratio ≥ 0; about 1 is ordinary.
Bias: a class with many looks has a wide description that rebuilds anything; with few frames the usual rest is a
guess. Classes with fewer than 6 labelled frames are judged by all labelled frames together.
Needs: vectors, at least 6 labelled ones, and which classes those frames hold.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._boxes import measured, unsureness
from nightshift.acquisition.pool import Pool, missing

LEAST = 6  # labelled frames
VARIANCE = 0.9  # kept by the components
_TINY = 1e-6  # of the spread: a usual rest below it is rounding


@dataclass(frozen=True, slots=True, eq=False)
class _Description:
    """Mean (d,), components (q, d), and the length that is usually left outside them."""

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    usual: float

    def ratios(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, d) → (n,) rest ÷ usual rest."""
        rows = vectors - self.mean
        inside = rows @ self.components.T
        rest = np.maximum((rows**2).sum(axis=1) - (inside**2).sum(axis=1), 0)
        return np.asarray(np.sqrt(rest) / self.usual, np.float64)


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) ratio of reconstruction errors.

    Raises:
        ConfigError: vectors, enough labelled frames, or their classes are missing.
    """
    del rng
    if not pool.vectors.shape[1] or len(pool.labelled_vectors) < LEAST or pool.labelled_holds is None:
        raise missing(
            "reconstruction", f"{LEAST} labelled vectors with their classes", "Label more, or choose novelty."
        )
    ratios = _ratios(pool, pool.labelled_holds)
    found = measured(pool, unsureness)
    held = np.zeros((len(pool), pool.classes))
    held[found.frames, found.classes] = 1
    count = held.sum(axis=1)
    return np.where(count > 0, (ratios * held).sum(axis=1) / np.maximum(count, 1), ratios.min(axis=1))


def _ratios(pool: Pool, holds: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n, C); at least one column."""
    everything = _describe(pool.labelled_vectors).ratios(pool.vectors)
    columns = [everything] * max(pool.classes, 1)
    for label in np.flatnonzero(holds.sum(axis=0) >= LEAST).tolist():
        columns[label] = _describe(pool.labelled_vectors[holds[:, label]]).ratios(pool.vectors)
    return np.stack(columns, axis=1)


def _describe(vectors: NDArray[np.float32]) -> _Description:
    rows = vectors.astype(np.float64)
    mean, k = rows.mean(axis=0), len(rows)
    _, scale, components = np.linalg.svd(rows - mean, full_matrices=False)
    variance = scale**2
    total = max(float(variance.sum()), 1e-30)
    q = min(int(np.searchsorted(np.cumsum(variance) / total, VARIANCE)) + 1, k // 2, len(scale))
    rest = float(variance[q:].sum()) / max(k - q - 1, 1)
    floor = _TINY * max(np.sqrt(total / k), float(np.abs(mean).max(initial=0)), 1e-6)
    return _Description(mean, components[:q], max(np.sqrt(rest), floor))
