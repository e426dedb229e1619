"""Labels carried along by EdgeTAM's video model: as SAM 2, made for small machines.

A distilled SAM 2 (Zhou et al. 2025, "EdgeTAM: On-Device Track Anything Model"): quicker, a little less exact.
"""

from typing import TYPE_CHECKING

from nightshift.domain.tracks import PropagationSpec

if TYPE_CHECKING:
    from nightshift.propagation._masks import MaskFollower

CHECKPOINT = "yonigozlan/EdgeTAM-hf"


def open_follower(spec: PropagationSpec) -> "MaskFollower":
    """Load the checkpoint.

    Raises:
        ConfigError: the device is not there.
        ModelError: the weights cannot be had, or are none of EdgeTAM's video model.
    """
    from nightshift.propagation._masks import open_masks  # noqa: PLC0415 - heavy

    return open_masks(spec, CHECKPOINT, "edgetam_video", "EdgeTamVideoModel")
