"""Everything the backtest's page shows, as plain values. Knows no simulation and no HTML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import mean, median, stdev

from nightshift.domain.agreement import Share
from nightshift.domain.costs import Prices


@dataclass(frozen=True, slots=True)
class RunView:
    """One run of a strategy.

    Args:
        seed: of the run; runs of the same seed are paired.
        auc: area under the curve of mAP50 against dollars, in [0, 1].
        usd_to_90: people's dollars to 90% of full supervision; None where it was not reached.
    """

    seed: int
    auc: float
    usd_to_90: float | None = None


@dataclass(frozen=True, slots=True)
class ArmView:
    """A strategy on one data set.

    Args:
        strategy: its name.
        runs: one for each seed that is done.
        usd: dollars at which the curve is drawn, ascending.
        mean: mAP50 there, the mean over seeds.
        low: the lowest of the seeds.
        high: the highest.
    """

    strategy: str
    runs: tuple[RunView, ...]
    usd: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.runs:
            raise ValueError(f"strategy '{self.strategy}' has no run")
        if len({each.seed for each in self.runs}) < len(self.runs):
            raise ValueError(f"strategy '{self.strategy}' has two runs of one seed")
        if len({len(self.usd), len(self.mean), len(self.low), len(self.high)}) > 1:
            raise ValueError(f"the curve of '{self.strategy}' has lines of different lengths")

    @property
    def area(self) -> float:
        """Mean area over seeds."""
        return mean(each.auc for each in self.runs)

    @property
    def area_sd(self) -> float | None:
        """Standard deviation of the area over seeds; None of one."""
        return stdev(each.auc for each in self.runs) if len(self.runs) > 1 else None

    @property
    def usd_to_90(self) -> float | None:
        """Median over seeds, a run that does not get there counted as the longest; None where half do not."""
        middle = median(float("inf") if each.usd_to_90 is None else each.usd_to_90 for each in self.runs)
        return middle if middle < float("inf") else None

    @property
    def reached(self) -> int:
        """Runs that got to 90% of full supervision."""
        return sum(each.usd_to_90 is not None for each in self.runs)


@dataclass(frozen=True, slots=True)
class DatasetView:
    """One data set and what was tried on it.

    Args:
        name: as the team calls it.
        frames: in all.
        groups: bursts or clips that frames were grouped into, so that no split cuts through one.
        boxes: people's, in all.
        test_frames: kept for testing.
        side: longer side of the pictures as the student sees them, pixels.
        budget_usd: people's dollars of all nights together.
        drawing_usd: what drawing every box of the pool by hand would cost.
        full: mAP50 of full supervision, one for each seed; empty while it was not run.
        arms: the strategies.
        teacher: mAP50 of the teacher on the test frames, one for each seed; empty without a teacher.
    """

    name: str
    frames: int
    groups: int
    boxes: int
    test_frames: int
    side: int
    budget_usd: float
    drawing_usd: float
    full: tuple[float, ...] = ()
    arms: tuple[ArmView, ...] = ()
    teacher: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len({each.strategy for each in self.arms}) < len(self.arms):
            raise ValueError(f"data set '{self.name}' has a strategy twice")

    def arm(self, strategy: str) -> ArmView | None:
        """A strategy's arm; None where it was not run."""
        return next((each for each in self.arms if each.strategy == strategy), None)

    @property
    def full_map50(self) -> float | None:
        """mAP50 of full supervision, the mean over seeds."""
        return mean(self.full) if self.full else None

    @property
    def target(self) -> float | None:
        """90% of full supervision."""
        return None if self.full_map50 is None else 0.9 * self.full_map50


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule that accepts boxes, over simulated loops.

    Args:
        name: of the rule.
        violated: loops in which its promise was broken.
        accepted_share: boxes it accepts, as a share of those of an oracle threshold.
    """

    name: str
    violated: int
    accepted_share: float


@dataclass(frozen=True, slots=True)
class GuaranteeView:
    """The promise over simulated loops, truth known.

    Args:
        promised: least precision of accepted boxes.
        delta: chance of a broken promise that is allowed; the confidence is 1 − delta.
        loops: simulated.
        ours: the product's rule.
        others: naive rules on the same audits.
        setting: what a loop is, in a sentence.
        missed_violated: loops in which the bound on missed objects was too low; None where not measured.
        silent: loops that accepted nothing in the end; None where not measured.
    """

    promised: float
    delta: float
    loops: int
    ours: RuleView
    others: tuple[RuleView, ...] = ()
    setting: str = ""
    missed_violated: int | None = None
    silent: int | None = None

    def __post_init__(self) -> None:
        if self.loops < 1 or not (0 < self.promised < 1 and 0 < self.delta < 1):
            raise ValueError("a guarantee needs a loop, and a promise and a delta between 0 and 1")
        for rule in self.rules:
            self.share(rule)

    @property
    def rules(self) -> tuple[RuleView, ...]:
        """Ours first."""
        return (self.ours, *self.others)

    def share(self, rule: RuleView) -> Share:
        """Violated loops of all, with their interval."""
        return Share(rule.violated, self.loops)

    @property
    def holds(self) -> bool:
        """No more loops are violated than allowed."""
        return self.ours.violated <= self.delta * self.loops


@dataclass(frozen=True, slots=True)
class PriceNight:
    """One night's price.

    Args:
        dataset: of the run.
        forecast_usd: as the queue stated it, above 0.
        actual_usd: what it came to, above 0.
    """

    dataset: str
    forecast_usd: float
    actual_usd: float

    def __post_init__(self) -> None:
        if not (self.forecast_usd > 0 and self.actual_usd > 0):
            raise ValueError("a night without a price says nothing about forecasts")

    @property
    def error(self) -> float:
        """|forecast − actual| / actual."""
        return abs(self.forecast_usd - self.actual_usd) / self.actual_usd


@dataclass(frozen=True, slots=True)
class ForecastView:
    """Forecast against actual dollars.

    Args:
        nights: those that count, of all runs.
        after: first nights of every run, which do not count.
    """

    nights: tuple[PriceNight, ...]
    after: int = 3

    @property
    def median_error(self) -> float | None:
        """Median of the nights' absolute relative errors; None of none."""
        return median(each.error for each in self.nights) if self.nights else None

    @property
    def by_dataset(self) -> tuple[tuple[str, int, float], ...]:
        """Data set, nights, median error."""
        names = dict.fromkeys(each.dataset for each in self.nights)
        errors = {name: [each.error for each in self.nights if each.dataset == name] for name in names}
        return tuple((name, len(mine), median(mine)) for name, mine in errors.items())


@dataclass(frozen=True, slots=True)
class BacktestView:
    """The page's content.

    Args:
        default: the default strategy's name.
        datasets: in the order of the page.
        teacher: what it is, in words; empty without one.
        student: what it is and how long it is trained, in words.
        people: who answers, in words.
        prices: what people's time is taken to cost.
        seeds: runs of each strategy that were asked for.
        made_at: UTC.
        command: that makes this page again.
        scratch: name of the strategy that draws random frames from nothing.
        meanings: strategy → what it does, in one line.
        guarantee: None where it was not simulated.
        forecast: None where no price was forecast.
        notes: what to read with care.
        simulated: the answers came from simulated people.
    """

    default: str
    datasets: tuple[DatasetView, ...]
    teacher: str
    student: str
    people: str
    prices: Prices
    seeds: int
    made_at: datetime
    command: str
    scratch: str = "scratch"
    meanings: Mapping[str, str] = field(default_factory=dict)
    guarantee: GuaranteeView | None = None
    forecast: ForecastView | None = None
    notes: tuple[str, ...] = ()
    simulated: bool = True

    @property
    def strategies(self) -> tuple[str, ...]:
        """Every strategy, the default first, then as they appear."""
        seen = dict.fromkeys(arm.strategy for each in self.datasets for arm in each.arms)
        return (*([self.default] if self.default in seen else []), *(name for name in seen if name != self.default))
