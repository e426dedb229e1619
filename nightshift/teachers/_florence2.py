"""Florence-2 of transformers: boxes are said as four location tokens, thousandths of the picture's sides.

Two tasks: to locate one prompt in the picture ("open-vocabulary detection"), prompt after prompt; or to locate the
phrases of a caption, which names all prompts at once ("phrase grounding"). The picture is encoded once for all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own habit
from torch import Tensor
from transformers import Florence2ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

from nightshift.domain.errors import ModelError
from nightshift.domain.models import Image, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import Kind, device, load, version
from nightshift.teachers._found import Found, check_length, join
from nightshift.teachers._generate import Said, generate
from nightshift.teachers._phrase_words import check_words, same_words
from nightshift.teachers._prompted import PromptedTeacher, classes_of

KIND = Kind("Florence-2", ("florence2",), Florence2ForConditionalGeneration)
BINS = 1000  # location tokens a side
NEAR = 10  # bins to either side: 1% of the side
MOST_TOKENS = 1024  # about 250 boxes


class Question(NamedTuple):
    """What is asked in one go.

    Args:
        text: the words of the task with the prompts in them.
        prompt_of: which prompt a phrase of the answer stands for; None: none of them.
    """

    text: str
    prompt_of: Callable[[str], int | None]


class Place(NamedTuple):
    """A box as it was said: the phrase before it, four bins, and how sure the model was of them."""

    phrase: str
    bins: tuple[int, ...]
    score: float


class Locations:
    """The location tokens of a tokenizer.

    Raises:
        ModelError: it has not all of them, in order.
    """

    def __init__(self, tokenizer: Any, checkpoint: str) -> None:
        known = tokenizer.convert_tokens_to_ids([f"<loc_{each}>" for each in range(BINS)])
        self.first: int = known[0]
        if known != list(range(self.first, self.first + BINS)):
            reason = "its tokenizer does not have the 1,000 location tokens in a row"
            raise ModelError(f"teacher checkpoint '{checkpoint}'", reason, "Use an unchanged Florence-2.")
        self._tokenizer, self._polygon = tokenizer, tokenizer.convert_tokens_to_ids("<poly>")

    def surety(self, probabilities: Tensor) -> Tensor:
        """How sure a step was. Of a location: that it lies within 1% of the side, for neighbours share the odds."""
        best, token = probabilities.max(dim=-1)
        here = F.pad(probabilities[:, self.first : self.first + BINS], (NEAR, NEAR))
        near = here.unfold(1, 2 * NEAR + 1, 1).sum(dim=-1).clamp(max=1)
        bins = token - self.first
        inside = (bins >= 0) & (bins < BINS)
        return torch.where(inside, near.gather(1, bins.clamp(0, BINS - 1)[:, None])[:, 0], best)

    def places(self, said: Said) -> list[Place]:
        """The boxes of an answer. A run of locations that is no whole number of boxes is none, nor is a polygon."""
        places, phrase, polygon = list[Place](), "", False
        pairs = zip(said.tokens, said.surety, strict=True)
        for is_place, run in groupby(pairs, lambda pair: self.first <= pair[0] < self.first + BINS):
            tokens, sure = map(list, zip(*run, strict=True))
            if not is_place:
                phrase = self._tokenizer.decode(tokens, skip_special_tokens=True).strip()
                polygon = self._polygon in tokens
            elif len(tokens) % 4 == 0 and not polygon:
                starts = range(0, len(tokens), 4)
                places += [self._place(phrase, tokens[at : at + 4], sure[at : at + 4]) for at in starts]
        return places

    def _place(self, phrase: str, tokens: Sequence[int], sure: Sequence[float]) -> Place:
        score = float(np.prod(sure) ** (1 / len(sure)))
        return Place(phrase, tuple(token - self.first for token in tokens), score)


@dataclass(frozen=True, slots=True)
class AskFlorence:
    """The model with its questions.

    Args:
        model: Florence-2.
        processor: of the same checkpoint.
        questions: asked one after the other, each about the whole batch: no text is padded to another's length.
        locations: the location tokens.
        where: the device of the model.
        apart: False: every picture is stretched to one square.
    """

    model: Any
    processor: Any
    questions: tuple[Question, ...]
    locations: Locations
    where: torch.device
    apart: bool = False

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        pixels = [self._pixels(image) for image in images]
        features = self.model.get_image_features(torch.cat(pixels)).pooler_output
        said = [(question, self._answers(question, features)) for question in self.questions]
        sizes = [(image.shape[1], image.shape[0]) for image in images]
        return join([[self._found(q, *pair) for pair in zip(answers, sizes, strict=True)] for q, answers in said])

    def _pixels(self, image: Image) -> Tensor:
        prepared = self.processor.image_processor(images=image, input_data_format="channels_last", return_tensors="pt")
        pixels: Tensor = prepared["pixel_values"]
        return pixels.to(self.where)

    def _answers(self, question: Question, features: Tensor) -> list[Said]:
        count, length = features.shape[:2]
        words = self._words(question.text).to(self.where)
        tokens = self.model.get_input_embeddings()(words).expand(count, -1, -1)
        embeds = torch.cat([features.to(tokens.dtype), tokens], dim=1)
        mask = torch.ones(count, length + len(words), dtype=torch.long, device=self.where)
        encoded = self.model.get_encoder()(inputs_embeds=embeds, attention_mask=mask).last_hidden_state
        inputs = {"encoder_outputs": BaseModelOutput(last_hidden_state=encoded), "attention_mask": mask}
        most = min(MOST_TOKENS, self.model.config.text_config.max_position_embeddings - 2)
        return generate(self.model, inputs, most, self.locations.surety)

    def _words(self, text: str) -> Tensor:
        """(tokens,) the text as the processor writes it, the picture's own tokens left out."""
        tokenizer = self.processor.tokenizer
        whole = f"{tokenizer.bos_token}{text}{tokenizer.eos_token}"
        return torch.tensor(tokenizer(whole, add_special_tokens=False)["input_ids"])

    def _found(self, question: Question, said: Said, size: tuple[int, int]) -> Found:
        named = [(question.prompt_of(place.phrase), place) for place in self.locations.places(said)]
        kept = [(prompt, place) for prompt, place in named if prompt is not None]
        bins = np.array([place.bins for _, place in kept], np.float32).reshape(-1, 4)
        boxes = np.asarray((bins + 0.5) / BINS * np.array([*size, *size]), np.float32)
        prompts = np.array([prompt for prompt, _ in kept], np.int64)
        return Found(boxes, prompts, np.array([place.score for _, place in kept], np.float32))


def detection(prompts: Sequence[str]) -> tuple[Question, ...]:
    """One question a prompt; whatever the answer calls it, it is that prompt."""
    return tuple(Question(f"Locate {each} in the image.", _always(i)) for i, each in enumerate(prompts))


def grounding(prompts: Sequence[str]) -> tuple[Question, ...]:
    """One caption with all prompts; the answer repeats its phrases."""
    caption = ". ".join(prompts) + "."
    return (Question(f"Locate the phrases in the caption: {caption}", same_words(prompts)),)


def _always(prompt: int) -> Callable[[str], int | None]:
    return lambda _: prompt


def open_florence(
    spec: TeacherSpec, ontology: Ontology, ask: Callable[[Sequence[str]], tuple[Question, ...]]
) -> PromptedTeacher:
    """Load the checkpoint with the questions about the ontology's prompts; raises as `open_teacher` of the family."""
    prompts = [prompt for prompt, _ in ontology.prompts]
    check_words(prompts)
    questions, where = ask(prompts), device(spec.device)
    model, processor = load(spec.checkpoint, KIND)
    room = model.config.text_config.max_position_embeddings - processor.num_image_tokens - 2  # begin and end
    for each in questions:
        check_length(each.text, len(processor.tokenizer(each.text, add_special_tokens=False)["input_ids"]), room)
    return PromptedTeacher(
        version=version(model, spec.checkpoint),
        ask=AskFlorence(model.to(where), processor, questions, Locations(processor.tokenizer, spec.checkpoint), where),
        class_of=classes_of(ontology),
        threshold=spec.threshold,
        batch=spec.batch,
        device=where,
    )
