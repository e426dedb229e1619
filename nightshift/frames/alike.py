"""Which pictures look alike: bursts of one scene whose names do not say that they belong together.

A difference hash (Krawetz 2013, "dHash"), of 256 bits because 64 cannot tell the scenes of a fixed camera apart:
shrunk to 17 x 16 grey pixels, a bit says whether each is brighter than its right neighbour. Pictures within a few bits
of each other are joined, and so are those joined to a common third.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from nightshift.domain.models import Image

SIDE = 16
ALIKE = 28  # differing bits of 256; unrelated pictures differ by about 120, those of one fixed camera by 20 to 80


def look_hash(image: Image) -> NDArray[np.uint8]:
    """(256,) bits, 0 or 1, of a picture (height, width, 3) uint8 RGB."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (0, 0), 1.0)
    small = cv2.resize(grey, (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small[:, 1:] < small[:, :-1], np.uint8).ravel()


def group_alike(
    hashes: Sequence[NDArray[np.uint8]], most: int = ALIKE, named: Sequence[str] | None = None
) -> list[int]:
    """The group of each picture, as the index of its first member.

    Args:
        hashes: n arrays of 256 bits.
        most: pictures with at most this many differing bits are joined, and chains of them.
        named: n names of clips that are known already: equal names are joined; an empty name is none.
    """
    bits = np.array(hashes, np.uint8).reshape(len(hashes), -1 if len(hashes) else 0)
    group = list(range(len(bits)))
    first: dict[str, int] = {}
    for i, name in enumerate(named or ()):
        if name:
            _join(group, first.setdefault(name, i), i)
    for i in range(1, len(bits)):
        apart = (bits[:i] != bits[i]).sum(axis=1)
        for j in np.flatnonzero(apart <= most):
            _join(group, int(j), i)
    return [_root(group, i) for i in range(len(group))]


def _root(group: list[int], i: int) -> int:
    while group[i] != i:
        i = group[i]
    return i


def _join(group: list[int], i: int, j: int) -> None:
    first, second = sorted((_root(group, i), _root(group, j)))
    group[second] = first
