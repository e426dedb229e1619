"""What people changed, as it is counted: an entry per answer, tallies per model, class and confidence bin.

Knows no table and no statistic; sums are made in nightshift.evaluation.ledger.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nightshift.domain.corrections import Change
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.review import Purpose

BINS = 10  # of confidence, equally wide
NO_CLASS = -1  # the side that a box does not have
WITHOUT_BOXES = frozenset({Purpose.AUDIT, Purpose.GOLDEN, Purpose.SEED})  # a person sees nothing drawn


@dataclass(frozen=True, slots=True)
class BoxEntry:
    """What became of one box.

    Args:
        change: kept, moved, relabelled, added or deleted.
        class_before: as shown; NO_CLASS for an added box.
        class_after: as said; NO_CLASS for a deleted box.
        score_before: the model's confidence, in [0, 1]; 0 for an added box.
        iou: overlap of the two; 0 where one is missing.
    """

    change: Change
    class_before: int
    class_after: int
    score_before: float
    iou: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "change", Change(self.change))
        if (self.class_before >= 0) == (self.change is Change.ADDED):
            raise ValueError(f"an {self.change} box with class {self.class_before} before it")
        if (self.class_after >= 0) == (self.change is Change.DELETED):
            raise ValueError(f"a {self.change} box with class {self.class_after} after it")
        if not 0 <= self.score_before <= 1:
            raise ValueError(f"score {self.score_before} lies outside [0, 1]")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was known of a frame when it was asked.

    Args:
        model: who drew the boxes, as a version string; empty where nobody did.
        hidden: sum of the scores just below the threshold, see acquisition.uncertainty.expected_additions.
        alone: sum of the scores of the second model's boxes that the first one, whose boxes are shown, does not have.
        predicted: boxes above the threshold that a blind frame did not show; None where nothing was predicted.
        price: seconds forecast; 0 where none were.
    """

    model: str = ""
    hidden: float = 0.0
    alone: float = 0.0
    predicted: Detections | None = None
    price: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One person's answer about one frame; a skip is none.

    Args:
        annotation: its identity.
        frame_id: the frame.
        round: the round that asked.
        purpose: why it was asked.
        annotator: who answered.
        answered_at: when.
        seconds: lead time, capped.
        boxes: what became of each box; none on an empty frame that was left empty.
        asked: what was known beforehand.
    """

    annotation: int
    frame_id: str
    round: int
    purpose: Purpose
    annotator: str
    answered_at: datetime
    seconds: float
    boxes: tuple[BoxEntry, ...] = ()
    asked: Asked = field(default_factory=Asked)

    def __post_init__(self) -> None:
        object.__setattr__(self, "purpose", Purpose(self.purpose))
        if not self.seconds >= 0:
            raise ValueError(f"annotation {self.annotation} took {self.seconds} s")

    @property
    def blind(self) -> bool:
        """Whether the person saw no boxes because of why the frame was asked."""
        return self.purpose in WITHOUT_BOXES

    @property
    def edits(self) -> Edits:
        """Numbers of the five changes."""
        return Edits.counted(each.change for each in self.boxes)

    @property
    def shown(self) -> int:
        """Boxes the person saw."""
        return sum(each.change is not Change.ADDED for each in self.boxes)

    @property
    def objects(self) -> int:
        """Boxes in the answer."""
        return sum(each.change is not Change.DELETED for each in self.boxes)


@dataclass(frozen=True, slots=True)
class Tally:
    """Shown boxes of one model, class and confidence bin, by what became of them.

    Args:
        model: who drew them.
        label: class index, as shown.
        bin: of BINS equal ones.
        kept: left as they were.
        moved: sides corrected.
        relabelled: class corrected.
        deleted: taken away.
        iou: mean overlap before and after, over all that were not deleted; 0 where none is left.
    """

    model: str
    label: int
    bin: int
    kept: int
    moved: int
    relabelled: int
    deleted: int
    iou: float

    @property
    def shown(self) -> int:
        """All of them."""
        return self.kept + self.moved + self.relabelled + self.deleted

    @property
    def right(self) -> float:
        """Share whose object and class were right, moved or not."""
        return (self.kept + self.moved) / self.shown


@dataclass(frozen=True, slots=True)
class Ledger:
    """All corrections, counted.

    Args:
        tallies: of shown boxes, sorted by model, class and bin.
        relabels: (from, to, boxes), most frequent first.
        added: (class, boxes drawn where none was shown, boxes drawn blind), by class.
        answers: not skipped.
        blind: of those, without boxes on purpose.
        seconds: of people.
    """

    tallies: tuple[Tally, ...]
    relabels: tuple[tuple[int, int, int], ...]
    added: tuple[tuple[int, int, int], ...]
    answers: int
    blind: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a stage's receipt."""
        fields = Tally.__slots__
        return {
            "tallies": [{name: getattr(each, name) for name in fields} for each in self.tallies],
            "relabels": [list(each) for each in self.relabels],
            "added": [list(each) for each in self.added],
            "answers": self.answers,
            "blind": self.blind,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Ledger":
        """Back from plain values."""
        return cls(
            tuple(Tally(**each) for each in said["tallies"]),
            tuple((int(a), int(b), int(n)) for a, b, n in said["relabels"]),
            tuple((int(a), int(b), int(n)) for a, b, n in said["added"]),
            int(said["answers"]),
            int(said["blind"]),
            float(said["seconds"]),
        )


def confidence_bin(scores: ArrayLike, bins: int = BINS) -> NDArray[np.int64]:
    """(n,) scores in [0, 1] → (n,) index of the equally wide bin; 1 belongs to the last."""
    return np.minimum((np.asarray(scores, np.float64) * bins).astype(np.int64), bins - 1)
