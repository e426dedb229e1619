"""Text from a model, the likeliest token each time, and how sure the model was of each.

Greedy decoding gives the same text twice, and a batch the text of its single images; a beam would give neither
probabilities that can be read token by token nor bounded memory.
"""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

GREEDY: dict[str, Any] = {  # said in full: what is None is taken from the checkpoint, which may draw lots
    "do_sample": False,
    "num_beams": 1,
    "early_stopping": False,
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 50,
    "return_dict_in_generate": False,
}
Surety = Callable[[Tensor], Tensor]  # (batch, vocabulary) probabilities → (batch,) surety of the likeliest


class Said(NamedTuple):
    """What a model said about one image.

    Args:
        tokens: their numbers, without the prompt, up to the token that ends the text.
        surety: of each, in [0, 1].
    """

    tokens: list[int]
    surety: list[float]


def likeliest(probabilities: Tensor) -> Tensor:
    """(batch, vocabulary) → (batch,): the probability of the token that greedy decoding takes."""
    return probabilities.amax(dim=-1)


def generate(model: Any, inputs: dict[str, Any], most: int, surety: Surety = likeliest, **settings: Any) -> list[Said]:
    """Greedy text, at most `most` tokens, one for each image of the batch.

    Args:
        model: of transformers, with a generation config.
        inputs: as `model.generate` takes them.
        most: tokens.
        surety: what is remembered of each step; the probabilities themselves would fill the memory.
        settings: of the generation config, over those of the checkpoint.
    """
    watch = _Watch(surety)
    config = copy.deepcopy(model.generation_config)
    config.update(max_new_tokens=most, **GREEDY, **settings)
    tokens = model.generate(**inputs, generation_config=config, logits_processor=LogitsProcessorList([watch]))
    fresh = tokens[:, tokens.shape[1] - len(watch.steps) :].tolist()
    sure = torch.stack(watch.steps, dim=1).tolist()
    ends = _ends(config.eos_token_id)
    return [_said(row, how_sure, ends) for row, how_sure in zip(fresh, sure, strict=True)]


class _Watch(LogitsProcessor):
    """Changes nothing, and remembers how sure each step was."""

    def __init__(self, surety: Surety) -> None:
        self.steps: list[Tensor] = []
        self._surety = surety

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:  # noqa: ARG002 - the library's signature
        self.steps.append(self._surety(scores.float().softmax(dim=-1)))
        return scores


def _said(tokens: list[int], surety: list[float], ends: set[int]) -> Said:
    length = next((at for at, token in enumerate(tokens) if token in ends), len(tokens))
    return Said(tokens[:length], surety[:length])


def _ends(said: int | list[int] | None) -> set[int]:
    if said is None:
        return set()
    return {said} if isinstance(said, int) else set(said)
