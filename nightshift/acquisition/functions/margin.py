"""Margin: how close the second-best class comes to the best, averaged over a frame's boxes.

Formula: 1 − (best − second) class score per box (Scheffer, Decomain & Wrobel 2001; "1-vs-2" of Brust, Käding &
Denzler 2019, arXiv 1809.09875), mean over the boxes. With a single class the second is "no object", 1 − p. Unit:
share in [0, 1].
Bias: the scores are sigmoids, not a distribution: a weak box has a small margin whatever its second class, so that
it mixes "which class" with "is it anything". A frame without boxes is 0.
Needs: class scores of the student's boxes.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._boxes import Scores, measured
from nightshift.acquisition.pool import Pool, missing


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) mean of 1 − margin.

    Raises:
        ConfigError: there are no class scores.
    """
    del rng
    if pool.probabilities is None:
        raise missing("margin", "every class's score", "Use a student that gives them, or choose least_confidence.")
    return measured(pool, _closeness).mean


def _closeness(scores: Scores) -> NDArray[np.float64]:
    p = scores.astype(np.float64)
    both = np.hstack([p, 1 - p]) if p.shape[1] == 1 else np.partition(p, -2, axis=1)[:, -2:]
    return np.asarray(1 - (both.max(axis=1) - both.min(axis=1)), np.float64)
