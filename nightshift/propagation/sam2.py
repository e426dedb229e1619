"""Labels carried along by SAM 2's video model: each box becomes a mask that is followed through the frames.

Follows what turns, bends and is hidden for a while. Wants a GPU: on a CPU a frame takes seconds for each object.
"""

from typing import TYPE_CHECKING

from nightshift.domain.tracks import PropagationSpec

if TYPE_CHECKING:
    from nightshift.propagation._masks import MaskFollower

CHECKPOINT = "facebook/sam2.1-hiera-tiny"


def open_follower(spec: PropagationSpec) -> "MaskFollower":
    """Load the checkpoint.

    Raises:
        ConfigError: the device is not there.
        ModelError: the weights cannot be had, or are none of SAM 2's video model.
    """
    from nightshift.propagation._masks import open_masks  # noqa: PLC0415 - heavy

    return open_masks(spec, CHECKPOINT, "sam2_video", "Sam2VideoModel")
