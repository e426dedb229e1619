"""What a masker is: boxes in, the same boxes with masks out; and a model of boxes that gets its masks from one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.masks import Masks, mask_areas, rectangles, tight_boxes
from nightshift.domain.models import Detector, Image, Sight, StudentDetector


@dataclass(frozen=True, slots=True)
class MaskerSpec:
    """Which masker, and how to run it.

    Args:
        name: the family: a file in nightshift/maskers.
        checkpoint: a hub name or a folder; empty for families that need none.
        batch: boxes per forward.
        device: "auto", "cpu", "cuda", "cuda:1".
    """

    name: str
    checkpoint: str
    batch: int
    device: str


class Masker(Protocol):
    """Finds which pixels of a box belong to its object."""

    @property
    def version(self) -> str:
        """Names family, checkpoint and digest."""

    def outline(self, images: Sequence[Image], found: Sequence[Detections]) -> list[Detections]:
        """The same boxes with masks, see `outlined`. Deterministic; batch equals single."""


def outlined(found: Detections, masks: Masks) -> Detections:
    """Boxes with their masks, each box drawn in to fit its mask; one whose mask has no pixel is filled wholly."""
    rectangle = rectangles(found.boxes, masks.size).counts
    pairs = zip(masks.counts, rectangle, mask_areas(masks) > 0, strict=True)
    whole = Masks(masks.size, tuple(mask if any_ else box for mask, box, any_ in pairs))
    return replace(found, boxes=tight_boxes(whole), masks=whole)


@dataclass(frozen=True, slots=True)
class MaskedDetector:
    """A detector whose boxes get masks where it gives none itself."""

    boxes: Detector
    masker: Masker

    @property
    def version(self) -> str:
        """Both."""
        return f"{self.boxes.version}+{self.masker.version}"

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """See Detector."""
        return with_masks(self.masker, images, self.boxes.detect(images))


@dataclass(frozen=True, slots=True)
class MaskedStudent:
    """A student whose boxes get masks where it gives none itself."""

    boxes: StudentDetector
    masker: Masker

    @property
    def version(self) -> str:
        """Both."""
        return f"{self.boxes.version}+{self.masker.version}"

    @property
    def has_class_scores(self) -> bool:
        """See StudentDetector."""
        return self.boxes.has_class_scores

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """See Detector."""
        return with_masks(self.masker, images, self.boxes.detect(images))

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """See StudentDetector."""
        return self.boxes.embed(images)

    def look(self, images: Sequence[Image]) -> tuple[list[Detections], NDArray[np.float32]]:
        """See StudentDetector."""
        found, vectors = self.boxes.look(images)
        return with_masks(self.masker, images, found), vectors

    def inspect(self, images: Sequence[Image], *, mirrored: bool = False) -> list[Sight]:
        """See StudentDetector; what is found in the mirrored picture stays boxes."""
        sights = self.boxes.inspect(images, mirrored=mirrored)
        found = with_masks(self.masker, images, [each.found for each in sights])
        return [replace(sight, found=each) for sight, each in zip(sights, found, strict=True)]


def masked_detector(boxes: Detector | None, masker: Masker | None) -> Detector | None:
    """With masks, where both are there."""
    return boxes if boxes is None or masker is None else MaskedDetector(boxes, masker)


def masked_student(boxes: StudentDetector, masker: Masker | None) -> StudentDetector:
    """With masks, where a masker is there; a student that says that it `has_masks` keeps its own."""
    own = masker is None or getattr(boxes, "has_masks", False)
    return boxes if own or masker is None else MaskedStudent(boxes, masker)


def bare(found: Detections) -> bool:
    """Whether there are boxes, and no masks."""
    return len(found) > 0 and found.masks is None


def with_masks(masker: Masker, images: Sequence[Image], found: Sequence[Detections]) -> list[Detections]:
    """As they are where they have masks, or nothing to mask."""
    which = [i for i, each in enumerate(found) if bare(each)]
    new = dict(zip(which, masker.outline([images[i] for i in which], [found[i] for i in which]), strict=True))
    return [new.get(i, each) for i, each in enumerate(found)]
