"""What the loop has measured about itself, as plain values: its promise, its prices, its progress, its choosing."""

from dataclasses import dataclass

from nightshift.evaluation.interval import Interval
from nightshift.evaluation.learning_curve import LEVEL, LearningCurve
from nightshift.evaluation.stopping import NIGHTS

STEPS = 60  # places at which the curve is drawn
AHEAD = 3.0  # nights that the forecast is drawn beyond what is spent


@dataclass(frozen=True, slots=True)
class StoplightRow:
    """What may be accepted of one class (and teacher).

    Args:
        name: of the class; with the teacher's, where there are several.
        threshold: boxes from this score on are accepted; None accepts nothing.
        precision: measured share of right boxes; None without audited boxes.
        lower: the precision is at least this, with the confidence of the promise; None where nothing is known.
        frames: audited.
        boxes: audited boxes above the threshold, or above the most promising one where nothing is accepted.
        missing_frames: audits still needed, about; 0 when accepted, None where more audits would not help.
        missing_usd: their price; None where not known.
        missed: upper bound of missed objects per frame; None while nothing is accepted.
    """

    name: str
    threshold: float | None
    precision: float | None
    lower: float | None
    frames: int
    boxes: int
    missing_frames: int | None = None
    missing_usd: float | None = None
    missed: float | None = None


@dataclass(frozen=True, slots=True)
class StoplightView:
    """The promise about accepted boxes, and where it holds.

    Args:
        promise: least precision of accepted boxes, in (0, 1).
        confidence: with which it holds on all nights together.
        rows: by class, in the order of the ontology.
        missed: upper bound of missed objects per frame, all classes; None while nothing is accepted.
        spending: one sentence on how the chance of being wrong is divided.
        withdrawn: one sentence for each band that is not accepted any more.
    """

    promise: float
    confidence: float
    rows: tuple[StoplightRow, ...]
    missed: float | None = None
    spending: str = ""
    withdrawn: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (0 < self.promise < 1 and 0 < self.confidence < 1):
            raise ValueError("promise and confidence lie between 0 and 1")

    @property
    def accepted(self) -> int:
        """Classes of which boxes are accepted."""
        return sum(row.threshold is not None for row in self.rows)

    @property
    def risk(self) -> float:
        """Chance that the promise is ever broken."""
        return 1 - self.confidence


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """How one reviewer agrees with the others about one class, on questions that several people answered.

    Args:
        reviewer: who.
        name: of the class; 'all classes' for their sum.
        frames: that others answered too.
        drawn: his boxes.
        confirmed: share of them that at least half of the others have; None of nothing.
        found: share of what more than half of the others have that he has; None of nothing.
        iou: mean overlap of his confirmed boxes with the others'; None of nothing.
    """

    reviewer: str
    name: str
    frames: int
    drawn: int
    confirmed: float | None
    found: float | None
    iou: float | None


@dataclass(frozen=True, slots=True)
class ForecastNight:
    """What one night's answered frames were to cost, and did.

    Args:
        night: the round that asked.
        forecast_usd: as the queue stated it.
        actual_usd: of the same frames.
        frames: answered.
    """

    night: int
    forecast_usd: float
    actual_usd: float
    frames: int


@dataclass(frozen=True, slots=True)
class PriceView:
    """Forecast against actual.

    Args:
        nights: those with answers, in order.
        median_error: absolute and relative, over the nights that count; None before there is one.
        after: first nights that do not count in the median.
    """

    nights: tuple[ForecastNight, ...]
    median_error: float | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class CurveView:
    """The learning curve and what it forecasts.

    Args:
        points: (dollars, mAP50, standard error or None) as measured.
        line: (dollars, mAP50 with its interval) along the fitted curve; ends ahead of `now`.
        now: dollars spent.
        tonight: dollars planned for the next night.
        gain: what they bring, in mAP50; None while nothing can be forecast.
        target: mAP50 to reach, where there is one.
        target_usd: further dollars to it; infinite ends are out of reach.
        target_probability: that it can be reached.
        level: of the intervals.
    """

    points: tuple[tuple[float, float, float | None], ...]
    line: tuple[tuple[float, Interval], ...] = ()
    now: float = 0.0
    tonight: float = 0.0
    gain: Interval | None = None
    target: float | None = None
    target_usd: Interval | None = None
    target_probability: float | None = None
    level: float = LEVEL

    @classmethod
    def of(
        cls,
        points: tuple[tuple[float, float, float | None], ...],
        curve: LearningCurve | None,
        tonight: float,
        target: float | None = None,
        level: float = LEVEL,
    ) -> "CurveView":
        """From a fitted curve.

        Args:
            points: (dollars, mAP50, standard error or None) that it was fitted on.
            curve: fitted on them; on fewer than three amounts it is the prior's, and only the points are shown.
            tonight: dollars planned for the next night.
            target: mAP50 to reach, where there is one.
            level: of the intervals.
        """
        now = max((usd for usd, _, _ in points), default=0.0)
        if curve is None or not curve.enough:
            return cls(points, (), now, tonight, target=target, level=level)
        places = [curve.first + (now + AHEAD * tonight - curve.first) * step / STEPS for step in range(STEPS + 1)]
        line = tuple((usd, curve.value(usd, level)) for usd in places)
        reach = None if target is None else curve.reach(target, now, NIGHTS * tonight, level)
        return cls(
            points, line, now, tonight, curve.gain(now, tonight, level), target,
            reach.more if reach else None, reach.probability if reach else None, level,
        )  # fmt: skip
