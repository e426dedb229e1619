"""What an embedder is: a model that says where a picture lies among others, and some of them where a text does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.models import Image

STUDENT = "student"  # the family whose vectors the rounds hold anyway
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EmbedderSpec:
    """Which embedder, and how to run it.

    Args:
        name: the family: a file in nightshift/embedders.
        checkpoint: a hub name or a folder; empty for the family's usual one.
        batch: images per forward.
        device: "auto", "cpu", "cuda", "cuda:1".
    """

    name: str
    checkpoint: str
    batch: int
    device: str


class Embedder(Protocol):
    """A model that turns pictures, and perhaps texts, into directions: what is alike points the same way."""

    @property
    def version(self) -> str:
        """Names family, checkpoint and digest; vectors of two versions are never compared."""

    @property
    def has_text(self) -> bool:
        """Whether texts have a place among the pictures."""

    def embed(self, images: Sequence[Image]) -> Vectors:
        """(n, d) float32 of length 1, one row per image. Deterministic; batch equals single."""

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """(m, d) float32 of length 1, one row per text.

        Raises:
            ConfigError: it knows no text, or a text is empty or too long.
        """


def unit(vectors: Vectors) -> Vectors:
    """(n, d) float32: each row by its length; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-30), np.float32)
