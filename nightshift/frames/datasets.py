"""The labels of a data set in any known form: what first rounds, tests, backtests and simulated reviewers know.

`formats` reads the files; here every box is checked, and what cannot be used is returned with its reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, FrameError
from nightshift.domain.frames import Rejected
from nightshift.frames.decode import probe_size
from nightshift.frames.formats import known_forms, open_form
from nightshift.frames.labelled import Facts, Labelled, Origin, Source
from nightshift.frames.names import printable
from nightshift.frames.raw import RawSample
from nightshift.frames.scan import read_file

UNSAID = Origin(Source.DATASET)  # who says so, where the files do not tell
BY_A_MODEL = "a model labelled it, and nobody has said that it is right"


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled pictures.

    Args:
        names: classes by index.
        samples: name of a picture (path relative to the folder) → its boxes, score 1; none for an empty picture.
        sizes: name → (width, height) of the upright picture.
        rejected: boxes and pictures that cannot be used.
        labelled: those of the pictures of which the files say more: which frame it is, who says so, how sure.
    """

    names: tuple[str, ...]
    samples: Mapping[str, Detections]
    sizes: Mapping[str, tuple[int, int]]
    rejected: tuple[Rejected, ...] = ()
    labelled: Mapping[str, Labelled] = field(default_factory=lambda: MappingProxyType({}))

    def by_people(self) -> "Dataset":
        """The same without pictures that a model has labelled, which is told: its word is no answer."""
        models = [name for name, each in self.labelled.items() if each.by_a_model and name in self.samples]
        kept = MappingProxyType({name: each for name, each in self.samples.items() if name not in models})
        told = (Rejected(printable(name), BY_A_MODEL) for name in models)
        return replace(self, samples=kept, rejected=(*self.rejected, *told))

    def indexed(self, names: Sequence[str]) -> "Dataset":
        """The same with the class indices of an ontology; boxes of classes it lacks are left out, which is told."""
        table = np.array([names.index(each) if each in names else -1 for each in self.names], np.int64)
        samples = {name: _renumbered(labels, table) for name, labels in self.samples.items()}
        labelled = {name: _with_classes(each, table) for name, each in self.labelled.items()}
        unknown = (Rejected(f"class {each}", "the ontology lacks it") for each in self.names if each not in names)
        rejected = (*self.rejected, *unknown)
        return Dataset(tuple(names), MappingProxyType(samples), self.sizes, rejected, MappingProxyType(labelled))


def detect_format(folder: Path) -> str:
    """Which form the labels in a folder have; the one that comes first, by its own word, where there are several.

    Raises:
        ConfigError: none.
    """
    for name in sorted(known_forms(), key=lambda name: open_form(name).PRECEDENCE):
        if open_form(name).find(folder):
            return name
    remedy = "Look for coco.json, annotations/*.json, data.yaml or Annotations/*.xml in it; docs/formats.md tells all."
    raise ConfigError(str(folder), "it holds no labels of a known form", remedy)


def read_dataset(folder: Path, form: str | None = None) -> Dataset:
    """The labels in a folder.

    Args:
        folder: of the data set; its pictures lie somewhere below.
        form: of the labels; found out when left out.

    Raises:
        ConfigError: the folder holds no such labels, or a file cannot be read at all.
        UnknownName: there is no such form.
    """
    raw = open_form(form or detect_format(folder)).read(folder)
    samples: dict[str, Detections] = {}
    sizes: dict[str, tuple[int, int]] = {}
    labelled: dict[str, Labelled] = {}
    rejected = list(raw.rejected)
    for sample in raw.samples:
        problem = _problem(folder, sample, samples)
        if isinstance(problem, Rejected):
            rejected.append(problem)
            continue
        samples[sample.name], kept, broken = _checked(sample, problem)
        sizes[sample.name] = problem
        rejected += broken
        if sample.facts or sample.origin or any(sample.said):
            labelled[sample.name] = _labelled(sample, problem, samples[sample.name], kept)
    if not samples:
        raise ConfigError(str(folder), "none of its labels belongs to a picture", "Check the paths in its files.")
    shown = tuple(Rejected(*map(printable, (each.subject, each.reason, each.detail))) for each in rejected)
    known = MappingProxyType(samples), MappingProxyType(sizes)
    return Dataset(raw.names, *known, shown, MappingProxyType(labelled))


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


def _renumbered(labels: Detections, table: NDArray[np.int64]) -> Detections:
    """With other class indices; boxes of those that are -1 now are left out."""
    classes = table[labels.classes]
    kept = classes >= 0
    return replace(labels.take(kept), classes=classes[kept])


def _with_classes(frame: Labelled, table: NDArray[np.int64]) -> Labelled:
    kept = np.flatnonzero(table[frame.labels.classes] >= 0)
    origins = tuple(frame.origins[i] for i in kept)
    return replace(frame, labels=_renumbered(frame.labels, table), origins=origins)


def _labelled(sample: RawSample, size: tuple[int, int], boxes: Detections, kept: Sequence[int]) -> Labelled:
    """What the files say of a picture, for the boxes that are kept."""
    origin = sample.origin or UNSAID
    said = [(sample.said[i] if sample.said else None) or (origin, 1.0) for i in kept]
    scored = Detections.of(boxes.boxes, boxes.classes, [score for _, score in said], masks=boxes.masks)
    return Labelled(sample.facts or Facts(), size, scored, origin, tuple(each for each, _ in said))


def _checked(sample: RawSample, size: tuple[int, int]) -> tuple[Detections, list[int], list[Rejected]]:
    """Boxes inside the picture, each once, and which they are; the others with the reason."""
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
    return Detections.of(boxes[kept], np.asarray(sample.classes, np.int64)[kept]), kept, broken


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
