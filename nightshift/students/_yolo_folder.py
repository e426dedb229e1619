"""A data set on disk as Ultralytics wants it, and the one conversion between our boxes and YOLO's lines.

A YOLO line is `class cx cy w h`, in shares of the upright picture; for segmenters `class x1 y1 x2 y2 …`, one ring a
mask: pieces are joined by bridges without width, holes are filled, and a box without a mask is its rectangle. Pictures
are linked when Ultralytics would read them as we do; otherwise (EXIF rotation, alpha, odd formats, a JPEG without its
end mark, which Ultralytics would rewrite where it lies) they are decoded once and written upright. Knows nothing of
training.

Regions to ignore are painted grey in the training copy, as Ultralytics' loss has no place for them: where nothing is to
be seen, saying "nothing" does no harm. Labels win: a pixel inside a labelled box keeps its colour.
Pictures count by their weight: the list of an epoch names them so much more often.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image, ImageOps

from nightshift.domain.detections import Boxes, Detections, clean
from nightshift.domain.errors import FrameError, ModelError
from nightshift.domain.models import Example
from nightshift.domain.models import Image as Pixels
from nightshift.domain.outlines import joined_ring, outlines
from nightshift.domain.room import room_in

Lines = Callable[[Detections, tuple[int, int]], str]
UPRIGHT, ORIENTATION = 1, 0x0112  # EXIF 2.32, tag 274
GREY = 114  # as Ultralytics' own borders
MOST_OFTEN = 8  # times that a picture may count as much as another: an epoch grows with it
TINY = 1e-6  # more than the rounding errors of a sum
SUFFIXES = {"JPEG": ".jpg", "PNG": ".png"}  # read alike by Pillow and OpenCV


def write(folder: Path, examples: Sequence[Example], names: Sequence[str], least: int, *, rings: bool = False) -> Path:
    """Write a data set; its data.yaml names the classes and lists the pictures of one epoch.

    Args:
        folder: must be new or empty: Ultralytics reuses stale labels of a folder it has seen.
        examples: the pictures with their labels.
        names: class names by index.
        least: a smaller set is repeated within the epoch until it has at least this many entries.
        rings: whether to write the outlines of masks, for a segmenter.

    Returns:
        The path of data.yaml.

    Raises:
        ModelError: the folder is in use, or there is nothing to train on.
        FrameError: a picture cannot be read, or a class is unknown.
    """
    _check(folder, examples, len(names))
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    lines = to_rings if rings else to_lines
    pictures = [_write_example(folder, i, example, lines) for i, example in enumerate(examples)]
    times = repeats([example.weight for example in examples], least)
    epoch = [path for turn in range(max(times)) for path, often in zip(pictures, times, strict=True) if turn < often]
    (folder / "train.txt").write_text("".join(f"{path}\n" for path in epoch))
    (folder / "val.txt").write_text(f"{pictures[0]}\n")  # Ultralytics insists on one; nothing is validated on it
    names_by_index = dict(enumerate(names))
    data = {"path": str(folder.resolve()), "train": "train.txt", "val": "val.txt", "names": names_by_index}
    (folder / "data.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return folder / "data.yaml"


def repeats(weights: Sequence[float], least: int) -> list[int]:
    """How often each picture is named in an epoch of at least `least` entries: in proportion to its weight.

    None is left out, and none counts more than MOST_OFTEN times as much as another. Fractions are carried over to the
    next pictures (systematic sampling, Madow and Madow 1944), so that any run of pictures gets its share.
    """
    shares = np.maximum(np.asarray(weights, np.float64), max(weights) / MOST_OFTEN)
    shares = shares / shares.min()
    whole = np.floor(np.cumsum(shares * max(1, np.ceil(least / shares.sum()))) + TINY)
    times: list[int] = np.diff(whole, prepend=0).astype(int).tolist()
    return times


def to_lines(labels: Detections, size: tuple[int, int]) -> str:
    """Boxes as YOLO lines; `size` is (width, height). What sticks out of the picture is cut off."""
    inside = clean(labels.boxes, labels.classes, labels.scores, size)
    scale = np.array([*size, *size], np.float64)
    low, high = inside.boxes[:, :2].astype(np.float64), inside.boxes[:, 2:].astype(np.float64)
    shares = np.concatenate([(low + high) / 2, high - low], axis=1) / scale
    rows = zip(inside.classes.tolist(), shares.tolist(), strict=True)
    return "".join(f"{c} {x:.8f} {y:.8f} {w:.8f} {h:.8f}\n" for c, (x, y, w, h) in rows)


def to_rings(labels: Detections, size: tuple[int, int]) -> str:
    """Masks as YOLO lines; `size` is (width, height). What sticks out of the picture is cut off."""
    inside = clean(labels.boxes, labels.classes, labels.scores, size, labels.masks)
    around = [box[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2) for box in inside.boxes.astype(np.float64)]
    rings = map(joined_ring, outlines(inside.masks)) if inside.masks else around
    rows = zip(inside.classes.tolist(), (np.clip(ring / size, 0, 1).ravel().tolist() for ring in rings), strict=True)
    return "".join(f"{label} {' '.join(f'{each:.6f}' for each in ring)}\n" for label, ring in rows)


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


def _write_example(folder: Path, index: int, example: Example, lines: Lines) -> Path:
    stem = folder.resolve() / "images" / f"{index:06d}"  # names of different folders may be equal
    try:
        with room_in(folder):
            path, size = _place(example, stem)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FrameError(str(example.path), f"cannot be read ({error})", "Remove or replace it.") from error
    (folder / "labels" / f"{index:06d}.txt").write_text(lines(example.labels, size))
    return path


def _place(example: Example, stem: Path) -> tuple[Path, tuple[int, int]]:
    with Image.open(example.path) as picture:
        if not len(example.ignore) and _reads_the_same(picture, example.path):
            target = stem.with_suffix(SUFFIXES[str(picture.format)])
            _link(example.path, target)
            return target, picture.size
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    target = stem.with_suffix(".png")
    Image.fromarray(without(np.array(upright), example.ignore, example.labels.boxes)).save(target, compress_level=1)
    return target, upright.size


def without(pixels: Pixels, regions: Boxes, kept: Boxes) -> Pixels:
    """The picture with `regions` painted grey, except inside the boxes of `kept`; partly covered pixels count."""
    grey = _inside(regions, pixels) & ~_inside(kept, pixels)
    return np.where(grey[..., None], np.uint8(GREY), pixels)


def _inside(boxes: Boxes, pixels: Pixels) -> NDArray[np.bool_]:
    mask = np.zeros(pixels.shape[:2], bool)
    corners = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], axis=1)
    for left, top, right, bottom in np.maximum(corners, 0).astype(int).tolist():
        mask[top:bottom, left:right] = True
    return mask


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
            if place is ways[-1]:
                raise
            continue
        return
