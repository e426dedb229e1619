"""What the page shows of where frames lie: points, frames to go by, and groups on which the models do badly."""

from collections.abc import Sequence
from dataclasses import dataclass

from nightshift.evaluation.interval import Interval


@dataclass(frozen=True, slots=True)
class MapPoint:
    """One frame on the map.

    Args:
        x: from the left, in [0, 1].
        y: from the top, in [0, 1].
        name: the owner's.
        light: green, yellow, red, asked, labelled or golden.
        label: the class most frequent on it; empty without a box.
        errors: corrections people made, or are expected to make; None where nothing is known.
        round: that registered it.
        near: index of the landmark it is nearest to.
    """

    x: float
    y: float
    name: str
    light: str
    label: str
    errors: float | None
    round: int
    near: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.x <= 1 and 0 <= self.y <= 1):
            raise ValueError(f"'{self.name}' lies beside the map")


@dataclass(frozen=True, slots=True)
class Landmark:
    """A frame to go by.

    Args:
        x: as of its point.
        y: as of its point.
        name: the owner's.
        thumbnail: JPEG bytes.
    """

    x: float
    y: float
    name: str
    thumbnail: bytes


@dataclass(frozen=True, slots=True)
class DataMap:
    """The map.

    Args:
        points: frames that are drawn.
        total: frames that could be.
        seen_by: whose vectors, in words.
        landmarks: in reading order.
        classes: (name, colour) by index.
    """

    points: Sequence[MapPoint]
    total: int
    seen_by: str
    landmarks: Sequence[Landmark]
    classes: Sequence[tuple[str, str]]

    def __post_init__(self) -> None:
        if not self.points or any(not 0 <= each.near < max(len(self.landmarks), 1) for each in self.points):
            raise ValueError("a map has points, each near one of its landmarks")


@dataclass(frozen=True, slots=True)
class SpotRow:
    """A group of frames that look alike.

    Args:
        frames: whose errors are known.
        clips: they come from.
        mean: errors a frame.
        more: than the mean of all; None where the clips are too few to tell.
        worse: beyond chance.
        like: name of its most typical frame, by which more are found.
        thumbnails: JPEG bytes of the most typical ones.
    """

    frames: int
    clips: int
    mean: float
    more: Interval | None
    worse: bool
    like: str
    thumbnails: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class SpotsView:
    """The groups, worst first.

    Args:
        rows: those above the average, worst first.
        frames: whose errors are known, in all.
        mean: errors a frame, over all of them.
        confidence: that all intervals hold together.
    """

    rows: Sequence[SpotRow]
    frames: int
    mean: float
    confidence: float
