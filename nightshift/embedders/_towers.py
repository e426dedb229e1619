"""Picture and text towers from transformers: a checkpoint in, directions out. Knows no frame and no store.

Loading is the teachers'; what goes wrong is told in the words of `embedding`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import AutoImageProcessor, AutoModel, AutoProcessor

from nightshift.domain.embedding import EmbedderSpec, Vectors, unit
from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Image
from nightshift.embedders.student import NO_TEXT
from nightshift.hub.checkpoint import Kind, device, enough_memory, load, not_too_thin, short, version

DINO = Kind("DINO model", ("dinov2", "dinov2_with_registers", "dinov3_vit", "dinov3_convnext"), AutoModel,
            AutoImageProcessor)  # fmt: skip
CLIP = Kind("model with towers for pictures and texts", ("clip", "siglip", "siglip2"), AutoModel, AutoProcessor)
STUDENT = "leave embedding.name at 'student', which needs none"


@dataclass(frozen=True, slots=True)
class Towers:
    """A model that looks at pictures, and reads texts if it has a processor for them.

    Args:
        version: type, checkpoint and digest.
        model: in evaluation.
        processor: of the checkpoint.
        batch: images per forward.
        has_text: whether there is a tower for texts.
    """

    version: str
    model: Any
    processor: Any
    batch: int
    has_text: bool

    def embed(self, images: Sequence[Image]) -> Vectors:
        """(n, d) float32 of length 1.

        Raises:
            ModelError: there is no memory left.
        """
        starts = range(0, len(images), self.batch)
        parts = [self._look(images[at : at + self.batch]) for at in starts]
        return unit(np.concatenate(parts)) if parts else np.zeros((0, 0), np.float32)

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """(m, d) float32 of length 1.

        Raises:
            ConfigError: there is no tower for texts, or a text is empty or too long.
        """
        if not self.has_text:
            raise ConfigError(f"the text {texts[0] if texts else ''!r}", f"{self.version} knows no text", NO_TEXT)
        longest = self.model.config.text_config.max_position_embeddings
        for text in texts:
            self._check(text, longest)
        return unit(self._read(texts, longest)) if texts else np.zeros((0, 0), np.float32)

    @torch.inference_mode()
    def _look(self, images: Sequence[Image]) -> Vectors:
        """Prepared one at a time: one frame's float copy in memory at once."""
        where = self.model.device
        with _told_as_embedding(self.version), enough_memory(self.version, where, len(images)):
            prepared = [self._prepare(image) for image in images]
            pixels = {name: torch.cat([each[name] for each in prepared]).to(where) for name in prepared[0]}
            seen = self.model.get_image_features(**pixels) if self.has_text else self.model(**pixels)
        return _pooled(seen)

    def _prepare(self, image: Image) -> dict[str, torch.Tensor]:
        processor = getattr(self.processor, "image_processor", self.processor)
        prepared = processor(images=not_too_thin(image), input_data_format="channels_last", return_tensors="pt")
        return dict(prepared)

    @torch.inference_mode()
    def _read(self, texts: Sequence[str], longest: int) -> Vectors:
        """Padded to the full length, as SigLIP was trained; so that a text's vector does not depend on the others."""
        tokens = self.processor(
            text=list(texts), padding="max_length", max_length=longest, truncation=True, return_tensors="pt"
        )
        return _pooled(self.model.get_text_features(**tokens.to(self.model.device)))

    def _check(self, text: str, longest: int) -> None:
        if not text.strip():
            raise ConfigError("the text to look for", "it is empty", "Say what the frames should show.")
        count = len(self.processor.tokenizer(text)["input_ids"])
        if count > longest:
            reason = f"it has {count} tokens, {self.version} reads {longest}"
            raise ConfigError(f"the text {text[:40]!r}", reason, "Say it in fewer words.")


def open_dino(spec: EmbedderSpec, checkpoint: str) -> Towers:
    """One tower. Errors as `open_embedder`."""
    return _open(spec, checkpoint, DINO, has_text=False)


def open_clip(spec: EmbedderSpec, checkpoint: str) -> Towers:
    """Two towers. Errors as `open_embedder`."""
    return _open(spec, checkpoint, CLIP, has_text=True)


def _open(spec: EmbedderSpec, checkpoint: str, kind: Kind, *, has_text: bool) -> Towers:
    with _told_as_embedding(short(checkpoint), kind):
        where = device(spec.device)
        model, processor = load(checkpoint, kind)
    return Towers(version(model, checkpoint), model.to(where), processor, spec.batch, has_text)


def _pooled(seen: Any) -> Vectors:
    """(n, d) float32; older releases of transformers give the tensor itself."""
    vectors = seen if isinstance(seen, torch.Tensor) else seen.pooler_output
    return np.asarray(vectors.float().cpu().numpy(), np.float32)


@contextmanager
def _told_as_embedding(checkpoint: str, kind: Kind | None = None) -> Iterator[None]:
    """The loader speaks of teachers; whoever set up an embedding reads what to do about that."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(error.subject.replace("teacher.", "embedding."), error.reason, error.remedy) from error
    except ModelError as error:
        subject = f"embedding checkpoint '{checkpoint}'"
        if kind is None:
            raise ModelError(subject, error.reason, "Lower embedding.batch.") from error
        remedy = (
            f"Name one of type {', '.join(kind.types)} in embedding.checkpoint: a hub name where the hub is in reach, "
            f"else a folder with its config, preprocessor and model.safetensors; or {STUDENT}."
        )
        raise ModelError(subject, error.reason, remedy) from error
