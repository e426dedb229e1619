"""Random: a uniform order, cut where the budget ends. What every other strategy has to beat.

Source: none. Bias: none. Needs: nothing.
"""

import numpy as np

from nightshift.acquisition.pool import Pool
from nightshift.acquisition.select import draw


def rank(pool: Pool, budget_usd: float, rng: np.random.Generator) -> list[int]:
    """Indices in the order to ask."""
    return draw(pool.usd, budget_usd, rng)
