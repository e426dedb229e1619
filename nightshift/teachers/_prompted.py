"""A teacher that is asked prompts: batches in, one box an object out. How a family is asked is its own business."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, clean
from nightshift.domain.models import Image
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import batches, enough_memory, not_too_thin
from nightshift.teachers._found import Found
from nightshift.teachers._merge import candidates, one_class_each


class Ask(Protocol):
    """A model with its prompts.

    Attributes:
        apart: only images of one shape share a forward: padding one to another would change the answer.
    """

    @property
    def apart(self) -> bool: ...

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """What was seen in each image, in its own pixels."""


@dataclass(frozen=True, slots=True)
class PromptedTeacher:
    """A model with its prompts, and what its answers mean.

    Args:
        version: family, checkpoint and digest.
        ask: the model, with the prompts tokenised.
        class_of: (prompts,) the class index of each prompt.
        threshold: lowest score kept.
        batch: images per forward.
        device: where the model is.
    """

    version: str
    ask: Ask
    class_of: NDArray[np.int64]
    threshold: float
    batch: int
    device: torch.device

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """One box an object, best first, in each image's own pixels, with its prompt; scores reach the threshold."""
        return [one_class_each(each) for each in self.candidates(images)]

    def candidates(self, images: Sequence[Image]) -> list[Detections]:
        """As `detect`, but what answers to prompts of two classes is there once a class: for whoever looks again."""
        found: dict[int, Detections] = {}
        for which in batches(images, self.batch, apart=self.ask.apart):
            for index, seen in zip(which, self.look([images[i] for i in which]), strict=True):
                found[index] = candidates(_above(seen, images[index], self.threshold), self.class_of)
        return [found[index] for index in range(len(images))]

    @torch.inference_mode()
    def look(self, images: Sequence[Image]) -> list[Found]:
        """One forward: all that was seen, not yet clipped, merged, or held against the threshold.

        Raises:
            ModelError: there is no memory left.
        """
        with enough_memory(self.version, self.device, len(images)):
            return self.ask([not_too_thin(image) for image in images])


def classes_of(ontology: Ontology) -> NDArray[np.int64]:
    """(prompts,) the class index of each prompt."""
    return np.array([index for _, index in ontology.prompts], np.int64)


def _above(seen: Found, image: Image, threshold: float) -> Detections:
    height, width = image.shape[:2]
    return clean(seen.boxes, seen.prompts, seen.scores, (width, height)).above(threshold)
