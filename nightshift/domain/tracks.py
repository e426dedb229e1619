"""One object over the frames of a clip, and how labels are carried from frame to frame. Knows no picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Boxes


@dataclass(frozen=True, slots=True)
class PropagationSpec:
    """Which way of carrying labels along, and how to run it.

    Args:
        name: the family: a file in nightshift/propagation.
        checkpoint: a hub name or a folder; empty for families that need none.
        device: "auto", "cpu", "cuda", "cuda:1".
        reach: frames away from the nearest known one that labels are carried to at most.
    """

    name: str
    checkpoint: str = ""
    device: str = "auto"
    reach: int = 32

    def __post_init__(self) -> None:
        if self.reach < 1:
            raise ValueError(f"labels cannot be carried {self.reach} frames")


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Where one object is, frame by frame, from the frame on which it was known.

    Args:
        label: its class.
        boxes: (t, 4) float32 xyxy pixels; what of it lies in the frame. Anything where it is not seen.
        scores: (t,) float32 in [0, 1], how well the box is expected to fit; 0 where it is not seen.

    Raises:
        ValueError: lengths differ, a score lies outside [0, 1], or a box that is seen has no area.
    """

    label: int
    boxes: Boxes
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.boxes.shape != (len(self.scores), 4):
            raise ValueError(f"{self.boxes.shape} boxes and {len(self.scores)} scores")
        if not ((self.scores >= 0) & (self.scores <= 1)).all():
            raise ValueError("a score lies outside [0, 1]")
        seen = self.boxes[self.seen]
        if not np.isfinite(seen).all() or (seen[:, 2:] <= seen[:, :2]).any():
            raise ValueError("every box that is seen needs finite x1 < x2 and y1 < y2")

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(t,) where there is a box."""
        return np.asarray(self.scores > 0, np.bool_)

    def backwards(self) -> "Track":
        """The same object, told from the other end."""
        return Track(self.label, self.boxes[::-1], self.scores[::-1])
