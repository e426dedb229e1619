"""Continue, lower the budget, or stop: what the learning curve and the control arm say, with the figures.

The rule is one comparison: does the next night's gain pay? A gain pays when it is worth its dollars to the team, or,
where the team has not said what a point of mAP is worth, when a point does not cost many times what it has cost so
far. The forecast's probability decides, so that an uncertain curve says "continue": asking one night too long costs a
night, stopping too early is not noticed. Whether *choosing* frames pays is another question, with its own answer:
where chosen frames bring no more than random ones, people may still be worth asking.

Knows no history but what it is given; never acts itself.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from nightshift.evaluation.control import Comparison
from nightshift.evaluation.learning_curve import LearningCurve

SURE = 0.90  # probability to say that a target is reached
HARDLY = 0.10  # probability of a gain that pays, below which it is time to stop
EVEN = 0.50  # probability of a gain that pays, below which less should be spent
DEARER = 4.0  # times the price so far that a point may cost where nobody said what it is worth; then spend less
MUCH_DEARER = 12.0  # times the price so far; then stop
LEAST_GAIN = 0.005  # mAP a night, where there is no price to compare with
NIGHTS = 100  # like tonight; a target that takes more is out of reach
NO_MORE = 1.10  # chosen over random; with an interval wholly below, choosing brings nothing to speak of
SMALLER = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)  # of tonight's dollars


class Action(StrEnum):
    """What the report recommends."""

    CONTINUE = "continue"
    LOWER = "lower the budget"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do, and why.

    Args:
        action: continue, lower the budget or stop.
        reason: sentences with the figures.
        usd: what to spend a night; None when stopping.
        choosing: a sentence on whether choosing frames beats drawing them at random; empty while not known.
    """

    action: Action
    reason: str
    usd: float | None
    choosing: str = ""

    @property
    def headline(self) -> str:
        """The advice in a few words."""
        to = f" to {_usd(self.usd)} a night" if self.action is Action.LOWER and self.usd else ""
        return f"{self.action}".capitalize() + to

    @property
    def sentence(self) -> str:
        """The advice with its reason."""
        return f"{self.headline}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Budget:
    """What has been spent and what is planned, in the unit of the curve: dollars.

    Args:
        spent: so far.
        tonight: planned for the next night, > 0.
        price_so_far: dollars per point (0.01) of mAP so far; None where not known.
        worth: dollars that a point of mAP is worth to the team; None where nobody has said.
    """

    spent: float
    tonight: float
    price_so_far: float | None = None
    worth: float | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.spent < math.inf and 0 < self.tonight < math.inf):
            raise ValueError(f"spent ≥ 0 and tonight > 0 does not hold: {self}")
        if any(each is not None and not each > 0 for each in (self.price_so_far, self.worth)):
            raise ValueError(f"a price of a point is above 0 where it is known: {self}")


@dataclass(frozen=True, slots=True)
class Rules:
    """Where the recommendation turns.

    Args:
        sure: probability at which the target counts as reached.
        even: the next night is worth it from this probability that it pays.
        hardly: stop below this probability.
        dearer: without a stated worth, a night pays while a point costs at most this many times the price so far.
        much_dearer: without a stated worth, stop where a point costs more than this many times the price so far.
        least_gain: without any price, a night pays from this gain of mAP on.
        no_more: choosing is pointless where chosen over random is below this with confidence.
        nights: a target that takes more nights like the next one is out of reach.
    """

    sure: float = SURE
    even: float = EVEN
    hardly: float = HARDLY
    dearer: float = DEARER
    much_dearer: float = MUCH_DEARER
    least_gain: float = LEAST_GAIN
    no_more: float = NO_MORE
    nights: float = NIGHTS

    def __post_init__(self) -> None:
        if not (0 <= self.hardly <= self.even <= 1 and 0 < self.sure <= 1 and 0 < self.dearer <= self.much_dearer):
            raise ValueError(f"hardly ≤ even and dearer ≤ much_dearer does not hold: {self}")


RULES = Rules()


def recommend(
    curve: LearningCurve | None,
    budget: Budget,
    control: Comparison | None = None,
    target: float | None = None,
    rules: Rules = RULES,
) -> Recommendation:
    """What to do next.

    Args:
        curve: mAP against the dollars in `budget`; None before the first measurement.
        budget: spent, planned, prices.
        control: review against the control arm.
        target: mAP to reach, where the team has one.
        rules: the thresholds.
    """
    choosing = _choosing(control, rules.no_more)
    if curve is None or not curve.enough:
        known = 0 if curve is None else curve.amounts
        reason = f"a forecast needs three rounds with a measured mAP and different spending; there {_are(known)}."
        return Recommendation(Action.CONTINUE, reason, budget.tonight, choosing)
    if target is not None and (reached := curve.reach(target, budget.spent).reached) >= rules.sure:
        reason = f"the target of {target:.2f} is reached with a probability of {_likely(reached)}."
        return Recommendation(Action.STOP, reason, None, choosing)
    action, usd = _pay(_Night(curve, budget, rules))
    said = (_forecast(curve, budget), _chance(_Night(curve, budget, rules)), _target(curve, budget, target, rules))
    return Recommendation(action, " ".join(each for each in said if each), usd, choosing)


@dataclass(frozen=True, slots=True)
class _Night:
    """The next night and what it may cost."""

    curve: LearningCurve
    budget: Budget
    rules: Rules

    def price(self, dearer: float) -> float | None:
        """Dollars that a point may cost."""
        if self.budget.worth is not None or self.budget.price_so_far is None:
            return self.budget.worth
        return dearer * self.budget.price_so_far

    def pays(self, share: float = 1.0, dearer: float | None = None) -> float:
        """Probability that a share of the night's dollars brings its worth."""
        usd, price = share * self.budget.tonight, self.price(dearer or self.rules.dearer)
        least = share * self.rules.least_gain if price is None else usd / price / 100
        return self.curve.probability_of_gain(self.budget.spent, usd, least)


def _pay(night: _Night) -> tuple[Action, float | None]:
    """As much as pays; half where it is open whether anything does, so that it goes on being measured."""
    rules, tonight = night.rules, night.budget.tonight
    if night.pays() >= rules.even:
        return Action.CONTINUE, tonight
    smaller = next((share for share in SMALLER if night.pays(share) >= rules.even), None)
    if smaller is not None:
        return Action.LOWER, smaller * tonight
    if night.pays(dearer=rules.much_dearer) < rules.hardly:
        return Action.STOP, None
    return Action.LOWER, tonight / 2


def _forecast(curve: LearningCurve, budget: Budget) -> str:
    gain = curve.gain(budget.spent, budget.tonight).scaled(100)
    return (
        f"another {_usd(budget.tonight)} is forecast to bring {gain.value:+.1f} points of mAP50 "
        f"({gain.low:+.1f} to {gain.high:+.1f})."
    )


def _chance(night: _Night) -> str:
    likely, budget = f"With a probability of {_likely(night.pays())}", night.budget
    if budget.worth is not None:
        return f"{likely} a point then costs no more than the {_usd(budget.worth)} that it is worth to you."
    if budget.price_so_far is not None:
        so_far = f"{night.rules.dearer:g} times the {_usd(budget.price_so_far)} that it has cost so far"
        return f"{likely} a point then costs no more than {so_far}."
    return f"{likely} it brings {100 * night.rules.least_gain:.1f} points or more."


def _target(curve: LearningCurve, budget: Budget, target: float | None, rules: Rules) -> str:
    if target is None:
        return ""
    reach = curve.reach(target, budget.spent, rules.nights * budget.tonight)
    if math.isinf(reach.more.value):
        within = f"{_likely(reach.probability)} within {rules.nights:g} such nights"
        return f"The target of {target:.2f} is probably out of reach: {within}."
    most = "no limit" if math.isinf(reach.more.high) else _usd(reach.more.high)
    return f"The target of {target:.2f} would take another {_usd(reach.more.value)} ({_usd(reach.more.low)} to {most})."


def _choosing(control: Comparison | None, no_more: float) -> str:
    rate = None if control is None else control.per_usd or control.per_frame
    if control is None or rate is None:
        return ""
    if rate.ratio is not None and rate.ratio.high < no_more:
        return f"{control.sentence} Choosing does not pay: let random frames take its place, or try another strategy."
    return control.sentence


def _are(known: int) -> str:
    return "is one" if known == 1 else f"are {known or 'none'}"


def _likely(probability: float) -> str:
    """In percent, never quite none or all."""
    if probability < 0.01:  # noqa: PLR2004 - a percent
        return "less than 1%"
    return "more than 99%" if probability > 0.99 else f"{probability:.0%}"  # noqa: PLR2004 - all but a percent


def _usd(value: float) -> str:
    return f"${value:,.0f}" if value >= 1000 else f"${value:,.2f}"  # noqa: PLR2004 - cents matter below
