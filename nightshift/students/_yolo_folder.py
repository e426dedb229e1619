"""A data set on disk as Ultralytics wants it, and the one conversion between our boxes and YOLO's lines.

A YOLO line is `class cx cy w h`, in shares of the upright picture. Pictures are linked when Ultralytics would read
them as we do; otherwise (EXIF rotation, alpha, odd formats, a JPEG without its end mark, which Ultralytics would
rewrite where it lies) they are decoded once and written upright. Knows nothing of training.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import yaml
from PIL import Image, ImageOps

from nightshift.domain.detections import Detections, clean
from nightshift.domain.errors import FrameError, ModelError
from nightshift.domain.models import Example

UPRIGHT, ORIENTATION = 1, 0x0112  # EXIF 2.32, tag 274
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png"}  # read alike by Pillow and OpenCV


def write(folder: Path, examples: Sequence[Example], names: Sequence[str], least: int) -> Path:
    """Write a data set; its data.yaml names the classes and lists the pictures of one epoch.

    Args:
        folder: must be new or empty: Ultralytics reuses stale labels of a folder it has seen.
        examples: the pictures with their labels.
        names: class names by index.
        least: a smaller set is repeated within the epoch until it has this many entries.

    Returns:
        The path of data.yaml.

    Raises:
        ModelError: the folder is in use, or there is nothing to train on.
        FrameError: a picture cannot be read, or a class is unknown.
    """
    _check(folder, examples, len(names))
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    pictures = [_write_example(folder, i, example) for i, example in enumerate(examples)]
    epoch = chain.from_iterable(repeat(pictures, max(1, -(-least // len(pictures)))))
    (folder / "train.txt").write_text("".join(f"{path}\n" for path in epoch))
    (folder / "val.txt").write_text(f"{pictures[0]}\n")  # Ultralytics insists on one; nothing is validated on it
    names_by_index = dict(enumerate(names))
    data = {"path": str(folder.resolve()), "train": "train.txt", "val": "val.txt", "names": names_by_index}
    (folder / "data.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return folder / "data.yaml"


def to_lines(labels: Detections, size: tuple[int, int]) -> str:
    """Boxes as YOLO lines; `size` is (width, height). What sticks out of the picture is cut off."""
    inside = clean(labels.boxes, labels.classes, labels.scores, size)
    scale = np.array([*size, *size], np.float64)
    low, high = inside.boxes[:, :2].astype(np.float64), inside.boxes[:, 2:].astype(np.float64)
    shares = np.concatenate([(low + high) / 2, high - low], axis=1) / scale
    rows = zip(inside.classes.tolist(), shares.tolist(), strict=True)
    return "".join(f"{c} {x:.8f} {y:.8f} {w:.8f} {h:.8f}\n" for c, (x, y, w, h) in rows)


def from_lines(text: str, size: tuple[int, int]) -> Detections:
    """The boxes of YOLO lines, with score 1; `size` is (width, height)."""
    rows = np.array([line.split() for line in text.splitlines()], np.float64).reshape(-1, 5)
    centre, half = rows[:, 1:3], rows[:, 3:5] / 2
    boxes = np.concatenate([centre - half, centre + half], axis=1) * np.array([*size, *size], np.float64)
    return clean(boxes, rows[:, 0].astype(np.int64), np.ones(len(rows)), size)


def _check(folder: Path, examples: Sequence[Example], classes: int) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise ModelError(str(folder), "the folder is not empty", "Give every training a folder of its own.")
    if not any(len(example.labels) for example in examples):
        raise ModelError("training", f"none of the {len(examples)} pictures has a box", "Label some frames first.")
    for example in examples:
        if (example.labels.classes >= classes).any():
            raise FrameError(str(example.path), f"a label's class is not among the {classes}", "Relabel it.")


def _write_example(folder: Path, index: int, example: Example) -> Path:
    stem = folder.resolve() / "images" / f"{index:06d}"  # names of different folders may be equal
    try:
        path, size = _place(example.path, stem)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FrameError(str(example.path), f"cannot be read ({error})", "Remove or replace it.") from error
    (folder / "labels" / f"{index:06d}.txt").write_text(to_lines(example.labels, size))
    return path


def _place(source: Path, stem: Path) -> tuple[Path, tuple[int, int]]:
    with Image.open(source) as picture:
        if _reads_the_same(picture, source):
            target = stem.with_suffix(SUFFIXES[str(picture.format)])
            _link(source, target)
            return target, picture.size
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    target = stem.with_suffix(".png")
    upright.save(target, compress_level=1)
    return target, upright.size


def _reads_the_same(picture: Image.Image, source: Path) -> bool:
    plain = picture.format in SUFFIXES and picture.mode in {"RGB", "L"}
    upright = picture.getexif().get(ORIENTATION, UPRIGHT) == UPRIGHT
    return plain and upright and (picture.format != "JPEG" or _has_end_mark(source))


def _has_end_mark(jpeg: Path) -> bool:
    with jpeg.open("rb") as file:
        file.seek(-2, os.SEEK_END)
        return file.read() == b"\xff\xd9"


def _link(source: Path, target: Path) -> None:
    ways: tuple[Callable[[Path, Path], object], ...] = (os.link, os.symlink, shutil.copyfile)
    for place in ways:
        try:
            place(source.resolve(), target)
        except OSError:  # another file system, or one without links
            continue
        return
    raise OSError(f"cannot copy {source} to {target}")
