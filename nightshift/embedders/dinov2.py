"""DINOv2 and DINOv3: what looks alike lies together, down to parts and poses. They know no texts."""

from nightshift.domain.embedding import Embedder, EmbedderSpec
from nightshift.domain.models import StudentDetector

HAS_TEXT = False
USUAL = "facebook/dinov2-base"


def open_embedder(spec: EmbedderSpec, student: StudentDetector | None) -> Embedder | None:  # noqa: ARG001 - the families' common signature
    """Load the checkpoint.

    Raises:
        ConfigError: the device is not there.
        ModelError: the weights cannot be had, or are not DINO's.
    """
    from nightshift.embedders._towers import open_dino  # noqa: PLC0415 - heavy

    return open_dino(spec, spec.checkpoint or USUAL)
