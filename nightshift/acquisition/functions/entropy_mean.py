"""Entropy, mean over boxes: how undecided the class scores are.

Formula: per box Σ over classes of −p log p − (1 − p) log(1 − p) (Shannon 1948; each sigmoid is a yes or no of its
own), from the top score alone where class scores are not known; the average aggregation of Brust, Käding & Denzler
2019 (arXiv 1809.09875). Unit: nats.
Bias: blind to how many boxes are doubtful: one doubtful box alone outranks it among certain ones. A frame without
boxes is 0.
Needs: nothing; uses class scores where they are there.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._boxes import entropy, measured
from nightshift.acquisition.pool import Pool


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) nats."""
    del rng
    return measured(pool, entropy).mean
