"""OmDet-Turbo: a task that names all prompts ("Detect cat, dog."), and every prompt again as a class."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nightshift.teachers._found import EVERYTHING, Found, Part, join, read, repeated, split

NEVER = 2.0  # an overlap that no two boxes have: suppression is one rule for all families, in _merge


class Tasks:
    """Prompts as classes of a task; as many tasks as it takes for none to be cut off."""

    pads = False  # every image is resized to one square

    def __init__(self, model: Any, processor: Any, prompts: Sequence[str]) -> None:
        self._model, self._post = model, processor.post_process_grounded_object_detection
        self._tokenizer = processor.tokenizer
        self._longest: int = model.config.text_config.max_position_embeddings
        self.parts = split(prompts, lambda some: len(self._tokenizer(_task(some))["input_ids"]), self._longest)
        self._texts = [self._tokens(part) for part in self.parts]
        self._remember()

    def __call__(self, pixels: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Found]:
        """See Style."""
        asked = zip(self.parts, self._texts, strict=True)
        return join([self._ask(part, text, pixels, sizes) for part, text in asked])

    def _ask(
        self, part: Part, text: dict[str, Tensor], pixels: Tensor, sizes: Sequence[tuple[int, int]]
    ) -> list[Found]:
        count = torch.full((len(pixels),), len(part.prompts), device=pixels.device)
        tokens = repeated(text, len(pixels), pixels.device)
        outputs = self._model(pixel_values=pixels, classes_structure=count, **tokens)
        found = self._post(outputs, threshold=EVERYTHING, nms_threshold=NEVER, target_sizes=list(sizes))
        return read(found, part.first)

    @torch.inference_mode()
    def _remember(self) -> None:
        """The model keeps what it read of a text; read alone first, the size of a later batch never shows."""
        device = self._model.device
        for part, text in zip(self.parts, self._texts, strict=True):
            count = torch.tensor([len(part.prompts)], device=device)
            self._model.get_language_embedding(**repeated(text, 1, device), classes_structure=count)

    def _tokens(self, part: Part) -> dict[str, Tensor]:
        texts = {"tasks": [_task(part.prompts)], "classes": list(part.prompts)}
        padded = {
            name: self._tokenizer(some, padding="max_length", max_length=self._longest, return_tensors="pt")
            for name, some in texts.items()
        }
        fields = ("input_ids", "attention_mask")
        return {f"{name}_{field}": padded[name][field] for name in texts for field in fields}


def _task(prompts: Sequence[str]) -> str:
    return f"Detect {', '.join(prompts)}."
