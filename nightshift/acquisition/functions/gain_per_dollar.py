"""The default: boxes settled per dollar, where what is alike brings less each time.

Source: `spread`: greedy by gain per dollar, lazily (Minoux 1978), with the classical repair for budgets that hardly pay
for a frame: if one frame alone brings more than the whole greedy choice, it is taken instead (Khuller, Moss & Naor
1999). Gain: what the policy expects a frame to settle, weighed by class, × what is new about the look × what is new
about the clip. Unit: labels. Bias: towards frames of many boxes that are quickly confirmed; a look is one vector a
frame, which misses small objects. Needs: nothing; without vectors it spreads over clips alone.
"""

import numpy as np

from nightshift.acquisition.looks import looks, most_similar
from nightshift.acquisition.pool import Pool
from nightshift.acquisition.spread import Chosen, Discount, Offer, spread

_DISCOUNT = Discount()


def rank(pool: Pool, budget_usd: float, rng: np.random.Generator, discount: Discount = _DISCOUNT) -> list[int]:
    """Indices in the order to ask."""
    del rng
    return choose(pool, budget_usd, discount).indices


def choose(pool: Pool, budget_usd: float, discount: Discount = _DISCOUNT) -> Chosen:
    """The order with what each frame brings."""
    ours, labelled = looks(pool)
    offer = Offer(pool.corrections, pool.usd, pool.clips, ours, most_similar(ours, labelled))
    greedy, alone = spread(offer, budget_usd, discount), _alone(offer, budget_usd, discount)
    return alone if alone.total > greedy.total else greedy


def _alone(offer: Offer, budget_usd: float, discount: Discount) -> Chosen:
    """The one affordable frame that brings most."""
    new = np.maximum(discount.floor, 1 - np.maximum(offer.known, 0).astype(np.float64))
    gains = np.where(offer.usd <= budget_usd, offer.worth * new, 0.0)
    best = int(gains.argmax()) if len(gains) else 0
    return Chosen([best], [float(gains[best])]) if len(gains) and gains[best] > 0 else Chosen()
