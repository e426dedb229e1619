"""What a reader hands on, before boxes are checked; how a picture is found from what a label file calls it.

Also how label files are opened and written: with errors that say what is wrong, and never outside their folder.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from labelformat.model.object_detection import ImageObjectDetection

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.frames.fields import read_box
from nightshift.frames.labelled import Facts, Origin

Corners = tuple[float, float, float, float]
Said = tuple[Origin, float]  # who says so, and how sure


@dataclass(frozen=True, slots=True)
class RawSample:
    """One picture as its label file has it.

    Args:
        name: path of the picture relative to the data set's folder.
        size: (width, height) that the labels are for.
        boxes: xyxy pixels of `size`, unchecked.
        classes: indices into the names.
        relative: the file gives shares of the picture, so that they hold for any size.
        facts: which frame it is, where the file says so.
        origin: who labelled it as a whole, where the file says so.
        said: who says so, box by box, where the file says so; else empty.
    """

    name: str
    size: tuple[int, int]
    boxes: Sequence[Corners]
    classes: Sequence[int]
    relative: bool = False
    facts: Facts | None = None
    origin: Origin | None = None
    said: Sequence[Said | None] = ()


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


def said_of(boxes: Iterable[object]) -> list[Said | None]:
    """Who says so, from the fields that a file has of each box."""
    return [read_box(each) for each in boxes]


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


def load_json(path: Path, remedy: str) -> Any:
    """What a JSON file says.

    Raises:
        ConfigError: it cannot be read, or is none.
    """
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(str(path), f"it is no JSON: {error or type(error).__name__}", remedy) from error


def is_number(value: object, most: float) -> bool:
    """Whether it is a finite number, not beyond what is plausible."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < most


def put(out: Path, name: str, content: str) -> None:
    """Write a file of a data set, in a folder of its own where its name says so.

    Raises:
        ValueError: it would lie outside.
    """
    path = out / name
    if not path.resolve().is_relative_to(out.resolve()):
        raise ValueError(f"'{name}' leads out of the data set")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")


def put_json(out: Path, name: str, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """The same for JSON, in ASCII: every tool reads it."""
    put(out, name, json.dumps(content, allow_nan=False))
