"""Labels of a few frames of a clip carried to its other frames, one way of doing so a file, found by the file's name.

A way is a module here whose name does not start with an underscore and that has one function:

    def open_follower(spec: PropagationSpec) -> Follower | None

What it opens follows objects from one known frame on; that labels of two known frames meet in the middle is done here,
once for all. It may load weights, so it is called once and its result kept; None means that nothing is carried along.
Adding a way is adding a file.

This package imports nothing heavy: a way's libraries are imported when it is opened.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Protocol

from nightshift.domain.detections import Detections
from nightshift.domain.errors import UnknownName
from nightshift.domain.models import Image
from nightshift.domain.tracks import PropagationSpec, Track
from nightshift.propagation._gaps import Film, View, gaps
from nightshift.propagation._meet import meet

__all__ = ["Film", "Follower", "Propagator", "known_propagations", "open_propagator"]


class Follower(Protocol):
    """Follows objects through pictures."""

    @property
    def version(self) -> str:
        """Names family, checkpoint and digest: labels of two versions are never mixed."""

    def follow(self, images: Sequence[Image], first: Detections) -> list[Track]:
        """One track for each box of `first`, in its order.

        Args:
            images: the frames in the order in which they are gone through, all of one size; they may be decoded as
                they are asked for, so each is asked for once and few are held.
            first: what is known of the first of them.
        """


class Propagator:
    """Carries labels to the frames between.

    Args:
        follower: how objects are followed.
        reach: frames away from the nearest known one that labels are carried to at most.
    """

    def __init__(self, follower: Follower, reach: int) -> None:
        self._follower, self.reach = follower, reach

    @property
    def version(self) -> str:
        """As of the follower, with what else decides the labels."""
        return f"propagation/{self._follower.version}~{self.reach}"

    def propagate(self, images: Sequence[Image], known: Mapping[int, Detections]) -> list[Detections]:
        """The labels of all frames of a clip. The same frames and labels give the same answer.

        Known frames come back as they are; frames that no label reaches come back empty.

        Args:
            images: the frames of one clip, in their order and of one size; decoded as they are asked for.
            known: what people said of some of them, by index.

        Raises:
            ValueError: an index lies outside the clip.
        """
        if not all(0 <= at < len(images) for at in known):
            raise ValueError(f"known frames {sorted(known)} of a clip of {len(images)}")
        found = [known.get(i, Detections.empty()) for i in range(len(images))]
        for gap in gaps(len(images), sorted(known), self.reach):
            forward = self._follow(images, gap.forward, known)
            backward = [each.backwards() for each in self._follow(images, gap.backward, known)]
            for i, labels in zip(gap.between, meet(forward, backward, gap), strict=True):
                found[i] = labels
        return found

    def _follow(self, images: Sequence[Image], way: Sequence[int], known: Mapping[int, Detections]) -> list[Track]:
        if len(way) < 2 or not len(known[way[0]]):  # noqa: PLR2004 - nowhere to go, or nobody to go
            return []
        return self._follower.follow(View(images, way), known[way[0]])


def known_propagations() -> tuple[str, ...]:
    """The names of all ways, sorted; nothing is imported to know them."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def open_propagator(spec: PropagationSpec) -> Propagator | None:
    """The way that `spec` names; None for 'none'.

    Raises:
        UnknownName: no way has that name.
        ModelError: the weights cannot be had or do not fit.
    """
    if spec.name not in known_propagations():
        raise UnknownName(f"propagation '{spec.name}'", "unknown", f"Known: {', '.join(known_propagations())}.")
    follower: Follower | None = importlib.import_module(f"{__name__}.{spec.name}").open_follower(spec)
    return None if follower is None else Propagator(follower, spec.reach)
