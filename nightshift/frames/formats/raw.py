"""What a reader hands on, before boxes are checked; and how a picture is found from what a label file calls it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from labelformat.model.object_detection import ImageObjectDetection

from nightshift.domain.frames import Rejected


@dataclass(frozen=True, slots=True)
class RawSample:
    """One picture as its label file has it.

    Args:
        name: path of the picture relative to the data set's folder.
        size: (width, height) that the labels are for.
        boxes: xyxy pixels of `size`, unchecked.
        classes: indices into the names.
        relative: the file gives shares of the picture, so that they hold for any size.
    """

    name: str
    size: tuple[int, int]
    boxes: Sequence[tuple[float, float, float, float]]
    classes: Sequence[int]
    relative: bool = False


@dataclass(frozen=True, slots=True)
class RawDataset:
    """All pictures that label files name, and what was wrong with the files."""

    names: tuple[str, ...]
    samples: tuple[RawSample, ...]
    rejected: tuple[Rejected, ...]


def sample(name: str, label: ImageObjectDetection, names: Sequence[str], *, relative: bool = False) -> RawSample:
    """From labelformat's own type."""
    boxes = [(o.box.xmin, o.box.ymin, o.box.xmax, o.box.ymax) for o in label.objects]
    classes = [names.index(str(o.category.name)) for o in label.objects]
    return RawSample(name, (label.image.width, label.image.height), boxes, classes, relative)


def locate(folder: Path, said: str, bases: Iterable[str]) -> str | None:
    """The picture's path relative to the folder; None where there is none, or it lies outside.

    Args:
        folder: of the data set.
        said: what the label file calls it, perhaps with subfolders.
        bases: folders, relative to `folder`, in which to look, in this order.
    """
    root = folder.resolve()
    for base in bases:
        try:
            path = (root / base / PurePosixPath(said.replace("\\", "/"))).resolve()
            there = path.is_relative_to(root) and path.is_file()
        except (OSError, ValueError, RuntimeError):  # no name that a file could have; links in a circle
            continue
        if there:
            return path.relative_to(root).as_posix()
    return None
