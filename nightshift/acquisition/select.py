"""Which frames to ask about tonight: greedy by value per dollar, spread over clips, within the budget.

Frames of one clip show nearly the same scene, so the second one brings less: each frame already chosen from a clip
multiplies the value of the next by SPREAD. The greedy choice by gain per cost under a budget is the classical
heuristic for such diminishing values (Khuller, Moss & Naor 1999, budgeted maximum coverage).
"""

import heapq
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SPREAD = 0.6


def select(value: NDArray[np.float64], usd: NDArray[np.float64], clips: Sequence[str], budget_usd: float) -> list[int]:
    """Indices in the order to ask.

    Args:
        value: (n,) expected corrections; frames without any are never chosen.
        usd: (n,) price, > 0.
        clips: n names.
        budget_usd: the chosen frames never cost more.

    Returns:
        Indices, best gain per dollar first; ties go to the lower index.
    """
    heap = [(-value[i] / usd[i], i, 0) for i in range(len(value)) if value[i] > 0]
    heapq.heapify(heap)
    taken: Counter[str] = Counter()
    chosen: list[int] = []
    left = budget_usd
    while heap:
        _, i, seen = heapq.heappop(heap)
        if usd[i] > left:
            continue
        if seen < taken[clips[i]]:
            heapq.heappush(heap, _again(i, value[i], usd[i], taken[clips[i]]))
            continue
        chosen.append(i)
        taken[clips[i]] += 1
        left -= usd[i]
    return chosen


def draw(usd: NDArray[np.float64], budget_usd: float, rng: np.random.Generator) -> list[int]:
    """A uniformly random order, cut where the budget ends: audits and the control arm must not choose.

    Args:
        usd: (n,) price, > 0.
        budget_usd: the drawn frames never cost more.
        rng: the only source of chance.
    """
    order = rng.permutation(len(usd))
    affordable = np.cumsum(usd[order]) <= budget_usd
    return [int(i) for i in order[affordable]]


def _again(i: int, value: float, usd: float, taken: int) -> tuple[float, int, int]:
    return -value * SPREAD**taken / usd, i, taken
