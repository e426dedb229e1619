"""A second opinion about a teacher's boxes: a model of images and text is shown each box, cut out, with all classes.

A box whose picture says its own class keeps its score. Of any other the score is multiplied by p(own class) / p(what
the picture says), where "nothing of these" may be said too: it is lowered the further, the surer the second model is.
Where two classes were found on one object, the better score after that stays, so the second opinion decides.

The second model never adds a box, moves one or gives one another class: it knows what is in a picture, not where.
Knows no family of teachers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.models import Detector, Image
from nightshift.domain.votes import Voted
from nightshift.teachers._merge import one_class_each

MARGIN = 0.1  # of the box's longer side, on each side: what is around an object helps to name it
LEAST_MARGIN = 2  # pixels


class Judge(Protocol):
    """Says what is in a picture."""

    @property
    def version(self) -> str:
        """Family, checkpoint and digest."""

    def __call__(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """(crops, classes + 1) in [0, 1]: how well each class fits, and last, how well none of them does."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """A teacher whose boxes are looked at again.

    Args:
        first: the teacher.
        judge: who looks again.
        threshold: lowest score kept, after that.
    """

    first: Detector
    judge: Judge
    threshold: float

    @property
    def version(self) -> str:
        """Both: another judge gives other scores."""
        return f"{self.first.version}, seen again by {self.judge.version}"

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """What the teacher finds and the second model does not deny; one class an object, best first."""
        said = candidates_of(self.first)(images)
        return [self.judged(image, found) for image, found in zip(images, said, strict=True)]

    def judged(self, image: Image, found: Detections) -> Detections:
        """What is left of the candidates in one image."""
        if not len(found):
            return found
        fits = self.judge([crop(image, box) for box in found.boxes])
        lowered = rescored(found, fits).above(self.threshold)
        return _settled(lowered)


def candidates_of(teacher: Detector) -> Any:
    """What finds the teacher's boxes with rival classes on one object left in, where it can do that."""
    return getattr(teacher, "candidates", teacher.detect)


def rescored(found: Detections, fits: NDArray[np.float32]) -> Detections:
    """The boxes with the scores that a second opinion leaves them.

    Args:
        found: of n boxes.
        fits: (n, classes + 1), as from a Judge.
    """
    own = np.take_along_axis(fits, found.classes[:, None], axis=1)[:, 0]
    best = fits.max(axis=1)
    share = np.divide(own, best, out=np.ones_like(own), where=best > 0)
    scores = np.asarray(found.scores * np.clip(share, 0, 1), np.float32)
    return found.scored(scores) if isinstance(found, Voted) else replace(found, scores=scores)


def crop(image: Image, box: NDArray[np.float32]) -> Image:
    """The pixels of a box and a margin around it, as far as the image goes; at least one pixel."""
    height, width = image.shape[:2]
    margin = max(LEAST_MARGIN, MARGIN * float((box[2:] - box[:2]).max()))
    left, top = (int(max(0, np.floor(each - margin))) for each in box[:2])
    right, bottom = (int(np.ceil(each + margin)) for each in box[2:])
    left, top = min(left, width - 1), min(top, height - 1)
    return image[top : min(bottom, height), left : min(right, width)]


def _settled(found: Detections) -> Detections:
    if not isinstance(found, Voted):
        return one_class_each(found)
    from nightshift.teachers._fusion import one_of_rivals  # noqa: PLC0415 - heavy, and there where votes are

    return one_of_rivals(found)
