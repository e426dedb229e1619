"""Typical frames of different clusters: what to ask first, when no model knows the classes yet.

Source: TypiClust (Hacohen, Dekel & Weinshall 2022, arXiv 2202.02794): as many clusters as labelled and asked frames
together (at most 500); always the most typical frame of the cluster with the fewest labelled or chosen frames, the
larger first. Clusters under 5 frames come last. Ours clusters with spherical k-means, and counts what the budget
buys by the median price.
Bias: what is rare is asked last, and boxes play no part. Needs: vectors (any network's will do).
"""

import heapq
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._clusters import MOST, Groups, cluster, typical
from nightshift.acquisition.looks import Looks, looks
from nightshift.acquisition.pool import Pool, missing
from nightshift.acquisition.select import afford

SMALL = 5


def rank(pool: Pool, budget_usd: float, rng: np.random.Generator) -> list[int]:
    """Indices in the order to ask; frames dearer than what is left are passed over.

    Raises:
        ConfigError: there are no vectors.
    """
    del rng
    if not pool.vectors.shape[1]:
        raise missing("typiclust", "a vector for each frame", "Use any network's embedding, or choose random.")
    if not len(pool):
        return []
    ours, labelled = looks(pool)
    count = int(np.clip(len(labelled) + budget_usd / float(np.median(pool.usd)), 1, min(MOST, len(pool))))
    groups = cluster(np.concatenate([ours, labelled]), count)
    return afford(_order(ours, groups[: len(pool)], groups[len(pool) :]), pool.usd, budget_usd)


def _order(ours: Looks, groups: Groups, labelled: Groups) -> list[int]:
    """All frames: from the least covered cluster its most typical frame, again and again."""
    members = _by_typicality(ours, groups)
    covered = np.bincount(labelled, minlength=int(groups.max()) + 1)
    heap = [(len(frames) < SMALL, int(covered[g]), -len(frames), g, 0) for g, frames in members.items()]
    heapq.heapify(heap)
    order: list[int] = []
    while heap:
        small, times, size, group, place = heapq.heappop(heap)
        order.append(int(members[group][place]))
        if place + 1 < -size:
            heapq.heappush(heap, (small, times + 1, size, group, place + 1))
    return order


def _by_typicality(ours: Looks, groups: Groups) -> dict[int, NDArray[np.intp]]:
    """Cluster → its frames, the most typical first; ties go to the lower index."""
    order = np.lexsort((-typical(ours, groups), groups))
    edges = [0, *(np.flatnonzero(np.diff(groups[order])) + 1).tolist(), len(order)]
    return {int(groups[order[a]]): order[a:b] for a, b in pairwise(edges)}
