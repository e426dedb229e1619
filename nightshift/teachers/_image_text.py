"""CLIP and SigLIP: how well a picture fits each class's prompts, or none of them.

CLIP's scores compete (softmax over all sentences), SigLIP's do not (a sigmoid each). The prompt of a class that fits
best speaks for the class. Knows no boxes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForZeroShotImageClassification

from nightshift.domain.models import Image
from nightshift.domain.ontology import Ontology
from nightshift.hub.checkpoint import Kind, device, enough_memory, load, not_too_thin, version
from nightshift.teachers._found import check_length

COMPETING = "clip"
KIND = Kind("image-text model", (COMPETING, "siglip", "siglip2"), AutoModelForZeroShotImageClassification)
SENTENCE = "a photo of {}"  # as both were trained on captions
NOTHING = ("a photo of the background", "a photo of a plain surface", "a blurry photo of nothing in particular")
AT_ONCE = 32  # pictures in a forward; the sentences are read again with each


@dataclass(frozen=True, slots=True)
class ImageText:
    """A model with its sentences.

    Args:
        version: family, checkpoint and digest.
        model: gives logits for every picture and sentence.
        prepare: the checkpoint's image processor.
        text: the sentences, tokenised.
        meaning: (sentences,) the class of each; one more than the last class for "none of them".
        where: the device of the model.
    """

    version: str
    model: Any
    prepare: Any
    text: dict[str, torch.Tensor]
    meaning: NDArray[np.int64]
    where: torch.device

    def __call__(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        """See Judge."""
        parts = [self._fits(crops[at : at + AT_ONCE]) for at in range(0, len(crops), AT_ONCE)]
        return np.concatenate([np.zeros((0, int(self.meaning.max()) + 1), np.float32), *parts])

    @torch.inference_mode()
    def _fits(self, crops: Sequence[Image]) -> NDArray[np.float32]:
        with enough_memory(self.version, self.where, len(crops)):
            pixels = self._pixels(crops)
            logits = self.model(**self.text, **pixels).logits_per_image.float()
        competing = self.model.config.model_type == COMPETING
        fits = (logits.softmax(dim=1) if competing else logits.sigmoid()).cpu().numpy()
        classes = range(int(self.meaning.max()) + 1)
        return np.stack([fits[:, self.meaning == label].max(axis=1) for label in classes], axis=1)

    def _pixels(self, crops: Sequence[Image]) -> dict[str, torch.Tensor]:
        """One at a time: a crop may be a whole large frame."""
        each = [
            self.prepare(images=not_too_thin(crop), input_data_format="channels_last", return_tensors="pt")
            for crop in crops
        ]
        return {name: torch.cat([one[name] for one in each]).to(self.where) for name in each[0]}


def open_image_text(checkpoint: str, device_name: str, ontology: Ontology) -> ImageText:
    """Load the checkpoint and tell it the ontology's prompts.

    Raises:
        ConfigError: a prompt is too long for the text encoder, or the device is not there.
        ModelError: the weights cannot be had, or are of another kind.
    """
    where = device(device_name)
    model, processor = load(checkpoint, KIND)
    prompts, labels = zip(*ontology.prompts, strict=True)
    sentences = [*(SENTENCE.format(each) for each in prompts), *NOTHING]
    return ImageText(
        version=version(model, checkpoint),
        model=model.to(where),
        prepare=processor.image_processor,
        text=_tokens(model, processor.tokenizer, sentences, where),
        meaning=np.array([*labels, *[len(ontology)] * len(NOTHING)], np.int64),
        where=where,
    )


def _tokens(model: Any, tokenizer: Any, sentences: Sequence[str], where: torch.device) -> dict[str, torch.Tensor]:
    """All padded to the text encoder's length: SigLIP was trained so, and CLIP does not mind."""
    longest = model.config.text_config.max_position_embeddings
    for sentence in sentences:
        check_length(sentence, len(tokenizer(sentence)["input_ids"]), longest)
    tokens = tokenizer(list(sentences), padding="max_length", max_length=longest, return_tensors="pt")
    return {name: tensor.to(where) for name, tensor in tokens.items()}
