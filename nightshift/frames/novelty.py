"""Which frames of a video are worth keeping: those that look new, and the first of each scene.

A frame's look is a perceptual hash of 64 bits (Zauner 2010, "pHash", from `imagehash`). Near ones are found without
comparing all pairs: cut into four blocks of 16 bits, two hashes that differ in at most r bits agree in some block but
for r / 4 of its bits (Norouzi, Punjani and Fleet 2012, "Multi-Index Hashing").
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import combinations

import cv2
import imagehash
import numpy as np
from PIL import Image as Pillow

from nightshift.domain.keeping import Keeping
from nightshift.domain.models import Image
from nightshift.frames.video import Moment

BITS, BLOCK = 64, 16  # of a hash, and of a block
SCENE = 0.25  # mean difference of two frames, of the full range, from which on it is another scene
SMALL = (32, 18)  # pixels in which scenes are compared


def look(image: Image) -> int:
    """The 64 bits of a picture's perceptual hash."""
    small = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA)
    bits = np.asarray(imagehash.phash(Pillow.fromarray(small)).hash, np.uint8).ravel()
    return int.from_bytes(np.packbits(bits).tobytes())


class Looks:
    """Hashes, to be asked for near ones.

    Args:
        most: differing bits up to which two are near.

    Raises:
        ValueError: `most` is no number of bits.
    """

    def __init__(self, most: int) -> None:
        if not 0 <= most < BITS:
            raise ValueError(f"{most} of {BITS} bits")
        self._most = most
        self._all: list[int] = []
        self._blocks: list[defaultdict[int, list[int]]] = [defaultdict(list) for _ in range(BITS // BLOCK)]

    def __len__(self) -> int:
        return len(self._all)

    def add(self, code: int) -> None:
        """One more."""
        for block, part in zip(self._blocks, _parts(code), strict=True):
            block[part].append(len(self._all))
        self._all.append(code)

    def near(self, code: int) -> Iterator[int]:
        """The places, in the order of adding, of those within `most` bits; each once, in no order."""
        told: set[int] = set()
        for block, part in zip(self._blocks, _parts(code), strict=True):
            for mask in _masks(self._most // len(self._blocks)):
                for i in block.get(part ^ mask, ()):
                    if i not in told and (self._all[i] ^ code).bit_count() <= self._most:
                        told.add(i)
                        yield i


def near_pairs(codes: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Every pair of places i < j whose hashes differ in at most `most` bits, sorted."""
    looks, found = Looks(most), []
    for j, code in enumerate(codes):
        found += [(i, j) for i in looks.near(code)]
        looks.add(code)
    return sorted(found)


def kept(frames: Iterable[Moment], keeping: Keeping) -> Iterator[Moment]:
    """Those of a video's frames that are kept, in their order."""
    looks = Looks(max(keeping.new - 1, 0))
    before = None
    count = 0
    for each in frames:
        if count >= keeping.most:
            return
        small = np.asarray(cv2.resize(each.image, SMALL, interpolation=cv2.INTER_AREA), np.int16)
        cut = before is not None and float(np.abs(small - before).mean()) / 255 >= SCENE
        code, before = look(each.image), small
        if cut or not keeping.new or next(looks.near(code), None) is None:
            looks.add(code)
            count += 1
            yield each


def _parts(code: int) -> tuple[int, ...]:
    return tuple(code >> at & (1 << BLOCK) - 1 for at in range(0, BITS, BLOCK))


@cache
def _masks(most: int) -> tuple[int, ...]:
    """Every way to change at most so many bits of a block."""
    return tuple(sum(1 << bit for bit in bits) for n in range(most + 1) for bits in combinations(range(BLOCK), n))
