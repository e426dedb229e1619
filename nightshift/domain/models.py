"""What a teacher and a student are, to everyone who uses one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Boxes, Detections

Image = NDArray[np.uint8]  # (height, width, 3) RGB, EXIF already applied
Progress = Callable[[int, int], None]  # done, total


def no_progress(done: int, total: int) -> None:
    """Tell nobody."""


class Detector(Protocol):
    """A model that finds boxes: a teacher, or a trained student."""

    @property
    def version(self) -> str:
        """Names family, checkpoint and digest; goes to Label Studio as model_version."""

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One Detections per image, in the image's own pixels. Deterministic; batch equals single."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """All that a student says of one frame.

    Args:
        found: as from `detect`.
        probabilities: (n, C) float32, the score of every class for each box of `found`, in its order; those of the
            boxes' own classes are their scores. Sigmoids: a row need not sum to 1, and a box may be there twice,
            with one row and two classes.
        vector: (d,) float32, as from `embed`.
        mirrored: what is found in the mirrored picture, mapped back; None where nobody asked.

    Raises:
        ValueError: shapes do not fit, or a box's score is not that of its class.
    """

    found: Detections
    probabilities: NDArray[np.float32]
    vector: NDArray[np.float32]
    mirrored: Detections | None = None

    def __post_init__(self) -> None:
        if self.probabilities.shape[:-1] != (len(self.found),) or self.vector.ndim != 1:
            shapes = f"{self.probabilities.shape} class scores and a {self.vector.shape} vector"
            raise ValueError(f"{len(self.found)} boxes with {shapes}")
        own = np.take_along_axis(self.probabilities, self.found.classes[:, None], axis=1)[:, 0]
        if not np.allclose(own, self.found.scores, atol=1e-4):
            raise ValueError("the score of a box is not that of its class")


class StudentDetector(Detector, Protocol):
    """A trained student also says where a frame lies among the others, and how sure it is of each class."""

    @property
    def has_class_scores(self) -> bool:
        """Whether `Sight.probabilities` holds every class's score; else the best class's alone, the others being 0."""

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """(n, d) float32: one vector per image, from the student's own backbone."""

    def look(self, images: Sequence[Image]) -> tuple[list[Detections], NDArray[np.float32]]:
        """Detections and vectors in one forward."""

    def inspect(self, images: Sequence[Image], *, mirrored: bool = False) -> list[Sight]:
        """One Sight per image, in one forward; in two with `mirrored`."""


@dataclass(frozen=True, slots=True)
class TeacherSpec:
    """Which teacher, and how to run it.

    Args:
        name: the family: a file in nightshift/teachers.
        checkpoint: a hub name or a folder; empty for families that need none.
        threshold: lowest score kept.
        batch: images per forward.
        device: "auto", "cpu", "cuda", "cuda:1".
        url: where the model is served; empty for one that runs here.
        second_opinion: checkpoint of an image-text model that looks at each box again; empty for none.
        members: the teachers of an ensemble.
        trust: (class name, weight) of a member's boxes in a fusion; 1 for classes that are not named.
    """

    name: str
    checkpoint: str
    threshold: float
    batch: int
    device: str
    url: str = ""
    second_opinion: str = ""
    members: tuple["TeacherSpec", ...] = ()
    trust: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Hyper:
    """How to train a student.

    Args:
        model: architecture, such as yolo11n.
        image_size: pixels of the square the images are fitted into.
        steps: optimizer steps (epochs follow from the size of the set).
        batch: images per step.
        seed: of weights, order and augmentation.
        device: "auto", "cpu", "cuda", ...
    """

    model: str
    image_size: int
    steps: int
    batch: int
    seed: int
    device: str


def _nowhere() -> Boxes:
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A training picture with its labels; who labelled it shows in its weight alone.

    Args:
        path: the picture.
        labels: its boxes.
        human: whether a person drew or confirmed them.
        weight: how often the student sees the picture, in proportion to the others'.
        ignore: (k, 4) xyxy pixels: where nobody knows whether there is an object. The student is neither told that
            there is one nor that there is none.

    Raises:
        ValueError: the weight is not a positive number.
    """

    path: Path
    labels: Detections
    human: bool
    weight: float = 1.0
    ignore: Boxes = field(default_factory=_nowhere)

    def __post_init__(self) -> None:
        if not 0 < self.weight < inf:
            raise ValueError(f"the weight of a picture must be a positive number, not {self.weight}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Weights on disk with their sha-256, and what is known of how they came about.

    Args:
        path: the weights.
        sha256: digest of the file, hex.
        origin: "pretrained", "scratch" or "warm": where training started from.
        curves: per epoch, name → value (losses, seconds).
    """

    path: Path
    sha256: str
    origin: str
    curves: tuple[dict[str, float], ...] = ()


class Student(Protocol):
    """A family of small models that can be trained."""

    def fit(
        self,
        examples: Sequence[Example],
        names: Sequence[str],
        init: Path | None,
        out: Path,
        hyper: Hyper,
        progress: Progress = no_progress,
    ) -> Checkpoint:
        """Train in a process of its own, on a new data set folder under `out`.

        `init` None starts from the architecture (or its published weights where they can be had).
        """

    def open(self, weights: Path, hyper: Hyper) -> StudentDetector:
        """Load trained weights for inference."""
