"""What a zero-shot family answers, and what all families need to ask: splitting prompts, reading tensors.

Knows no model. Boxes are exactly those of the library's own post-processing, all of them, unclipped.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nightshift.domain.errors import ConfigError

EVERYTHING = -1.0  # a score threshold below every score


class Found(NamedTuple):
    """What was seen in one image.

    Args:
        boxes: (n, 4) float32 xyxy pixels, not yet clipped.
        prompts: (n,) int64, index into the prompts.
        scores: (n,) float32.
    """

    boxes: NDArray[np.float32]
    prompts: NDArray[np.int64]
    scores: NDArray[np.float32]


class Style(Protocol):
    """How one family is asked: holds the model with its prompts tokenised; called with pixels.

    Attributes:
        pads: a batch of different shapes would be padded, and padding changes what the model sees.
    """

    pads: bool

    def __call__(self, pixels: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Found]:
        """(batch, 3, h, w) and the images' own (height, width) → what was seen in each."""


class Part(NamedTuple):
    """Prompts that are asked in one forward, and the index of the first."""

    first: int
    prompts: tuple[str, ...]


def split(prompts: Sequence[str], length: Callable[[Sequence[str]], int], limit: int) -> list[Part]:
    """As few parts as hold all prompts in order, each at most `limit` tokens long.

    Raises:
        ConfigError: one prompt alone is longer than that, or says nothing.
    """
    parts: list[Part] = []
    for index, prompt in enumerate(prompts):
        check_length(prompt, length([prompt]), limit)
        longer = (*parts[-1].prompts, prompt) if parts else (prompt,)
        if parts and length(longer) <= limit:
            parts[-1] = parts[-1]._replace(prompts=longer)
        else:
            parts.append(Part(index, (prompt,)))
    return parts


def check_length(prompt: str, tokens: int, limit: int) -> None:
    """Refuse a prompt that the text encoder would cut off."""
    if tokens > limit:
        reason = f"it takes {tokens} tokens and the teacher reads at most {limit}"
        raise ConfigError(f"prompt '{prompt}'", reason, "Say it in fewer words.")


def read(results: Sequence[Mapping[str, Tensor]], first: int = 0) -> list[Found]:
    """The library's results, as arrays; `first` is the index of its first prompt."""
    return [
        Found(each["boxes"].cpu().numpy(), each["labels"].cpu().numpy() + first, each["scores"].cpu().numpy())
        for each in results
    ]


def join(answers: Sequence[Sequence[Found]]) -> list[Found]:
    """What was seen in each image by several forwards, put together."""
    return [Found(*map(np.concatenate, zip(*parts, strict=True))) for parts in zip(*answers, strict=True)]


def repeated(text: Mapping[str, Tensor], times: int, device: torch.device) -> dict[str, Tensor]:
    """The same tokens once for each image of a batch: (n, tokens) → (times * n, tokens), on the device."""
    return {name: tokens.to(device).repeat(times, 1) for name, tokens in text.items()}
