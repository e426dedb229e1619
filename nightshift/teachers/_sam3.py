"""SAM 3 of transformers: a picture is encoded once, then asked about one concept after the other.

Only its boxes are read here; each comes with its own score, times the score that the concept is there at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import Sam3Model, Sam3Processor
from transformers.modeling_outputs import BaseModelOutputWithPooling

from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import Kind, device, load, version
from nightshift.teachers._found import EVERYTHING, Found, check_length, join, read
from nightshift.teachers._prompted import PromptedTeacher, classes_of

KIND = Kind("SAM 3", ("sam3", "sam3_video"), Sam3Model, Sam3Processor)


class Concept(NamedTuple):
    """A prompt, read once: (1, tokens, d) what the text encoder made of it, and (1, tokens) which are words."""

    embedding: Tensor
    mask: Tensor


@dataclass(frozen=True, slots=True)
class AskSam3:
    """The model with its concepts.

    Args:
        model: SAM 3's detector.
        prepare: the checkpoint's image processor.
        concepts: one a prompt.
        where: the device of the model.
        apart: False: every picture is stretched to one square.
    """

    model: Any
    prepare: Any
    concepts: tuple[Concept, ...]
    where: torch.device
    apart: bool = False

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        sight = self.model.get_vision_features(torch.cat([self._pixels(image) for image in images]))
        sizes = [image.shape[:2] for image in images]
        return join([self._ask(index, sight, sizes) for index in range(len(self.concepts))])

    def _ask(self, index: int, sight: Any, sizes: Sequence[tuple[int, ...]]) -> list[Found]:
        concept, count = self.concepts[index], len(sizes)
        text = BaseModelOutputWithPooling(pooler_output=concept.embedding.expand(count, -1, -1))
        outputs = self.model(vision_embeds=sight, text_embeds=text, attention_mask=concept.mask.expand(count, -1))
        seen = self.prepare.post_process_object_detection(outputs, threshold=EVERYTHING, target_sizes=list(sizes))
        return read([{**each, "labels": torch.zeros_like(each["scores"], dtype=torch.long)} for each in seen], index)

    def _pixels(self, image: Image) -> Tensor:
        prepared = self.prepare(images=image, input_data_format="channels_last", return_tensors="pt")
        pixels: Tensor = prepared["pixel_values"]
        return pixels.to(self.where)


def open_sam3(spec: TeacherSpec, ontology: Ontology) -> PromptedTeacher:
    """Load the checkpoint and read the ontology's prompts; raises as `open_teacher` of the family."""
    where = device(spec.device)
    model, processor = load(spec.checkpoint, KIND)
    model.to(where)
    concepts = tuple(_concept(model, processor.tokenizer, prompt) for prompt, _ in ontology.prompts)
    return PromptedTeacher(
        version=version(model, spec.checkpoint),
        ask=AskSam3(model, processor.image_processor, concepts, where),
        class_of=classes_of(ontology),
        threshold=spec.threshold,
        batch=spec.batch,
        device=where,
    )


@torch.inference_mode()
def _concept(model: Any, tokenizer: Any, prompt: str) -> Concept:
    longest = model.config.text_config.max_position_embeddings
    check_length(prompt, len(tokenizer(prompt)["input_ids"]), longest)
    text = tokenizer(prompt, padding="max_length", max_length=longest, return_tensors="pt").to(model.device)
    tokens = {name: text[name] for name in ("input_ids", "attention_mask")}
    return Concept(model.get_text_features(**tokens).pooler_output, tokens["attention_mask"])
