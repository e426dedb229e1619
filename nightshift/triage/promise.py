"""What is promised about accepted boxes, how the chance of being wrong is spent, and what tonight's verdicts are.

δ is spent equally over the classes; most of a class's part on its first era, the rest on the eras after alarms of
drift, each half of the one before; within an era equally over the few thresholds that may be chosen. Nights cost
nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST_ERA = 0.9  # of a class's δ


class Spending(StrEnum):
    """How δ is spent over thresholds."""

    UNION = "union"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised.

    Args:
        precision: of the accepted boxes of each class.
        delta: chance that it is ever broken.
        missed_delta: chance that the bound on missed objects is ever broken.
        missed_cap: a frame counts at most so many missed objects of a class.
        spending: of delta over thresholds.
        patience: audits of new frames between two false alarms of drift, on average at least; 0 raises none.
    """

    precision: float = 0.9
    delta: float = 0.05
    missed_delta: float = 0.05
    missed_cap: int = 10
    spending: Spending = Spending.UNION
    patience: int = 3000

    def __post_init__(self) -> None:
        if not (0 < self.precision < 1 and 0 < self.delta < 1 and 0 < self.missed_delta < 1):
            raise ValueError("precision, delta and missed_delta lie between 0 and 1")
        if self.missed_cap < 1 or self.patience < 0:
            raise ValueError("missed_cap is at least 1 and patience not negative")


@dataclass(frozen=True, slots=True)
class Era:
    """Frames that are judged together for one class, and what was fixed for them before any audit was looked at.

    Args:
        label: index of the class.
        number: 0 for the first.
        since: the round that registered its first frames.
        until: the round from which on frames belong to the next era; None while it is the last.
        thresholds: ascending; empty until there are enough boxes.
    """

    label: int
    number: int
    since: int
    until: int | None
    thresholds: tuple[float, ...] = ()

    def holds(self, registered: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which frames belong to it, by the rounds that registered them."""
        return (registered >= self.since) & (registered < (np.inf if self.until is None else self.until))

    def share(self, promise: Promise, classes: int, delta: float) -> float:
        """The part of δ that one threshold of this era may use."""
        era = FIRST_ERA if self.number == 0 else (1 - FIRST_ERA) / 2**self.number
        among = len(self.thresholds) if promise.spending is Spending.UNION else 1
        return delta / classes * era / max(among, 1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds for one class in one era.

    Args:
        era: which frames, and the thresholds among which one was chosen.
        threshold: boxes from this score on are accepted; None accepts nothing.
        at: the threshold that the figures are about: the one in force, else the most promising; None without any.
        precision: measured share of right boxes; None without audited boxes.
        lower: with the promised confidence the precision is at least this.
        frames: audited.
        boxes: accepted boxes among them.
        wrong: of these.
        missing_frames: audits still needed, about; 0 when accepted, None when more audits of this kind would not help.
        withdrawn: scores [from, below) accepted the night before and not any more; None when there are none.
        missed: upper bound of missed objects per frame, a frame counted up to the cap; None when nothing is accepted.
    """

    era: Era
    threshold: float | None
    at: float | None
    precision: float | None
    lower: float
    frames: int
    boxes: int
    wrong: int
    missing_frames: int | None
    withdrawn: tuple[float, float] | None
    missed: float | None


@dataclass(frozen=True, slots=True)
class Stoplight:
    """Tonight's verdicts, class by class and era by era, and the words for how they were reached."""

    promise: Promise
    classes: int
    night: int
    verdicts: tuple[Verdict, ...]

    @property
    def thresholds(self) -> dict[int, float | None]:
        """By class, in the era that is still open."""
        return {each.era.label: each.threshold for each in self.verdicts if each.era.until is None}

    def limits(self, registered: int) -> dict[int, float | None]:
        """By class, for the frames that a round registered.

        Frames that this round or a later one registers accept nothing: no audits were drawn from them yet.
        """
        waits = registered >= self.night
        return {
            v.era.label: None if waits else v.threshold
            for v in self.verdicts
            if v.era.holds(np.array(registered)) or (waits and v.era.until is None)
        }

    @property
    def missed(self) -> float | None:
        """Upper bound of missed objects per frame, all classes that accept boxes now; None when none does."""
        known = [v.missed for v in self.verdicts if v.era.until is None and v.missed is not None]
        return sum(known) if known else None

    @property
    def spending(self) -> str:
        """One sentence on where δ went."""
        over = "the thresholds that may be chosen" if self.promise.spending is Spending.UNION else "no threshold"
        return (
            f"δ {self.promise.delta:g} in equal parts over {self.classes} classes; of each part {FIRST_ERA:.0%} for the"
            f" first era and the rest halved from era to era; then equally over {over}; nights cost nothing"
        )

    def as_dict(self) -> dict[str, Any]:
        """For a receipt; `from_dict` reads it back."""
        return asdict(self) | {"spending": self.spending, "missed": self.missed}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Stoplight":
        """From `as_dict`, through JSON or not."""
        promise = Promise(**{**said["promise"], "spending": Spending(said["promise"]["spending"])})
        return cls(promise, said["classes"], said["night"], tuple(_verdict(each) for each in said["verdicts"]))


def _verdict(said: Mapping[str, Any]) -> Verdict:
    era = said["era"]
    band = said["withdrawn"]
    return Verdict(
        **{
            **said,
            "era": Era(**{**era, "thresholds": tuple(era["thresholds"])}),
            "withdrawn": tuple(band) if band else None,
        }
    )
