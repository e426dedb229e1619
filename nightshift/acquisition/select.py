"""Which frames to ask about tonight, within the budget: by value per dollar, by value alone, or by chance."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.spread import Discount, Offer, spread


def select(value: NDArray[np.float64], usd: NDArray[np.float64], clips: Sequence[str], budget_usd: float) -> list[int]:
    """Best gain per dollar first, spread over clips; what the frames look like is not known here.

    Args:
        value: (n,) expected corrections; frames without any are never chosen.
        usd: (n,) price, > 0.
        clips: n names.
        budget_usd: the chosen frames never cost more.

    Returns:
        Indices, best gain per dollar first; ties go to the lower index.
    """
    n = len(value)
    offer = Offer(value, usd, clips, np.zeros((n, 0), np.float32), np.zeros(n, np.float32))
    return spread(offer, budget_usd, Discount()).indices


def top(value: NDArray[np.float64], usd: NDArray[np.float64], budget_usd: float) -> list[int]:
    """Highest value first, whatever it costs; frames dearer than what is left are passed over.

    Args:
        value: (n,); ties go to the lower index.
        usd: (n,) price, > 0.
        budget_usd: the chosen frames never cost more.
    """
    return afford(np.argsort(-value, kind="stable").tolist(), usd, budget_usd)


def afford(order: Sequence[int], usd: NDArray[np.float64], budget_usd: float) -> list[int]:
    """Those of an order that the budget pays for, one after the other; the ones too dear are passed over."""
    chosen: list[int] = []
    left, cheapest = budget_usd, float(usd.min(initial=np.inf))
    for i in order:
        if left < cheapest:
            break
        if usd[i] <= left:
            chosen.append(i)
            left -= float(usd[i])
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
