"""How much more a chosen frame brings than a random one: review against the control arm.

Each night control frames are drawn uniformly among *all* frames that could be asked, before anything is chosen, and
are shown with the same boxes as the chosen ones. So their mean estimates without bias what a random frame would have
brought that night. A frame that would have been chosen anyway may be drawn for control; it then counts as control
only, and must: control stands for every frame, not for those left over, or choosing would look better than it is. What
is subtracted is thus "a random frame of that night", and what is lost is that the review does without the share of
its favourites that chance took first: it looks worse than without a control arm by at most that share.

Nights are strata, for the student and the pool change between them: random frames are weighted to the nights on which
the chosen ones were answered (combined ratio estimator, Cochran 1977, Sampling Techniques, section 6.11). The variance
is that of the linearised ratio with whole clips as units, since frames of a clip are alike (section 9; Binder 1983),
and Student's t with as many degrees of freedom as the scarcer arm has clips beyond its strata.

Knows the answers that were given. Frames that nobody has answered are missing; as queues mix the purposes at random,
a queue left half done compares the best half of the chosen with random ones, which is what was paid for.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

from nightshift.domain.costs import HOUR
from nightshift.domain.review import Purpose
from nightshift.evaluation.interval import Interval

LEAST = 5  # answers of each arm; with fewer nothing is said
CLIPS = 2  # of each arm in a stratum: one clip alone shows no spread
ARMS = (Purpose.REVIEW, Purpose.CONTROL)
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one answered frame brought; a skipped one is no reply.

    Args:
        night: the round that asked.
        purpose: why; only review and control count.
        clip: of the frame.
        corrections: boxes moved, relabelled, added or deleted.
        seconds: the person's time, capped.
    """

    night: int
    purpose: Purpose
    clip: str
    corrections: float
    seconds: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.corrections, self.seconds]).all() and min(self.corrections, self.seconds) >= 0):
            raise ValueError(f"corrections and seconds are not finite numbers ≥ 0: {self}")


@dataclass(frozen=True, slots=True)
class Rate:
    """Corrections per unit (a frame, or a dollar) in both arms.

    Args:
        chosen: of the review.
        random: of the control arm, weighted to the review's nights.
        difference: chosen minus random.
        ratio: chosen over random; None where random frames brought nothing.
        probability_better: that choosing brings more than chance.
    """

    chosen: Interval
    random: Interval
    difference: Interval
    ratio: Interval | None
    probability_better: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Review against control.

    Args:
        chosen_frames: answered, on nights that have both.
        random_frames: answered, on nights that have both.
        per_frame: corrections per frame; None while not known.
        per_usd: corrections per dollar; None while not known, or where people's time costs nothing.
        confidence: of the intervals, two-sided.
        random_usd: what the control arm's answers have cost.
    """

    chosen_frames: int
    random_frames: int
    per_frame: Rate | None
    per_usd: Rate | None
    confidence: float
    random_usd: float

    @property
    def sentence(self) -> str:
        """The result in words."""
        rate, unit = (self.per_usd, "per dollar") if self.per_usd else (self.per_frame, "per frame")
        if rate is None:
            return (
                f"Not known yet: {self.random_frames} random and {self.chosen_frames} chosen frames can be compared, "
                f"{LEAST} of each, from {CLIPS} clips or more, are needed."
            )
        if rate.ratio is None:
            return f"Chosen frames brought {rate.chosen.value:.1f} corrections {unit}, random ones none."
        times = f"{rate.ratio.value:.1f} ({rate.ratio.low:.1f} to {rate.ratio.high:.1f})"
        return f"A chosen frame brings {times} times the corrections {unit} of a random one."


def compare(replies: Iterable[Reply], usd_per_hour: float, confidence: float = 0.95) -> Comparison:
    """What choosing brought over chance, over all nights given.

    Args:
        replies: of any purpose, in any order.
        usd_per_hour: a person's hour.
        confidence: of the two-sided intervals.
    """
    told = [each for each in replies if each.purpose in ARMS]
    strata = _strata(told)
    kept = [each for each in told if each.night in strata]
    sizes = {arm: sum(each.purpose is arm for each in kept) for arm in ARMS}
    usd = np.array([each.seconds / HOUR * usd_per_hour for each in kept], np.float64)
    enough = min(sizes.values()) >= LEAST
    sample = _Sample(kept, strata) if enough else None
    return Comparison(
        sizes[Purpose.REVIEW],
        sizes[Purpose.CONTROL],
        sample.rate(np.ones(len(kept)), confidence) if sample else None,
        sample.rate(usd, confidence) if sample else None,
        confidence,
        sum(each.seconds for each in told if each.purpose is Purpose.CONTROL) / HOUR * usd_per_hour,
    )


def _strata(replies: Sequence[Reply]) -> dict[int, int]:
    """Night → stratum. Neighbouring nights are put together until both arms have clips enough (collapsed strata).

    A rest of nights at the end joins the last stratum; nights that never fill one are left out.
    """
    by_night: dict[int, list[Reply]] = defaultdict(list)
    for each in replies:
        by_night[each.night].append(each)
    strata: dict[int, int] = {}
    waiting: list[int] = []
    number = 0
    for night in sorted(by_night):
        waiting.append(night)
        if all(len({r.clip for n in waiting for r in by_night[n] if r.purpose is arm}) >= CLIPS for arm in ARMS):
            strata |= dict.fromkeys(waiting, number)
            waiting, number = [], number + 1
    return strata | (dict.fromkeys(waiting, number - 1) if number else {})


class _Sample:
    """Replies as arrays, with what all rates share: who is in which arm, stratum and clip."""

    def __init__(self, replies: Sequence[Reply], strata: dict[int, int]) -> None:
        self.found = np.array([each.corrections for each in replies], np.float64)
        self.arm = np.array([ARMS.index(each.purpose) for each in replies])
        stratum = np.array([strata[each.night] for each in replies])
        self.clip = np.unique([each.clip for each in replies], return_inverse=True)[1]
        self.cell = 2 * stratum + self.arm  # one arm in one stratum
        pairs = np.unique(np.stack([self.cell, self.clip]), axis=1)
        self.clips = np.bincount(pairs[0])  # by cell
        self.frames = np.bincount(self.cell)
        chosen = self.frames[2 * stratum]
        self.weight = np.where(self.arm == 0, 1.0, chosen / self.frames[self.cell])

    def rate(self, units: Values, confidence: float) -> Rate | None:
        """Corrections per unit; None where an arm has no units."""
        below = [float((self.weight * units)[self.arm == a].sum()) for a in (0, 1)]
        if min(below) <= 0:
            return None
        values = [float((self.weight * self.found)[self.arm == a].sum() / below[a]) for a in (0, 1)]
        parts = [self._influence(units, a, values[a], below[a]) for a in (0, 1)]
        least = [float((self.weight[self.arm == a].max() / below[a]) ** 2) for a in (0, 1)]
        freedom = self._freedom()
        wide = float(student_t.ppf((1 + confidence) / 2, freedom))
        spread = [max(_variance(parts[a], self.clip), least[a]) ** 0.5 for a in (0, 1)]
        both = self._spread(parts, least)
        difference = values[0] - values[1]
        return Rate(
            _at_least_zero(values[0], wide * spread[0]),
            _at_least_zero(values[1], wide * spread[1]),
            Interval(difference, difference - wide * both, difference + wide * both),
            self._ratio(values, parts, least, wide),
            float(student_t.cdf(difference / both, freedom)),
        )

    def _influence(self, units: Values, arm: int, value: float, below: float) -> Values:
        """(n,) how far each reply moves the arm's rate, centred within its stratum, small samples made up for."""
        moved = np.where(self.arm == arm, self.weight * (self.found - value * units) / below, 0.0)
        mean = np.bincount(self.cell, moved) / self.frames.clip(1)
        made_up = np.sqrt(self.clips / np.maximum(self.clips - 1, 1))
        centred: Values = np.where(self.arm == arm, (moved - mean[self.cell]) * made_up[self.cell], 0.0)
        return centred

    def _spread(self, parts: list[Values], least: list[float]) -> float:
        """Standard error of the difference.

        Each arm varies by one correction at least: five frames without any do not show that there is none.
        """
        alone = sum(max(0.0, floor - _variance(part, self.clip)) for part, floor in zip(parts, least, strict=True))
        return math.sqrt(max(_variance(parts[0] - parts[1], self.clip) + alone, sum(least)))

    def _freedom(self) -> int:
        return min(int((self.clips[arm::2] - 1).sum()) for arm in (0, 1))

    def _ratio(self, values: list[float], parts: list[Values], least: list[float], wide: float) -> Interval | None:
        """On the logarithm's scale, so that the interval stays above zero."""
        if min(values) <= 0:
            return None
        relative = [part / value for part, value in zip(parts, values, strict=True)]
        floors = [floor / value**2 for floor, value in zip(least, values, strict=True)]
        reach = min(wide * self._spread(relative, floors), 50.0)  # keeps the exponential finite
        ratio = values[0] / values[1]
        return Interval(ratio, ratio * float(np.exp(-reach)), ratio * float(np.exp(reach)))


def _variance(influence: Values, clip: NDArray[np.intp]) -> float:
    """Of a sum over whole clips."""
    return float((np.bincount(clip, influence) ** 2).sum())


def _at_least_zero(value: float, reach: float) -> Interval:
    return Interval(value, max(0.0, value - reach), value + reach)
