"""How many boxes of a frame a person keeps, moves, relabels, adds and deletes: counted, or expected."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import Change

EDIT_ORDER = (Change.KEPT, Change.MOVED, Change.RELABELLED, Change.ADDED, Change.DELETED)


@dataclass(frozen=True, slots=True)
class Edits:
    """Numbers of the five changes, ≥ 0; expected ones need not be whole.

    Args:
        kept: shown boxes left as they are.
        moved: shown boxes whose sides were corrected.
        relabelled: shown boxes given another class.
        added: boxes drawn where none was shown.
        deleted: shown boxes taken away.
    """

    kept: float = 0.0
    moved: float = 0.0
    relabelled: float = 0.0
    added: float = 0.0
    deleted: float = 0.0

    def __post_init__(self) -> None:
        if not all(np.isfinite(each) and each >= 0 for each in astuple(self)):
            raise ValueError(f"an expected number of edits is negative or not finite: {self}")

    def __add__(self, other: "Edits") -> "Edits":
        """Both together."""
        return Edits(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def corrections(self) -> float:
        """Everything a person changed: all but what was kept."""
        return self.moved + self.relabelled + self.added + self.deleted

    @property
    def counts(self) -> Mapping[Change, float]:
        """By change."""
        return dict(zip(EDIT_ORDER, astuple(self), strict=True))

    @property
    def vector(self) -> NDArray[np.float64]:
        """(5,) in EDIT_ORDER."""
        return np.array(astuple(self), np.float64)

    @classmethod
    def of(cls, vector: Iterable[float]) -> "Edits":
        """From five numbers in EDIT_ORDER."""
        return cls(*(float(each) for each in vector))

    @classmethod
    def counted(cls, changes: Iterable[Change]) -> "Edits":
        """From one change per box."""
        tally = Counter(changes)
        return cls(*(float(tally[each]) for each in EDIT_ORDER))
