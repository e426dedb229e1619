"""Everything the page shows, as plain values. Knows no store and no HTML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nightshift.domain.detections import Detections
from nightshift.evaluation.confusion import Confusion
from nightshift.evaluation.control import Comparison
from nightshift.evaluation.stopping import Recommendation
from nightshift.report.evidence import AgreementRow, CurveView, PriceView, StoplightView
from nightshift.report.map_view import DataMap, SpotsView


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One round in the history.

    Args:
        number: of the round.
        metrics: its figures by name; what was not known is missing.
    """

    number: int
    metrics: Mapping[str, float]

    def get(self, name: str) -> float | None:
        """A figure, or None where it was not known."""
        return self.metrics.get(name)


@dataclass(frozen=True, slots=True)
class Card:
    """One frame of the queue.

    Args:
        position: from 1.
        name: the owner's name of the frame.
        thumbnail: JPEG bytes.
        size: (width, height) of the frame, pixels.
        shown: boxes that the reviewer sees; None when asked blind.
        purpose: why it is asked.
        reason: in words.
        value: expected corrections.
        usd: expected price.
    """

    position: int
    name: str
    thumbnail: bytes
    size: tuple[int, int]
    shown: Detections | None
    purpose: str
    reason: str
    value: float
    usd: float


@dataclass(frozen=True, slots=True)
class ReportView:
    """The page's content.

    Args:
        project: its name.
        number: of the round.
        kind: nightly or backfill.
        sealed_at: UTC.
        history: sealed rounds and this one, oldest first.
        classes: (name, colour) by index.
        per_class: AP50-95 by class name.
        verdict: on the challenger, in words.
        scores: every score the champion gave in the pool.
        thresholds: name → where it lies on the score axis.
        cards: the head of the queue.
        queue_length: how many frames it has in all.
        changes: class name → change → boxes.
        confused: most frequent first.
        stages: seconds by stage.
        quarantine: (stage, subject, reason).
        links: label → address.
        notes: what the reader should know or do.
        simulated: the answers came from simulated reviewers.
        stoplight: the promise and where it holds; None without one.
        prices: forecast against actual dollars; None before anything was asked at a price.
        curve: the learning curve; None before a mAP was measured.
        control: chosen against random frames; None without a control arm.
        recommendation: continue, lower the budget or stop; None where nothing is recommended.
        agreement: of reviewers with each other, by reviewer and class.
        data_map: where the frames lie; None where there are too few of them.
        spots: groups of frames on which the models do badly; None where too few errors are known.
    """

    project: str
    number: int
    kind: str
    sealed_at: datetime
    history: tuple[RoundRow, ...]
    classes: tuple[tuple[str, str], ...]
    per_class: Mapping[str, float] = field(default_factory=dict)
    verdict: str = ""
    scores: tuple[float, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    cards: tuple[Card, ...] = ()
    queue_length: int = 0
    changes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    confused: tuple[Confusion, ...] = ()
    stages: Mapping[str, float] = field(default_factory=dict)
    quarantine: tuple[tuple[str, str, str], ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    simulated: bool = False
    stoplight: StoplightView | None = None
    prices: PriceView | None = None
    curve: CurveView | None = None
    control: Comparison | None = None
    recommendation: Recommendation | None = None
    agreement: tuple[AgreementRow, ...] = ()
    data_map: DataMap | None = None
    spots: SpotsView | None = None

    def __post_init__(self) -> None:
        if not self.history or self.history[-1].number != self.number:
            raise ValueError("the history ends with the round itself")

    @property
    def now(self) -> RoundRow:
        """This round's figures."""
        return self.history[-1]
