"""OWL-ViT and OWLv2: every prompt is a sentence of its own, and prompts do not know of one another."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from nightshift.teachers._found import EVERYTHING, Found, check_length, read, repeated


class Queries:
    """Prompts as separate sentences; the best one labels a box.

    OWLv2 pads each image to a square at the bottom and right, and its boxes are shares of that square:
    the library's post-processing multiplies by the longer side, so it is used rather than repeated here.
    """

    pads = False  # every image is resized to one square

    def __init__(self, model: Any, processor: Any, prompts: Sequence[str]) -> None:
        self._model, self._post = model, processor.image_processor.post_process_object_detection
        tokenizer, longest = processor.tokenizer, model.config.text_config.max_position_embeddings
        for prompt in prompts:
            check_length(prompt, len(tokenizer(prompt)["input_ids"]), longest)
        text = tokenizer(list(prompts), padding="max_length", max_length=longest, return_tensors="pt")
        self._text = {name: text[name] for name in ("input_ids", "attention_mask")}

    def __call__(self, pixels: Tensor, sizes: Sequence[tuple[int, int]]) -> list[Found]:
        """See Style."""
        outputs = self._model(pixel_values=pixels, **repeated(self._text, len(pixels), pixels.device))
        return read(self._post(outputs, threshold=EVERYTHING, target_sizes=list(sizes)))
