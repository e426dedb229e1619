"""The frames with the highest sum of entropies, whatever they cost: the field's usual uncertainty sampling.

Source: `entropy_sum`, highest first (Lewis & Gale 1994; Brust, Käding & Denzler 2019, arXiv 1809.09875).
Bias: that of the sum: crowded, costly frames; near-duplicates together. Needs: nothing.
"""

import numpy as np

from nightshift.acquisition.functions import entropy_sum
from nightshift.acquisition.pool import Pool
from nightshift.acquisition.select import top


def rank(pool: Pool, budget_usd: float, rng: np.random.Generator) -> list[int]:
    """Indices in the order to ask; frames dearer than what is left are passed over."""
    return top(entropy_sum.value(pool, rng), pool.usd, budget_usd)
