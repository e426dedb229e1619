"""CLIP, SigLIP and SigLIP 2: pictures and texts in one space, so that frames can be searched for by words."""

from nightshift.domain.embedding import Embedder, EmbedderSpec
from nightshift.domain.models import StudentDetector

HAS_TEXT = True
USUAL = "openai/clip-vit-base-patch32"


def open_embedder(spec: EmbedderSpec, student: StudentDetector | None) -> Embedder | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint.

    Raises:
        ConfigError: the device is not there.
        ModelError: the weights cannot be had, or have no towers for pictures and texts.
    """
    from nightshift.embedders._towers import open_clip  # noqa: PLC0415 - heavy

    return open_clip(spec, spec.checkpoint or USUAL)
