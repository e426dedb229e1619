"""The frames with the least confident boxes, whatever they cost.

Source: `least_confidence`, highest first (Lewis & Gale 1994; Brust, Käding & Denzler 2019, arXiv 1809.09875).
Bias: that of the mean: sparse frames with weak boxes; near-duplicates together. Needs: nothing.
"""

import numpy as np

from nightshift.acquisition.functions import least_confidence
from nightshift.acquisition.pool import Pool
from nightshift.acquisition.select import top


def rank(pool: Pool, budget_usd: float, rng: np.random.Generator) -> list[int]:
    """Indices in the order to ask; frames dearer than what is left are passed over."""
    return top(least_confidence.value(pool, rng), pool.usd, budget_usd)
