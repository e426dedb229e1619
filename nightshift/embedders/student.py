"""The champion's own vectors, from its backbone: no hub and no further forward, for the rounds hold them anyway."""

from collections.abc import Sequence
from dataclasses import dataclass

from nightshift.domain.embedding import Embedder, EmbedderSpec, Vectors, unit
from nightshift.domain.errors import ConfigError
from nightshift.domain.models import Image, StudentDetector

HAS_TEXT = False
NO_TEXT = (
    "Name one in nightshift.yaml that knows texts, as in `embedding: {name: clip}`, and let a round run; "
    "or look for frames like one that you know, with --like."
)


@dataclass(frozen=True, slots=True)
class StudentEmbedder:
    """A student that is already open.

    Args:
        student: the champion.
    """

    student: StudentDetector

    @property
    def version(self) -> str:
        """The student's own."""
        return self.student.version

    @property
    def has_text(self) -> bool:
        """No: it has seen pictures only."""
        return HAS_TEXT

    def embed(self, images: Sequence[Image]) -> Vectors:
        """The directions of the student's vectors."""
        return unit(self.student.embed(images))

    def embed_text(self, texts: Sequence[str]) -> Vectors:
        """Never.

        Raises:
            ConfigError: always.
        """
        raise ConfigError(f"the text {texts[0] if texts else ''!r}", "the student's vectors know no text", NO_TEXT)


def open_embedder(spec: EmbedderSpec, student: StudentDetector | None) -> Embedder | None:  # noqa: ARG001 - the families' common signature
    """The champion, if there is one."""
    return None if student is None else StudentEmbedder(student)
