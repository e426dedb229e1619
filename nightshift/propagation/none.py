"""No propagation: every frame is labelled by itself."""

from nightshift.domain.tracks import PropagationSpec


def open_follower(spec: PropagationSpec) -> None:  # noqa: ARG001 - the families' common signature
    """Nothing is carried along."""
    return
