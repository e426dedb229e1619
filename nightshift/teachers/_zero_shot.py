"""The zero-shot detectors of transformers: how each is told its prompts is in _phrases, _queries and _tasks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForZeroShotObjectDetection

from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import Kind, device, load, version
from nightshift.teachers._blur import sooner
from nightshift.teachers._found import Found, Style
from nightshift.teachers._phrases import Phrases
from nightshift.teachers._prompted import PromptedTeacher, classes_of
from nightshift.teachers._queries import Queries
from nightshift.teachers._tasks import Tasks

STYLES: dict[str, Callable[[Any, Any, Sequence[str]], Style]] = {
    "grounding-dino": Phrases,
    "mm-grounding-dino": Phrases,
    "omdet-turbo": Tasks,
    "owlv2": Queries,
    "owlvit": Queries,
}
KIND = Kind("zero-shot detector", tuple(STYLES), AutoModelForZeroShotObjectDetection)


@dataclass(frozen=True, slots=True)
class AskZeroShot:
    """Pictures to pixels, pixels to boxes.

    Args:
        style: the model, with the prompts tokenised.
        prepare: the checkpoint's image processor.
        where: the device of the model.
    """

    style: Style
    prepare: Any
    where: torch.device

    @property
    def apart(self) -> bool:
        """See Ask."""
        return self.style.pads

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        pixels = torch.cat([self._pixels(image) for image in images])
        return self.style(pixels, [(len(image), len(image[0])) for image in images])

    def _pixels(self, image: Image) -> torch.Tensor:
        """One at a time: never padded to a neighbour, and one frame's float copy in memory at once."""
        prepared = self.prepare(images=image, input_data_format="channels_last", return_tensors="pt", device=self.where)
        pixels: torch.Tensor = prepared["pixel_values"]
        return pixels.to(self.where)


def open_zero_shot(spec: TeacherSpec, ontology: Ontology) -> PromptedTeacher:
    """Load the checkpoint and tell it the ontology's prompts; raises as `open_teacher` of the family."""
    where = device(spec.device)
    model, processor = load(spec.checkpoint, KIND)
    prompts = [prompt for prompt, _ in ontology.prompts]
    style = STYLES[model.config.model_type](model.to(where), processor, prompts)
    return PromptedTeacher(
        version=version(model, spec.checkpoint),
        ask=AskZeroShot(style, sooner(processor.image_processor), where),
        class_of=classes_of(ontology),
        threshold=spec.threshold,
        batch=spec.batch,
        device=where,
    )
