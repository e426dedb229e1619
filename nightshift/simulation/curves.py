"""What a curve of mAP against dollars comes to: its area, the dollars to a target, and a band over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = Sequence[tuple[float, float]]  # (dollars, mAP50), in the order they were spent
GRID = 61  # points of a band


@dataclass(frozen=True, slots=True)
class Band:
    """Curves of several seeds on common dollars.

    Args:
        usd: (GRID,) dollars.
        mean: (GRID,) mAP50.
        low: (GRID,) the lowest of the seeds.
        high: (GRID,) the highest.
    """

    usd: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


def area_under(points: Points, until_usd: float) -> float:
    """Mean mAP50 over the dollars from 0 to `until_usd`, straight lines between the points; in [0, 1].

    Before the first dollar a curve that has no point there lies at 0; after its last point it stays level.

    Raises:
        ValueError: until_usd is not positive.
    """
    if not until_usd > 0:
        raise ValueError("an area needs some dollars")
    usd, value = _path(points)
    inside = usd[(usd > 0) & (usd < until_usd)]
    at = np.concatenate([[0.0], inside, [until_usd]])
    return float(np.trapezoid(np.interp(at, usd, value), at) / until_usd)


def usd_to(points: Points, target: float) -> float | None:
    """Dollars at which the curve first reaches the target; None where it never does."""
    usd, value = _path(points)
    reached = np.flatnonzero(value >= target)
    if not len(reached):
        return None
    i = int(reached[0])
    if i == 0:
        return float(usd[0])
    share = (target - value[i - 1]) / (value[i] - value[i - 1])
    return float(usd[i - 1] + share * (usd[i] - usd[i - 1]))


def band(curves: Sequence[Points], until_usd: float) -> Band:
    """The mean of several curves with the range they span."""
    at = np.linspace(0.0, until_usd, GRID)
    values = np.stack([np.interp(at, *_path(each)) for each in curves])
    lines = (at, values.mean(axis=0), values.min(axis=0), values.max(axis=0))
    return Band(*(tuple(np.round(each, 6).tolist()) for each in lines))


def _path(points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Dollars and values, beginning at no dollars; of several points at the same dollars the last counts."""
    by_usd = {0.0: 0.0} | {max(0.0, float(usd)): float(value) for usd, value in points}
    usd = sorted(by_usd)
    return np.array(usd, np.float64), np.array([by_usd[each] for each in usd], np.float64)
