"""How many seconds each edit takes this team, from its own lead times.

An answer takes speed · (glance + Σ edits · seconds per edit) · noise. Lead times scatter by a factor, not by seconds:
the fit is on the logarithm, and robust: Huber's loss (Huber 1964), because tabs stay open while people are at lunch.
Published figures are where it starts, and they count as much as PSEUDO answers: 1.6 s to verify a box (Papadopoulos et
al. 2016, "We don't need no bounding-boxes"), 7 s to draw one by extreme clicking (Papadopoulos et al. 2017), against
35 s of careful drawing with quality control (Su, Deng & Fei-Fei 2012); boxes are sold at 0.036 to 0.07 USD each. The
seconds to glance, move, relabel and delete have no published source that fits: they are guesses, and the first to go.

A forecast is a sum, and sums follow means where robust fits follow the middle: the prices are scaled at the end until
they add up to what people took (Duan 1983, the smearing estimate), answers far off left out; what those took on top is
put on the glance, because idle tabs are paid as well. Prices are of the average answer: who will answer is not known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import median_abs_deviation, norm

from nightshift.domain.costs import Prices
from nightshift.domain.edits import Edits
from nightshift.domain.ledger import Entry

Array = NDArray[np.float64]
PRICES = (
    "glance_seconds",
    "verify_seconds",
    "adjust_seconds",
    "relabel_seconds",
    "draw_seconds",
    "delete_seconds",
)  # of one frame, then of each edit in EDIT_ORDER
PSEUDO = 20.0  # answers that the start counts
PER_PRICE = PSEUDO / len(PRICES)  # of which each price has its share
PSEUDO_SPEED = 5.0  # answers that a reviewer counts as average
NOISE = 0.35  # standard deviation of the logarithm, before it is measured
LEAST_NOISE = 0.05
LEVEL = 0.5  # standard deviation of the logarithm of a team's pace against published figures: a factor of 1.6
FAR = 3.5  # standard deviations from which an answer is left out of the scale
HUBER = 1.345  # 95% efficient where the noise is normal
ALTERNATIONS = 6  # between prices, noise and the reviewers' speeds
LEAST_SECONDS = 0.05  # of a price, and of an answer that was measured at all
ROUNDING = 1e-6  # the store keeps seconds as float32
WIDEST = np.log(20.0)  # a price stays within this factor of its start


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer: what was done, how long it took, who did it."""

    edits: Edits
    seconds: float
    annotator: str = ""


@dataclass(frozen=True, slots=True)
class FittedPrices:
    """The team's prices.

    Args:
        prices: with the fitted seconds; dollars and cap as they were.
        answers: used.
        far: of those, too far off to say anything about a price.
        capped: of those, at the cap: they took at least as long.
        errors: relative standard error of each fitted price, by its name in Prices.
        noise: standard deviation of the logarithm of one answer's seconds, its edits known.
        idle_seconds: part of the glance that makes up for answers far off; may be negative.
        speeds: seconds of a reviewer against the average, above 1 is slower; shrunk towards 1.
    """

    prices: Prices
    answers: int
    far: int
    capped: int
    errors: Mapping[str, float]
    noise: float
    idle_seconds: float
    speeds: Mapping[str, float]

    @property
    def level_error(self) -> float:
        """Relative standard error of the prices as a whole: the team's pace, known from the answers."""
        return float((LEVEL**-2 + self.answers / self.noise**2) ** -0.5)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """Answers as arrays: counts (n, 6) with a leading one, log seconds (n,), capped (n,), person (n,); the log cap."""

    counts: Array
    log_seconds: Array
    capped: NDArray[np.bool_]
    person: NDArray[np.int64]
    log_cap: float


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """Log prices (6,), their inverse covariance (6, 6) in units of noise, log speeds (people,), noise, off (n,)."""

    log_prices: Array
    precision: Array
    log_speeds: Array
    noise: float
    off: Array


def timed(entries: Sequence[Entry]) -> list[Timed]:
    """The answers of the ledger; blind ones as well, where everything is drawn."""
    return [Timed(each.edits, each.seconds, each.annotator) for each in entries]


def fit_prices(answers: Sequence[Timed], start: Prices) -> FittedPrices:
    """The team's prices; without answers the start's.

    Args:
        answers: all there are. Those without a measured time are left out; those at the cap took at least as long.
        start: published or configured seconds per edit, dollars and the cap.
    """
    measured = [each for each in answers if each.seconds >= LEAST_SECONDS]
    names = sorted({each.annotator for each in measured})
    work, began = _work(measured, names, max(start.lead_time_cap_seconds, LEAST_SECONDS)), _log(start)
    if not measured:
        return FittedPrices(start, 0, 0, 0, dict.fromkeys(PRICES, LEVEL), NOISE, 0.0, {})
    fit = _alternate(work, began, len(names))
    far = np.abs(fit.off) > FAR * fit.noise
    seconds, idle = _scaled(work, np.exp(fit.log_prices), far)
    return FittedPrices(
        replace(start, **dict(zip(PRICES, seconds.tolist(), strict=True))),
        len(measured),
        int(far.sum()),
        int(work.capped.sum()),
        dict(zip(PRICES, _errors(fit).tolist(), strict=True)),
        fit.noise,
        idle,
        dict(zip(names, np.exp(fit.log_speeds).tolist(), strict=True)),
    )


def _work(answers: Sequence[Timed], names: Sequence[str], cap: float) -> _Work:
    counts = np.array([[1.0, *each.edits.vector] for each in answers], np.float64).reshape(-1, len(PRICES))
    seconds = np.array([each.seconds for each in answers], np.float64)
    person = np.array([names.index(each.annotator) for each in answers], np.int64)
    log_cap = float(np.log(cap))
    return _Work(counts, np.minimum(np.log(seconds), log_cap), seconds >= cap * (1 - ROUNDING), person, log_cap)


def _log(prices: Prices) -> Array:
    """(6,) log seconds to start from; a price of nothing has no logarithm, the published one stands in."""
    seconds = [getattr(prices, name) or getattr(Prices(), name) for name in PRICES]
    return np.asarray(np.log(np.maximum(seconds, LEAST_SECONDS)), np.float64)


def _alternate(work: _Work, start: Array, people: int) -> _Fit:
    """Prices, then noise and speeds from what they leave over, and again."""
    same = np.zeros(people)
    fit = _Fit(start, np.eye(len(start)), same, NOISE, np.zeros(len(work.counts)))
    for _ in range(ALTERNATIONS):
        seconds = _uncapped(work, fit.log_prices, fit.log_speeds, fit.noise)
        prices, precision = _solve(seconds, work, start, fit)
        limit = FAR * fit.noise
        speeds = _speeds(work, np.clip(_off(seconds, work, prices, same, fit.noise), -limit, limit), people)
        off = _off(seconds, work, prices, speeds, fit.noise)
        noise = max(LEAST_NOISE, _pooled(float(median_abs_deviation(off, scale="normal")), len(off)))
        fit = _Fit(prices, precision, speeds, noise, off)
    return fit


def _solve(seconds: Array, work: _Work, start: Array, fit: _Fit) -> tuple[Array, Array]:
    """Log prices and their precision, the speeds and the noise given."""
    belief = np.sqrt(PER_PRICE) * np.eye(len(start))

    def residuals(prices: Array) -> Array:
        off = _off(seconds, work, prices, fit.log_speeds, fit.noise)
        return np.asarray(np.concatenate([off, belief @ (prices - start)]) / fit.noise, np.float64)

    def jacobian(prices: Array) -> Array:
        parts = work.counts * np.exp(prices)
        shares = parts / parts.sum(axis=1, keepdims=True)
        return np.asarray(np.vstack([-shares, belief]) / fit.noise, np.float64)

    loss: Any = partial(_huber, robust=len(work.counts))  # the stubs know a callable of another shape
    inside = np.clip(fit.log_prices, start - 0.99 * WIDEST, start + 0.99 * WIDEST)
    limits = (start - WIDEST, start + WIDEST)
    found = least_squares(residuals, inside, jac=jacobian, bounds=limits, loss=loss)
    slopes = np.asarray(found.jac, np.float64)
    return found.x, slopes.T @ slopes


def _off(log_seconds: Array, work: _Work, prices: Array, speeds: Array, noise: float) -> Array:
    """(n,) log seconds less expected; the mean of log-normal noise lies noise²/2 above its middle."""
    off: Array = log_seconds - np.log(work.counts @ np.exp(prices)) - speeds[work.person] + noise**2 / 2
    return off


def _uncapped(work: _Work, prices: Array, speeds: Array, noise: float) -> Array:
    """(n,) log seconds, and for capped answers what they would have been on average, given that it was more.

    The expectation step for normal noise cut off above (Tobin 1958): middle + noise · φ(z) / (1 − Φ(z)).
    """
    middle = work.log_seconds - _off(work.log_seconds, work, prices, speeds, noise)
    z = (work.log_seconds - middle) / noise
    return np.where(work.capped, middle + noise * np.exp(norm.logpdf(z) - norm.logsf(z)), work.log_seconds)


def _huber(squares: Array, robust: int) -> Array:
    """ρ, ρ' and ρ'' for `least_squares`: Huber's for the answers, plain squares for the belief."""
    inside = squares <= HUBER**2
    inside[robust:] = True
    root = np.sqrt(np.where(inside, 1.0, squares))
    value = np.where(inside, squares, 2 * HUBER * root - HUBER**2)
    return np.stack([value, np.where(inside, 1.0, HUBER / root), np.where(inside, 0.0, -HUBER / (2 * root**3))])


def _speeds(work: _Work, off: Array, people: int) -> Array:
    """(people,) log speed, shrunk towards the average; the average answer has 0."""
    count = np.bincount(work.person, minlength=people)
    speeds = np.bincount(work.person, off, people) / (count + PSEUDO_SPEED)
    centred: Array = speeds - np.average(speeds, weights=count)
    return centred


def _pooled(noise: float, answers: int) -> float:
    return float(np.sqrt((answers * noise**2 + PSEUDO * NOISE**2) / (answers + PSEUDO)))


def _scaled(work: _Work, prices: Array, far: NDArray[np.bool_]) -> tuple[Array, float]:
    """Prices that add up to the seconds taken, and the part of the glance that answers far off took on top."""
    actual, expected = np.exp(work.log_seconds), np.exp(np.minimum(np.log(work.counts @ prices), work.log_cap))
    believed = PSEUDO * float(expected.mean())
    scale = (actual[~far].sum() + believed) / (expected[~far].sum() + believed)
    excess = float((actual - scale * expected)[far].sum()) / (len(far) + PSEUDO)
    idle = max(excess, -float(scale * prices[0]))
    seconds = scale * prices
    seconds[0] += idle
    return seconds, idle


def _errors(fit: _Fit) -> Array:
    errors: Array = np.sqrt(np.diag(np.linalg.inv(fit.precision)))
    return errors
