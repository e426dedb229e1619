"""Qwen2.5-VL and Qwen3-VL of transformers: asked in words for a JSON list of boxes.

The two count differently: Qwen2.5-VL in pixels of the picture as it was resized for it, Qwen3-VL in thousandths of its
sides. An answer that is not what was asked for gives nothing for its picture, and a line in the log.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import AutoModelForImageTextToText

from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import Kind, device, load, version
from nightshift.teachers._answers import Scored, read_answers
from nightshift.teachers._found import Found
from nightshift.teachers._generate import Said, generate
from nightshift.teachers._phrase_words import check_words, same_words
from nightshift.teachers._prompted import PromptedTeacher, classes_of

KIND = Kind("Qwen2.5-VL or Qwen3-VL", ("qwen2_5_vl", "qwen3_vl"), AutoModelForImageTextToText)
THOUSANDTHS = 1000
OVERSHOOT = 1.02  # of the sides: the last digits of a box at the edge are often a little too large
MOST_SEEN = 2560  # tokens of a picture: about 2 million pixels
MOST_SAID = 2048  # tokens of an answer: about 60 boxes
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AskQwen:
    """The model with its question.

    Args:
        model: Qwen-VL.
        processor: of the same checkpoint.
        question: the chat up to the model's answer, with the picture's place in it.
        prompt_of: which prompt a label of the answer stands for.
        where: the device of the model.
        apart: True: a picture keeps its proportions.
    """

    model: Any
    processor: Any
    question: str
    prompt_of: Callable[[str], int | None]
    where: torch.device
    apart: bool = True

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        inputs = self._inputs(images)
        room = self.model.config.text_config.max_position_embeddings - inputs["input_ids"].shape[1]
        most = max(1, min(MOST_SAID, room))
        said = generate(self.model, inputs, most, repetition_penalty=1.0, no_repeat_ngram_size=0)  # boxes look alike
        limits = [self._limits(grid) for grid in inputs["image_grid_thw"].tolist()]
        triples = zip(said, limits, images, strict=True)
        return [self._found(self._read(each, limit), limit, image) for each, limit, image in triples]

    def _inputs(self, images: Sequence[Image]) -> dict[str, Tensor]:
        """One picture after the other, so that one large copy is in memory at once; texts of one shape are one long."""
        each = [
            self.processor(text=[self.question], images=[image], input_data_format="channels_last", return_tensors="pt")
            for image in images
        ]
        names = [name for name in each[0] if isinstance(each[0][name], Tensor)]
        return {name: torch.cat([one[name] for one in each]).to(self.where) for name in names}

    def _limits(self, grid: Sequence[int]) -> tuple[float, float]:
        """Width and height in the model's own units."""
        if self.model.config.model_type == "qwen3_vl":
            return THOUSANDTHS, THOUSANDTHS
        patch = self.processor.image_processor.patch_size
        return grid[2] * patch, grid[1] * patch

    def _read(self, said: Said, limits: tuple[float, float]) -> list[Scored]:
        try:
            return read_answers(self._pieces(said.tokens), said.surety, (limits[0] * OVERSHOOT, limits[1] * OVERSHOOT))
        except ValueError as error:
            log.warning("an answer of the teacher counts as nothing found: %s", error)
            return []

    def _pieces(self, tokens: Sequence[int]) -> list[str]:
        """The text of each token: what it adds to the text before it, for a letter may take several."""
        decode, pieces, before = self.processor.tokenizer.decode, [], ""
        for end in range(1, len(tokens) + 1):
            text = decode(tokens[:end], skip_special_tokens=True, clean_up_tokenization_spaces=False)
            whole = text.rstrip("\ufffd")  # a letter of which only the first bytes are there
            pieces.append(whole[len(before) :])
            before = whole
        return pieces

    def _found(self, answers: Sequence[Scored], limits: tuple[float, float], image: Image) -> Found:
        named = [(self.prompt_of(each.answer.label), each) for each in answers]
        if unknown := {each.answer.label for prompt, each in named if prompt is None}:
            log.warning("the teacher named what it was not asked for: %s", sorted(unknown))
        kept = [(prompt, each) for prompt, each in named if prompt is not None]
        height, width = image.shape[:2]
        scale = np.array([width, height] * 2) / np.array([*limits, *limits])
        boxes = np.array([each.answer.bbox_2d for _, each in kept], np.float64).reshape(-1, 4) * scale
        scores = np.array([each.score for _, each in kept], np.float32)
        return Found(boxes.astype(np.float32), np.array([prompt for prompt, _ in kept], np.int64), scores)


def question(prompts: Sequence[str]) -> str:
    """What is asked, in words."""
    labels = json.dumps(list(prompts), ensure_ascii=False)
    form = '{"bbox_2d": [x1, y1, x2, y2], "label": "<one of the labels>"}'
    return (
        f"Locate every object in the image that one of these labels describes: {labels}. "
        f"Answer with a JSON list alone, each object as {form}. If there is none, answer []."
    )


def open_qwen(spec: TeacherSpec, ontology: Ontology) -> PromptedTeacher:
    """Load the checkpoint with the question about the ontology's prompts; raises as `open_teacher` of the family."""
    prompts = [prompt for prompt, _ in ontology.prompts]
    check_words(prompts)
    where = device(spec.device)
    model, processor = load(spec.checkpoint, KIND, torch.bfloat16 if where.type == "cuda" else torch.float32)
    _see_at_most(processor.image_processor, MOST_SEEN)
    content = [{"type": "image"}, {"type": "text", "text": question(prompts)}]
    chat = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)
    return PromptedTeacher(
        version=version(model, spec.checkpoint),
        ask=AskQwen(model.to(where), processor, chat, same_words(prompts), where),
        class_of=classes_of(ontology),
        threshold=spec.threshold,
        batch=spec.batch,
        device=where,
    )


def _see_at_most(prepare: Any, tokens: int) -> None:
    """Its own limit may be sixteen times as many, which no small GPU holds."""
    most = tokens * (prepare.patch_size * prepare.merge_size) ** 2
    least, own = prepare.size["shortest_edge"], prepare.size["longest_edge"]
    prepare.size = {"shortest_edge": least, "longest_edge": min(own, most)}
