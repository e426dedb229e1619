"""Chance: every frame is worth the same, and a lot decides. The yardstick, and the control arm.

Formula: uniform in [0, 1), from `rng`. Unit: none. Bias: none, which is what it is for. Needs: nothing.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.pool import Pool


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) lots."""
    return rng.random(len(pool))
