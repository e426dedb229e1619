"""The run lengths in which Label Studio keeps what was painted with a brush, and nothing else of it.

A brush region is a picture of four channels, row by row, that the editor makes alike; the last, alpha, counts, and is
soft at the edge of a stroke. Its bytes are packed as the library thi.ng/rle-pack packs them: 32 bits with the number of
values, 5 with the bits of a value less one, four times 4 with the sizes of lengths less one; then packets of one bit
(whether a single value repeats), two bits (which size), a length less one, and the value, or so many values. Label
Studio's SDK reads and writes the same, bit by bit in Python; here a run is read at once, and what somebody else may
have sent is measured before memory is taken for it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.masks import Pixels

CHANNELS, ALPHA = 4, 3
HALF = 128  # of alpha: a softer pixel is outside
MOST_PACKETS = 1_000_000  # a brush makes some thousands
SIZES = (3, 4, 8, 16)  # bits of lengths, as the editor writes them
BYTE, HEAD_BITS = 8, 32 + 5 + 4 * 4


class Unpackable(ValueError):  # noqa: N818 - reads as what it is
    """The run lengths cannot be read; the message says why, as a clause."""


def packed(pixels: Pixels) -> list[int]:
    """Run lengths of a mask, (height, width): all four channels 255 inside and 0 outside."""
    flat = pixels.ravel()
    edges = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1, [flat.size]])
    bits = [f"{flat.size * CHANNELS:032b}{BYTE - 1:05b}", *(f"{size - 1:04b}" for size in SIZES)]
    for start, end in pairwise(edges.tolist()):
        bits += _run((end - start) * CHANNELS, 255 * int(flat[start]))
    text = "".join(bits)
    return list(int(text.ljust(-(-len(text) // BYTE) * BYTE, "0"), 2).to_bytes(-(-len(text) // BYTE)))


def unpacked(values: Sequence[int], size: tuple[int, int]) -> Pixels:
    """The mask in run lengths.

    Args:
        values: bytes as numbers.
        size: (height, width) of the picture that was painted on.

    Raises:
        Unpackable: they are no run lengths, or of a picture of another size.
    """
    try:
        content = bytes(values)
    except (TypeError, ValueError) as error:
        raise Unpackable("its run lengths are no bytes") from error
    reader = _Bits(content)
    total = size[0] * size[1]
    if len(content) * BYTE < HEAD_BITS or reader.take(32) != total * CHANNELS:
        raise Unpackable("it was painted on a picture of another size")
    alpha = np.zeros(total, np.bool_)
    for start, opaque in _packets(reader, total * CHANNELS):
        skipped = (ALPHA - start) % CHANNELS
        inside = opaque[skipped::CHANNELS]
        first = (start + skipped) // CHANNELS
        alpha[first : first + len(inside)] = inside
    return alpha.reshape(size)


def _run(length: int, value: int) -> Iterator[str]:
    while length:
        part = min(length, 1 << SIZES[-1])
        which = next(i for i, size in enumerate(SIZES) if part <= 1 << size)
        yield f"1{which:02b}{part - 1:0{SIZES[which]}b}{value:08b}"
        length -= part


def _packets(reader: "_Bits", total: int) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """(where it starts, whether each of its values is opaque) of every packet."""
    if reader.take(5) + 1 != BYTE:
        raise Unpackable("its values are no bytes")
    sizes = [reader.take(4) + 1 for _ in range(4)]
    at = 0
    for _ in range(MOST_PACKETS):
        if at >= total:
            return
        repeats = reader.take(1)
        length = 1 + reader.take(sizes[reader.take(2)])
        if at + length > total:
            raise Unpackable("its run lengths are longer than the picture")
        yield at, np.full(length, reader.take(BYTE) >= HALF) if repeats else reader.bytes(length) >= HALF
        at += length
    raise Unpackable("it has more run lengths than a brush makes")


class _Bits:
    """Reads numbers bit by bit, the highest first."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, bits: int) -> int:
        """The next number of so many bits."""
        start, end = self._at, self._move(bits)
        window = int.from_bytes(self._content[start // BYTE : -(-end // BYTE)])
        return (window >> (-end % BYTE)) & ((1 << bits) - 1)

    def bytes(self, count: int) -> NDArray[np.uint8]:
        """So many bytes, which need not begin where one does."""
        start, end = self._at, self._move(count * BYTE)
        some = np.frombuffer(self._content, np.uint8)[start // BYTE : -(-end // BYTE)]
        if start % BYTE == 0:
            return some
        left, right = some[:-1].astype(np.uint16) << (start % BYTE), some[1:] >> (BYTE - start % BYTE)
        return ((left | right) & 0xFF).astype(np.uint8)

    def _move(self, bits: int) -> int:
        self._at += bits
        if self._at > len(self._content) * BYTE:
            raise Unpackable("its run lengths end too soon")
        return self._at
