"""Least confidence: how far the best class of a frame's boxes is from certain, on average.

Formula: 1 − highest class score per box (Lewis & Gale 1994), mean over the frame's boxes (the average aggregation of
Brust, Käding & Denzler 2019, arXiv 1809.09875, section 3). Unit: share in [0, 1].
Bias: prefers frames with a few weak boxes over frames with many good and one bad; a frame without boxes is 0, so that
it never asks about what the model has never seen. Overconfident models look certain.
Needs: nothing; class scores add nothing beyond the top one.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._boxes import measured, unsureness
from nightshift.acquisition.pool import Pool


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) mean of 1 − top score."""
    del rng
    return measured(pool, unsureness).mean
