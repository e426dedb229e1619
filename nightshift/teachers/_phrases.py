"""Grounding DINO and MM Grounding DINO: all prompts in one caption, "a cat. a dog.", scored token by token.

The library decodes the tokens above a threshold back into text, which comes out partial or merged. Here
each prompt keeps the positions of its own tokens instead, and scores the highest of them: the number by
which the library itself ranks boxes, without the separators, which are no word of any prompt.
"""

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nightshift.domain.errors import ConfigError
from nightshift.teachers._found import EVERYTHING, Found, Part, join, read, repeated, split

SEPARATORS = re.compile(r"[.?]+")  # the model's attention ends a phrase at either


class Caption(NamedTuple):
    """One caption, tokenised: its first prompt's index, the tokens, and the token positions of each prompt."""

    first: int
    text: dict[str, Tensor]
    words: list[list[int]]


class Phrases:
    """Prompts as phrases of captions; as many captions as it takes for none to be cut off."""

    pads = True  # the backbone looks across the edge into the padding, whatever the mask says

    def __init__(self, model: Any, processor: Any, prompts: Sequence[str]) -> None:
        self._model, self._post = model, processor.image_processor.post_process_object_detection
        tokenizer, phrases = processor.tokenizer, [_phrase(prompt) for prompt in prompts]
        longest = model.config.max_text_len
        self.parts = split(phrases, lambda some: len(tokenizer(_caption(some))["input_ids"]), longest)
        self._captions = [_read_caption(tokenizer, part) for part in self.parts]

    def __call__(self, pixels: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Found]:
        """See Style."""
        return join([self._ask(caption, pixels, sizes) for caption in self._captions])

    def _ask(self, caption: Caption, pixels: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Found]:
        outputs = self._model(pixel_values=pixels, **repeated(caption.text, len(pixels), pixels.device))
        logits = torch.stack([outputs.logits[..., at].amax(dim=-1) for at in caption.words], dim=-1)
        scored = SimpleNamespace(logits=logits, pred_boxes=outputs.pred_boxes)
        return read(self._post(scored, threshold=EVERYTHING, target_sizes=list(sizes)), caption.first)


def _phrase(prompt: str) -> str:
    phrase = " ".join(SEPARATORS.sub(" ", prompt.lower()).split())
    if not phrase:
        raise _wordless(prompt)
    return phrase


def _wordless(prompt: str) -> ConfigError:
    return ConfigError(f"prompt '{prompt}'", "it has no word in it", "Name what to look for.")


def _caption(phrases: Sequence[str]) -> str:
    return ". ".join(phrases) + "."


def _read_caption(tokenizer: Any, part: Part) -> Caption:
    phrases = part.prompts
    tokens = tokenizer(_caption(phrases), return_offsets_mapping=True, return_tensors="pt")
    spans = tokens.pop("offset_mapping")[0].tolist()
    starts = [len(_caption(phrases[:i])) + 1 if i else 0 for i in range(len(phrases))]
    words = [_inside(spans, start, start + len(each)) for start, each in zip(starts, phrases, strict=True)]
    if not all(words):
        raise _wordless(phrases[words.index([])])
    return Caption(part.first, dict(tokens), words)


def _inside(spans: Sequence[tuple[int, int]], start: int, end: int) -> list[int]:
    """Positions of the tokens that lie within characters start:end; special tokens have an empty span."""
    return [at for at, (low, high) in enumerate(spans) if start <= low < high <= end]
