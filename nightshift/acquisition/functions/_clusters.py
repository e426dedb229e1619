"""Groups of frames that look alike: spherical k-means (Dhillon & Modha 2001), medoids, and how typical each frame is.

Results depend on the vectors alone, not on their order: the frames are sorted by their vectors before anything is
summed, and the seeds (k-means++, Arthur & Vassilvitskii 2007) are drawn with a fixed seed from at most SAMPLE
frames spread evenly over that order.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.looks import Looks, most_similar, nearest

MOST = 500  # clusters
NEIGHBOURS = 20
ROUNDS = 8
SAMPLE = 20_000
_SAME = 1e-6  # cosine distance: rounding
_BLOCK = 1024

Groups = NDArray[np.intp]


def cluster(looks: Looks, count: int) -> Groups:
    """(n, d) → (n,) cluster numbers under `count`; some may be empty."""
    order = np.lexsort(looks.T[::-1])
    rows = looks[order]
    centres = _seeds(rows[:: max(1, len(rows) // SAMPLE)], count)
    for _ in range(ROUNDS if len(rows) else 0):
        sums = _sums(rows, nearest(rows, centres), len(centres))
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-30), centres).astype(np.float32)
    groups = np.zeros(len(looks), np.intp)
    groups[order] = nearest(rows, centres) if len(rows) else 0
    return groups


def medoids(looks: Looks, seeds: list[int]) -> list[int]:
    """The frames in the middle of their groups, one for each seed, after some rounds of regrouping.

    A frame's similarities to all of its group sum to its product with the group's sum: no pair is compared.
    """
    middle = np.array(seeds, np.intp)
    for _ in range(ROUNDS):
        groups = nearest(looks, looks[middle])
        groups[middle] = np.arange(len(middle))  # equal looks would leave a group empty
        central = np.einsum("nd,nd->n", looks, _sums(looks, groups, len(middle))[groups])
        order = np.lexsort((-central, groups))
        fresh = order[np.searchsorted(groups[order], np.arange(len(middle)))]
        if np.array_equal(fresh, middle):
            break
        middle = fresh
    return [int(i) for i in middle]


def typical(looks: Looks, groups: Groups) -> NDArray[np.float64]:
    """(n,) mean similarity to the NEIGHBOURS nearest of the same group, at least 0; 0 for a frame alone."""
    result = np.zeros(len(looks))
    order = np.argsort(groups, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        if len(members) > 1:
            result[members] = _near(looks[members])
    return result


def _near(rows: Looks) -> NDArray[np.float64]:
    k = min(NEIGHBOURS, len(rows) - 1)
    parts = []
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK] @ rows.T
        block[np.arange(len(block)), start + np.arange(len(block))] = -2  # itself is no neighbour
        parts.append(np.partition(block, -k, axis=1)[:, -k:].mean(axis=1, dtype=np.float64))
    return np.asarray(np.maximum(np.concatenate(parts), 0), np.float64)


def _seeds(rows: Looks, count: int) -> Looks:
    rng = np.random.default_rng(0)
    chosen = [0] if len(rows) else []
    far = 1 - most_similar(rows, rows[chosen]).astype(np.float64)
    while len(chosen) < min(count, len(rows)) and far.max() > _SAME:
        heights = np.cumsum(np.maximum(far, 0))
        i = min(int(np.searchsorted(heights, rng.random() * heights[-1], side="right")), len(rows) - 1)
        chosen.append(i)
        np.minimum(far, 1 - rows @ rows[i], out=far)
    return rows[chosen]


def _sums(rows: Looks, groups: Groups, count: int) -> NDArray[np.float32]:
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    sums = np.zeros((count, rows.shape[1]), np.float32)
    sums[present] = np.add.reduceat(rows[order], starts, axis=0)
    return sums
