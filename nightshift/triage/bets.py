"""Evidence as the capital of a bettor: valid after every audit, whatever the teacher does in the meantime.

The question is whether the total T = Σ X_j over *all* frames known tonight is below zero. For precision, X_j is the
wrong among the accepted boxes of frame j minus the share of its accepted boxes that may be wrong.

How frames are drawn. Frame j has a weight b_j ≥ 1 and waits for its turn e_j = −log(1−u_j)/b_j, where u_j is uniform on
[0, 1) and drawn without a look at the frame; lowest turns are audited first (successive sampling, Rosén 1972). With b_j
the number of boxes, crowded frames come sooner and count less, each box has the same chance, and X_j/b_j is bounded
however crowded a frame is. A frame that has arrived late takes the turn that its rank gives it, also an early one.

Why the capital can be trusted. Let a bettor lose the fraction λX_j/b_j of what it owns when frame j has its turn. Until
then the turn comes at the rate b_j, so that with all turns up to τ taken the product over all known frames of

    (1 − λX_j/b_j)^[e_j ≤ τ] · exp(λX_j · min(e_j, τ))

has mean one, and keeps it while τ grows and frames arrive (a stochastic exponential, Doléans-Dade 1970). The exponents
add up to λτT − λΣ(τ − e_j)X_j, the sum over audited frames. Where T ≥ 0 the first term only helps the product. So

    log K = Σ log(1 − λX_j/b_j) − λ·max(0, Σ (τ − e_j) X_j)      (sums over audited frames)

is at most the logarithm of that martingale on every night on which T ≥ 0, and Ville's inequality (1939) bounds the
chance that K ever reaches 1/α on such a night by α. Nothing is assumed about the frames: they are an arbitrary, finite,
growing set, errors may cluster in any way and the teacher may drift; only the ranks are random. A mean over fixed λ is
again such a capital (mixture bets: Waudby-Smith & Ramdas 2024, "Estimating means of bounded random variables by
betting"). That λ is constant is essential: bets that follow the results would weigh some nights more than others.

What it does not know: whether people are right, and whether audits stayed unanswered for a reason.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Array = NDArray[np.float64]
SAFE = 0.95  # of the capital at most, for one frame
LADDER = np.array([1.0, 0.6, 0.3])  # of the boldest stake
FIRST = np.array([0.85, 0.1, 0.05])  # the part of the first capital that each stake plays with


def stakes(worst: float) -> Array:
    """(J,) stakes for which no frame costs more than SAFE of the capital, X_j/b_j being at most `worst`."""
    return np.asarray(SAFE / worst * LADDER, np.float64)


def log_components(cost: Array, turns: Array, weights: Array, bets: Array) -> Array:
    """Logarithm of the capital of each stake, each having started with 1.

    Args:
        cost: (..., n) X of each audited frame; negative is a gain. The order of the frames does not matter.
        turns: (n,) e of each frame, not negative.
        weights: (n,) b of each frame, at least 1.
        bets: (J,) stakes.

    Returns:
        (..., J).
    """
    bad_luck = np.maximum(cost @ (turns.max(initial=0.0) - turns), 0.0)
    won = np.log1p(-(cost / weights)[..., None, :] * bets[:, None]).sum(axis=-1)
    return np.asarray(won - bets * bad_luck[..., None], np.float64)


def mixed(components: Array) -> Array:
    """Logarithm of all stakes' capital together: (..., J) → (...)."""
    total: Array = logsumexp(components + np.log(FIRST), axis=-1)
    return total
