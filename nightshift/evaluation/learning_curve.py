"""How accuracy grows with what is spent, and what the next dollars would bring: mAP(n) = a - b (n + s)^(-c).

The power law with an asymptote a is that of Cortes et al. (1993, "Learning curves: asymptotic values and rate of
convergence"). The shift s is what training on auto-labels alone is worth, so that a first round without any human
dollar has its place on the curve. Few nights cannot pin down four numbers: a grid over (a, c, s), with b integrated
out in closed form (Gaussian noise makes it a truncated normal), keeps every curve that fits, with its weight. Nothing
is drawn at random.

Priors are weak: a anywhere up to 1 but no lower than what was clearly measured; c log-normal around 0.5, within
[0.1, 2]; the curve rises and starts at 0 or above. Fitted power laws tend to promise more than comes (Mahmood et al.
2022, "How much more data do I need?", CVPR: few points underestimate the data needed); read the interval, not the
middle. Nights share one golden set, so their errors are correlated, which is not used: the interval of a gain is
rather too wide.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr
from scipy.stats import truncnorm

from nightshift.evaluation.interval import Interval

NOISE = 0.03  # standard error of a mAP where none is given: a golden set of about 50 clips
TRAINING = 0.01  # standard deviation between trainings on the same labels
ENOUGH = 3  # different amounts; with fewer, the prior decides
LEVEL = 0.90  # of the intervals
ASYMPTOTES, EXPONENTS, SLICES = 61, 16, 6
SHIFTS = (0.0, 0.05, 0.2, 1.0, 4.0)  # times the typical amount
DROP_MEAN, DROP_SPREAD = 0.3, 0.3  # prior of what is missing to the asymptote at the first point
TOO_SMALL = 1e-5  # weight of a cell that is left out, relative to the best one
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One measurement.

    Args:
        n: what had been spent (dollars or labelled frames), ≥ 0.
        value: mAP, in [0, 1].
        sd: standard error of the mAP (bootstrap over clips); None where not known.
    """

    n: float
    value: float
    sd: float | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.n < np.inf and 0 <= self.value <= 1):
            raise ValueError(f"0 ≤ n < ∞ and 0 ≤ value ≤ 1 does not hold: {self}")
        if self.sd is not None and not 0 <= self.sd < np.inf:
            raise ValueError(f"a standard error is negative or not finite: {self}")


@dataclass(frozen=True, slots=True)
class Reach:
    """What a target would take.

    Args:
        more: further dollars (or frames); infinite ends are out of reach.
        probability: that it can be reached with at most the stated limit.
        reached: probability that it is reached already.
    """

    more: Interval
    probability: float
    reached: float


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """All curves that fit, with their weights.

    Args:
        asymptote: (k,) a.
        drop: (k,) b in the unit of mAP: what was missing to the asymptote at the first point.
        exponent: (k,) c.
        shift: (k,) s, in the unit of n.
        weight: (k,) sums to 1.
        first: n of the first point.
        amounts: how many different n were measured.
    """

    asymptote: Values
    drop: Values
    exponent: Values
    shift: Values
    weight: Values
    first: float
    amounts: int

    @property
    def enough(self) -> bool:
        """Whether measurements, and not the prior, speak."""
        return self.amounts >= ENOUGH

    def at(self, n: float) -> Values:
        """(k,) mAP of every curve after n; before the first point nothing is known, so less counts as that."""
        left = ((max(n, self.first) + self.shift) / (self.first + self.shift)) ** -self.exponent
        value: Values = self.asymptote - self.drop * left
        return value

    def value(self, n: float, level: float = LEVEL) -> Interval:
        """MAP after n: median and central interval."""
        return self._interval(self.at(n), level)

    def gain(self, n: float, more: float, level: float = LEVEL) -> Interval:
        """What `more` brings after n, in mAP; without the noise of measuring it."""
        return self._interval(self._gain(n, more), level)

    def probability_of_gain(self, n: float, more: float, least: float) -> float:
        """That `more` after n brings at least `least` of mAP."""
        return float(min(1.0, self.weight[self._gain(n, more) >= least].sum()))

    def reach(self, target: float, n: float, limit: float = np.inf, level: float = LEVEL) -> Reach:
        """What it takes from n to a target mAP.

        Args:
            target: mAP, in (0, 1].
            n: spent already.
            limit: more than this counts as out of reach.
            level: of the interval.
        """
        room = self.asymptote - target
        with np.errstate(over="ignore", divide="ignore"):  # a target at the asymptote costs infinitely much
            times = np.where(room > 0, self.drop / np.where(room > 0, room, 1.0), np.inf) ** (1 / self.exponent)
            more = np.maximum((self.first + self.shift) * times - self.shift - max(n, self.first), 0.0)
        more = np.where(more <= limit, more, np.inf)
        probability = float(min(1.0, self.weight[np.isfinite(more)].sum()))
        return Reach(self._interval(more, level), probability, float(min(1.0, self.weight[more == 0].sum())))

    def _gain(self, n: float, more: float) -> Values:
        if more < 0:
            raise ValueError(f"nothing can be spent back: {more}")
        gain: Values = np.maximum(self.at(n + more) - self.at(n), 0.0)  # rounding may make it -1e-17
        return gain

    def _interval(self, values: Values, level: float) -> Interval:
        order = np.argsort(values, kind="stable")
        cumulated = np.cumsum(self.weight[order])
        places = np.searchsorted(cumulated, [(1 - level) / 2, 0.5, (1 + level) / 2]).clip(max=len(values) - 1)
        low, middle, high = values[order][places].tolist()
        return Interval(middle, low, high)


def fit_curve(points: Iterable[CurvePoint], noise: float = NOISE) -> LearningCurve | None:
    """All curves through the points, as far as their noise allows; None without a point.

    Args:
        points: measurements, in any order; several at one n are as good as one precise one.
        noise: standard error of a point that brings none.
    """
    told = sorted(points, key=lambda each: (each.n, each.value, each.sd or 0.0))
    if not told:
        return None
    n = np.array([each.n for each in told])
    value = np.array([each.value for each in told])
    sd = np.hypot([noise if each.sd is None else each.sd for each in told], TRAINING)
    sd = sd * _scatter(n, value, sd)
    return _weighted(_grid(n, _least(value, sd)), n, value, sd)


def _least(value: Values, sd: Values) -> float:
    """Lowest asymptote: measured values are noisy, so two standard errors below the best one."""
    return float((value - 2 * sd).max())


def _scatter(n: Values, value: Values, sd: Values) -> float:
    """By how much points scatter more about every curve than their errors say; at least 1 (Birge 1932, Phys. Rev. 40).

    A round that fell behind for a reason of its own widens the forecast instead of bending it.
    """
    a, c, s = _grid(n, _least(value, sd))
    left = ((n[:, None] + s) / (n[0] + s)) ** -c
    mean, _, _ = _drop(a[None, :] - value[:, None], left, sd[:, None])
    drop = np.clip(mean, 0.0, a)
    best = float((((value[:, None] - a + drop * left) / sd[:, None]) ** 2).sum(axis=0).min())
    return max(1.0, math.sqrt(best / max(len(n) - 2, 1)))


def _grid(n: Values, least: float) -> tuple[Values, Values, Values]:
    """Flat arrays of (a, c, s). A curve without shift cannot start at 0."""
    typical = float(np.median(n[n > 0])) if (n > 0).any() else 1.0
    shifts = [each * typical for each in SHIFTS if each > 0 or n.min() > 0]
    asymptotes = np.linspace(min(max(least, 0.01), 0.99), 1.0, ASYMPTOTES)
    axes = np.meshgrid(asymptotes, np.geomspace(0.1, 2.0, EXPONENTS), np.array(shifts), indexing="ij")
    a, c, s = (each.ravel() for each in axes)
    return a, c, s


def _weighted(grid: tuple[Values, Values, Values], n: Values, value: Values, sd: Values) -> LearningCurve:
    a, c, s = grid
    left = ((n[:, None] + s) / (n[0] + s)) ** -c  # (points, k), 1 at the first point
    mean, spread, evidence = _drop(a[None, :] - value[:, None], left, sd[:, None])
    ends = (0.0 - mean) / spread, (a - mean) / spread  # the curve rises, from 0 or above
    logs = evidence + _log_mass(*ends) + _log_prior(a, c)
    kept = logs > logs.max() + np.log(TOO_SMALL)
    weight = np.repeat(np.exp(logs[kept] - logs.max()), SLICES)
    middle = (np.arange(SLICES) + 0.5) / SLICES
    standard = np.asarray(truncnorm.ppf(middle, ends[0][kept, None], ends[1][kept, None]), np.float64)
    a, c, s = (np.repeat(each[kept], SLICES) for each in (a, c, s))
    drop = np.clip(np.nan_to_num((mean[kept, None] + spread[kept, None] * standard).ravel()), 0.0, a)
    return LearningCurve(a, drop, c, s, weight / weight.sum(), float(n[0]), len(np.unique(n)))


def _drop(missing: Values, left: Values, sd: Values) -> tuple[Values, Values, Values]:
    """Normal posterior of b for every (a, c, s), and the logarithm of how well the points are met.

    Linear regression of what is missing to the asymptote on what is left of it, with a normal prior (Bishop 2006,
    section 3.3).
    """
    precision = (left**2 / sd**2).sum(axis=0) + DROP_SPREAD**-2
    mean = ((left * missing / sd**2).sum(axis=0) + DROP_MEAN / DROP_SPREAD**2) / precision
    distance = ((missing - mean * left) ** 2 / sd**2).sum(axis=0) + ((mean - DROP_MEAN) / DROP_SPREAD) ** 2
    return mean, precision**-0.5, -distance / 2 - np.log(precision) / 2


def _log_mass(low: Values, high: Values) -> Values:
    """Logarithm of the normal probability between two ends, in whichever tail they lie."""
    flip = low + high > 0  # the tail on the left is the precise one
    left, right = np.where(flip, -high, low), np.where(flip, -low, high)
    upper = log_ndtr(right)
    mass: Values = upper + np.log1p(-np.exp(np.minimum(log_ndtr(left) - upper, -1e-300)))
    return mass


def _log_prior(a: Values, c: Values) -> Values:
    """Flat in a; log-normal in c around 0.5 (its grid is even in the logarithm)."""
    prior: Values = np.zeros_like(a) - (np.log(c / 0.5) / 0.8) ** 2 / 2
    return prior


def price_so_far(points: Sequence[CurvePoint], curve: LearningCurve) -> float | None:
    """Dollars that a point (0.01) of mAP has cost from the first measurement to the last, on the fitted curve.

    The curve's median is steadier than the difference of two noisy measurements. None before anything was spent
    between them.
    """
    ends = sorted(each.n for each in points)
    if not ends or ends[-1] <= ends[0]:
        return None
    rise = curve.gain(ends[0], ends[-1] - ends[0]).value
    return (ends[-1] - ends[0]) / (100 * rise) if rise > 0 else None
