"""The labels of a data set in COCO, YOLO or Pascal VOC form: what tests, backtests and simulated reviewers know.

labelformat reads the files; here every box is checked, and what cannot be used is returned with its reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, FrameError
from nightshift.domain.frames import Rejected
from nightshift.frames.decode import probe_size
from nightshift.frames.formats import coco, voc, yolo
from nightshift.frames.formats.raw import RawDataset, RawSample
from nightshift.frames.names import printable
from nightshift.frames.scan import read_file

Format = Literal["coco", "yolo", "voc"]
READERS: Mapping[Format, Callable[[Path], RawDataset]] = {"coco": coco.read, "yolo": yolo.read, "voc": voc.read}
FINDERS: Mapping[Format, Callable[[Path], Sequence[Path]]] = {"coco": coco.find, "yolo": yolo.find, "voc": voc.find}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled pictures.

    Args:
        names: classes by index.
        samples: name of a picture (path relative to the folder) → its boxes, score 1; none for an empty picture.
        sizes: name → (width, height) of the upright picture.
        rejected: boxes and pictures that cannot be used.
    """

    names: tuple[str, ...]
    samples: Mapping[str, Detections]
    sizes: Mapping[str, tuple[int, int]]
    rejected: tuple[Rejected, ...] = ()

    def indexed(self, names: Sequence[str]) -> "Dataset":
        """The same with the class indices of an ontology; boxes of classes it lacks are left out, which is told."""
        table = np.array([names.index(each) if each in names else -1 for each in self.names], np.int64)
        samples = {}
        for name, labels in self.samples.items():
            classes = table[labels.classes]
            kept = classes >= 0
            samples[name] = Detections(labels.boxes[kept], classes[kept], labels.scores[kept])
        unknown = (Rejected(f"class {each}", "the ontology lacks it") for each in self.names if each not in names)
        return replace(self, names=tuple(names), samples=MappingProxyType(samples), rejected=(*self.rejected, *unknown))


def detect_format(folder: Path) -> Format:
    """Which form the labels in a folder have; COCO before YOLO before VOC where there are several.

    Raises:
        ConfigError: none.
    """
    for name, find in FINDERS.items():
        if find(folder):
            return name
    remedy = "Look for coco.json, annotations/*.json, data.yaml or Annotations/*.xml in it."
    raise ConfigError(str(folder), "it holds no labels of a known form", remedy)


def read_dataset(folder: Path, form: Format | None = None) -> Dataset:
    """The labels in a folder.

    Args:
        folder: of the data set; its pictures lie somewhere below.
        form: of the labels; found out when left out.

    Raises:
        ConfigError: the folder holds no such labels, or a file cannot be read at all.
    """
    raw = READERS[form or detect_format(folder)](folder)
    samples: dict[str, Detections] = {}
    sizes: dict[str, tuple[int, int]] = {}
    rejected = list(raw.rejected)
    for sample in raw.samples:
        problem = _problem(folder, sample, samples)
        if isinstance(problem, Rejected):
            rejected.append(problem)
            continue
        samples[sample.name], broken = _checked(sample, problem)
        sizes[sample.name] = problem
        rejected += broken
    if not samples:
        raise ConfigError(str(folder), "none of its labels belongs to a picture", "Check the paths in its files.")
    shown = tuple(Rejected(*map(printable, (each.subject, each.reason, each.detail))) for each in rejected)
    return Dataset(raw.names, MappingProxyType(samples), MappingProxyType(sizes), shown)


def _problem(folder: Path, sample: RawSample, taken: Mapping[str, Detections]) -> Rejected | tuple[int, int]:
    """Why a sample cannot be used, or the (width, height) of its picture."""
    if sample.name in taken:
        return Rejected(sample.name, "the picture is listed twice")
    try:
        size = probe_size(read_file((folder / sample.name).resolve(), sample.name), sample.name)
    except FrameError as error:
        return Rejected(sample.name, error.reason)
    if sample.relative or sample.size == size:
        return size
    said = "its labels are for {}x{} pixels, but upright it has {}x{}".format(*sample.size, *size)
    return Rejected(sample.name, said)


def _checked(sample: RawSample, size: tuple[int, int]) -> tuple[Detections, list[Rejected]]:
    """Boxes inside the picture, each once; the others with the reason."""
    given, limits = _pixels(sample, size), np.tile(np.array(size, np.float64), 2)
    boxes = np.clip(np.nan_to_num(given), 0, limits).astype(np.float32)
    kept: list[int] = []
    broken, seen = [], set()
    for index, kind in enumerate(sample.classes):
        key = (kind, *boxes[index].tolist())
        reason = _flaw(given[index], boxes[index]) or ("a box is there twice" if key in seen else None)
        if reason:
            broken.append(Rejected(sample.name, reason, f"class {kind}, box {given[index].round(2).tolist()}"))
        else:
            kept.append(index)
        seen.add(key)
    return Detections.of(boxes[kept], np.asarray(sample.classes, np.int64)[kept]), broken


def _pixels(sample: RawSample, size: tuple[int, int]) -> NDArray[np.float64]:
    """(n, 4) xyxy in the upright picture."""
    boxes = np.asarray(sample.boxes, np.float64).reshape(-1, 4)
    if not sample.relative:
        return boxes
    scale: NDArray[np.float64] = np.array(size, np.float64) / np.array(sample.size, np.float64)
    return boxes * np.tile(scale, 2)


def _flaw(given: NDArray[np.float64], box: NDArray[np.float32]) -> str | None:
    if not np.isfinite(given).all():
        return "a box is not finite"
    return "a box has no area in the picture" if (box[2:] <= box[:2]).any() else None
