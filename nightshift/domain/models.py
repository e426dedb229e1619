"""What a teacher and a student are, to everyone who uses one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections

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


class StudentDetector(Detector, Protocol):
    """A trained student also says where a frame lies among the others."""

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """(n, d) float32: one vector per image, from the student's own backbone."""

    def look(self, images: Sequence[Image]) -> tuple[list[Detections], NDArray[np.float32]]:
        """Detections and vectors in one forward."""


@dataclass(frozen=True, slots=True)
class TeacherSpec:
    """Which teacher, and how to run it.

    Args:
        name: the family: a file in nightshift/teachers.
        checkpoint: a hub name or a folder; empty for families that need none.
        threshold: lowest score kept.
        batch: images per forward.
        device: "auto", "cpu", "cuda", "cuda:1".
    """

    name: str
    checkpoint: str
    threshold: float
    batch: int
    device: str


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


@dataclass(frozen=True, slots=True)
class Example:
    """A training picture with its labels; human labels and greens look the same to the student."""

    path: Path
    labels: Detections
    human: bool


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
