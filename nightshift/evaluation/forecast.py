"""How far a night's price may be off: the scatter of frames, which evens out, and the team's pace, which does not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

PSEUDO = 20.0  # frames that the start counts
START = 0.5  # relative standard error of one frame's price, before any was compared


@dataclass(frozen=True, slots=True)
class Night:
    """Seconds that a queue will take: the expected ones, between low and high with the confidence asked for."""

    low: float
    expected: float
    high: float


def forecast_error(pairs: Sequence[tuple[float, float]], start: float = START) -> float:
    """Relative standard error of the forecast of one frame: noise of the person and of the edits expected.

    Args:
        pairs: (forecast, actual) seconds of frames that were asked at a forecast price.
        start: what it is taken to be without any; counts as PSEUDO frames.
    """
    known = np.array([pair for pair in pairs if pair[0] > 0], np.float64).reshape(-1, 2)
    off = (known[:, 1] / known[:, 0]) - 1
    return float(np.sqrt((np.sum(off**2) + PSEUDO * start**2) / (len(off) + PSEUDO)))


def night(seconds: Sequence[float], error: float, level_error: float, confidence: float = 0.8) -> Night:
    """How long a queue will take: frames scatter independently, the team's pace is off for all of them at once.

    Args:
        seconds: forecast of each frame.
        error: relative standard error of one frame, see forecast_error.
        level_error: relative standard error of all prices together, see FittedPrices.
        confidence: that the actual seconds lie between low and high.
    """
    each = np.asarray(seconds, np.float64)
    total = float(each.sum())
    if total == 0:
        return Night(0.0, 0.0, 0.0)
    share = float(np.sum(each**2)) / total**2
    factor = float(np.exp(norm.ppf((1 + confidence) / 2) * np.sqrt(error**2 * share + level_error**2)))
    return Night(total / factor, total, total * factor)
