"""How many objects the accepted boxes leave out, at most: a channel of its own with a δ of its own.

The same bets as for precision, on Y_j − m, where Y_j is the number of people's boxes of a class on frame j without a
right accepted box, and m a mean that is to be ruled out: the bound is the lowest m that tonight's capital rules out.
Each m is ruled out wrongly on any night with probability α at most. A bound that holds for any number of missed objects
needs a cap: a frame counts `cap` at most.
"""

import math

import numpy as np

from nightshift.triage.bets import Array, log_components, mixed, stakes

STEPS = 14  # halvings


def most_missed(missed: Array, turns: Array, weights: Array, alpha: float, cap: int) -> float:
    """Upper bound of the mean number of missed objects per frame, each frame counted up to the cap.

    Args:
        missed: (n,) on the audited frames.
        turns: (n,) of these frames.
        weights: (n,) of these frames.
        alpha: chance of being wrong, on any night.
        cap: of one frame; the bound with nothing known.
    """
    counted, bets = np.minimum(missed, cap), stakes(cap)
    low, high = 0.0, float(cap)
    for _ in range(STEPS):
        middle = (low + high) / 2
        out = mixed(log_components(counted - middle, turns, weights, bets)) >= -math.log(alpha)
        low, high = (low, middle) if out else (middle, high)
    return high
