"""The frames between two known ones, and the two ways through them. Knows no picture's content."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import overload

from nightshift.domain.frames import Frame
from nightshift.domain.models import Image


@dataclass(frozen=True, slots=True)
class Gap:
    """Frames without labels between two frames with some, or beyond the first or last of them.

    Args:
        before: the known frame before them; None where there is none.
        after: the known frame after them; None where there is none.
        first: index of the first of them.
        last: index of the last of them.
        reach: frames away from a known one that labels are carried to at most.
    """

    before: int | None
    after: int | None
    first: int
    last: int
    reach: int

    @property
    def between(self) -> range:
        """The frames, without the known ones."""
        return range(self.first, self.last + 1)

    @property
    def forward(self) -> range:
        """The way from the known frame before, which is its first: as far as labels reach, the frame after included."""
        if self.before is None:
            return range(0)
        end = self.last if self.after is None else self.after
        return range(self.before, min(end, self.before + self.reach) + 1)

    @property
    def backward(self) -> range:
        """The way from the known frame after, downwards."""
        if self.after is None:
            return range(0)
        end = self.first if self.before is None else self.before
        return range(self.after, max(end, self.after - self.reach) - 1, -1)


def gaps(frames: int, known: Sequence[int], reach: int) -> Iterator[Gap]:
    """The gaps of a clip of so many frames; `known` ascends."""
    if not known:
        return
    ends = [(None, known[0]), *pairwise(known), (known[-1], None)]
    for before, after in ends:
        first, last = 0 if before is None else before + 1, frames - 1 if after is None else after - 1
        if first <= last:
            yield Gap(before, after, first, last, reach)


class Film(Sequence[Image]):
    """The pictures of frames, each decoded when it is asked for.

    Args:
        frames: of one clip, in their order.
        image: decodes one.
    """

    def __init__(self, frames: Sequence[Frame], image: Callable[[Frame], Image]) -> None:
        self._frames, self._image = frames, image

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> "Film": ...
    def __getitem__(self, index: int | slice) -> "Image | Film":
        """A frame's picture, or some of the frames."""
        if isinstance(index, slice):
            return Film(self._frames[index], self._image)
        return self._image(self._frames[index])


class View(Sequence[Image]):
    """Some frames of a clip in some order, none of them held."""

    def __init__(self, images: Sequence[Image], order: Sequence[int]) -> None:
        self._images, self._order = images, order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> Image: ...
    @overload
    def __getitem__(self, index: slice) -> "View": ...
    def __getitem__(self, index: int | slice) -> "Image | View":
        """A frame, or some of them."""
        if isinstance(index, slice):
            return View(self._images, self._order[index])
        return self._images[self._order[index]]
