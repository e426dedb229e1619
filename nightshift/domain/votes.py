"""Detections that several models agreed on, or did not: each box with the score that each of them gave it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, _frozen


def _nobody() -> NDArray[np.float32]:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Voted(Detections):
    """Detections with the votes behind them; used as any others by whoever does not ask.

    Args:
        votes: (n, members) float32, the score that each member gave the box; 0 where it did not see it.

    Raises:
        ValueError: as Detections; there is no row of votes for each box, or a vote lies outside [0, 1].
    """

    votes: NDArray[np.float32] = field(default_factory=_nobody)

    def __post_init__(self) -> None:
        Detections.__post_init__(self)
        object.__setattr__(self, "votes", _frozen(self.votes, np.float32))
        if self.votes.ndim != 2 or len(self.votes) != len(self.boxes):  # noqa: PLR2004 - boxes and members
            raise ValueError(f"{len(self.boxes)} boxes with votes of shape {self.votes.shape}")
        if not ((self.votes >= 0) & (self.votes <= 1)).all():
            raise ValueError("a vote lies outside [0, 1]")

    @property
    def agreement(self) -> NDArray[np.float32]:
        """(n,) the share of the members that saw each box."""
        return np.asarray((self.votes > 0).mean(axis=1), np.float32)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "Voted":
        """Those at a mask or at indices, in that order, with their votes."""
        said = Detections.take(self, which)
        return Voted(said.boxes, said.classes, said.scores, said.prompts, said.masks, self.votes[which])

    def above(self, threshold: float) -> "Voted":
        """Those whose score is at least the threshold."""
        return self.take(self.scores >= threshold)

    def by_score(self) -> "Voted":
        """Highest score first; ties keep their order."""
        return self.take(np.argsort(-self.scores, kind="stable"))

    def scored(self, scores: NDArray[np.float32]) -> "Voted":
        """The same with other scores; votes stay what the members said."""
        return Voted(self.boxes, self.classes, scores, self.prompts, self.masks, self.votes)
