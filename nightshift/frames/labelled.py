"""Labels that leave Nightshift or come back: boxes with who says so, frame by frame. Knows no file and no format."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from nightshift.domain.detections import Detections


class Source(StrEnum):
    """Who says that a box is there, or that a frame is empty."""

    PERSON = "person"
    DATASET = "data set"  # it came with the frames
    TEACHER = "teacher"  # an auto-label that the stoplight accepted
    PROPOSAL = "proposal"  # an auto-label that nobody accepted


MODELS = frozenset({Source.TEACHER, Source.PROPOSAL})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a label comes from.

    Args:
        source: who says so.
        model: version of the teacher; empty where no model did.
        round: that asked, imported or auto-labelled; None where nobody knows.
        reviewers: who answered, as they may be called; empty where that is left out.
    """

    source: Source
    model: str = ""
    round: int | None = None
    reviewers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", Source(self.source))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a frame beside its labels.

    Args:
        id: sha-256 of its file; empty where nobody knows.
        name: what its owner calls it.
        uri: where its pixels are.
        clip: it belongs to.
        split: pool or golden.
        purpose: why people were asked about it.
    """

    id: str = ""
    name: str = ""
    uri: str = ""
    clip: str = ""
    split: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One frame with its labels.

    Args:
        facts: which frame.
        size: (width, height) of the upright picture, pixels.
        labels: its boxes with their scores; none for a frame with nothing in it.
        origin: of the frame as a whole: somebody says of an empty one, too, that it is.
        origins: one a box.

    Raises:
        ValueError: there is not one origin a box.
    """

    facts: Facts
    size: tuple[int, int]
    labels: Detections
    origin: Origin
    origins: tuple[Origin, ...]

    def __post_init__(self) -> None:
        if len(self.origins) != len(self.labels):
            raise ValueError(f"{len(self.labels)} boxes with {len(self.origins)} origins")

    @property
    def by_a_model(self) -> bool:
        """Whether any of it is a model's word."""
        return any(each.source in MODELS for each in (self.origin, *self.origins))


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """What is exported.

    Args:
        title: of the data set.
        names: classes by index.
        colours: theirs, #rrggbb.
        frames: in their order.
    """

    title: str
    names: Sequence[str]
    colours: Sequence[str]
    frames: Sequence[Labelled]
