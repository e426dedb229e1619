"""Labels carried along by optical flow: no weights, any machine. Opens `_flow`, which knows OpenCV.

For parts that move as they are: on belts, roads, under a camera that pans. What changes its shape, or turns towards the
camera, is better followed by its mask: see `sam2` and `edgetam`.
"""

from typing import TYPE_CHECKING

from nightshift.domain.tracks import PropagationSpec

if TYPE_CHECKING:
    from nightshift.propagation._flow import FlowFollower


def open_follower(spec: PropagationSpec) -> "FlowFollower":  # noqa: ARG001 - the families' common signature
    """Follows points."""
    from nightshift.propagation._flow import FlowFollower  # noqa: PLC0415 - OpenCV is heavy

    return FlowFollower()
