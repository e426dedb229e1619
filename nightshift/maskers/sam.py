"""SAM, SAM-HQ, SAM 2 and the tracker of SAM 3, asked with boxes: the checkpoint says which one it is."""

from nightshift.domain.masking import Masker, MaskerSpec


def open_masker(spec: MaskerSpec) -> Masker:
    """Load the checkpoint.

    Raises:
        ConfigError: the device is not there.
        ModelError: the weights cannot be had, or are no SAM's.
    """
    from nightshift.maskers._sam import open_sam  # noqa: PLC0415 - heavy

    return open_sam(spec)
