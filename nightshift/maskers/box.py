"""No masker at all: every pixel of the box. For objects that are rectangles, or where only the boxes matter for now."""

from collections.abc import Sequence
from dataclasses import dataclass

from nightshift.domain.detections import Detections
from nightshift.domain.masking import Masker, MaskerSpec, outlined
from nightshift.domain.masks import rectangles
from nightshift.domain.models import Image


def open_masker(spec: MaskerSpec) -> Masker:  # noqa: ARG001 - the families' common signature
    """Nothing is opened."""
    return BoxMasker()


@dataclass(frozen=True, slots=True)
class BoxMasker:
    """See the module."""

    version: str = "box"

    def outline(self, images: Sequence[Image], found: Sequence[Detections]) -> list[Detections]:
        """See Masker."""
        pairs = zip(images, found, strict=True)
        return [outlined(each, rectangles(each.boxes, (len(image), len(image[0])))) for image, each in pairs]
