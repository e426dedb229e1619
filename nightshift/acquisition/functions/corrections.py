"""Corrections: what a person is expected to change on the frame, calibrated on what people changed so far.

Formula: none here; the caller's estimate from the ledger, weighted by class. Unit: expected corrections.
Bias: that of the ledger: classes and looks that nobody has corrected yet are estimated from others; grows with the
number of boxes, as the price does. Needs: nothing.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.pool import Pool


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) expected corrections."""
    del rng
    return pool.corrections.copy()
