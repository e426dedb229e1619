"""YOLO: data.yaml, and beside each picture's folder `images` a folder `labels` with one text file a picture.

A line has no room for who says so: that lies beside, in provenance.json, and counts for as long as the lines are those
that were written. Golden frames are the set to validate on; a tool that picks its best weights on it has seen it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from nightshift.domain.errors import ConfigError
from nightshift.frames.fields import box_fields, frame_fields, read_facts, read_origin
from nightshift.frames.formats._yolo_reading import find
from nightshift.frames.formats._yolo_reading import read as read_lines
from nightshift.frames.labelled import Labelled, LabelledSet
from nightshift.frames.paths import safe_paths
from nightshift.frames.raw import RawDataset, RawSample, load_json, put, put_json, said_of

__all__ = ["LOST", "PRECEDENCE", "find", "read", "write"]
PRECEDENCE = 50
LOST = (
    "scores and who says so: they lie beside the labels in provenance.json, which other tools do not read",
    "colours of the classes",
)
SPLITS = ("pool", "golden")
BESIDE = "provenance.json"
RESERVED = frozenset({"images", "labels"})  # Ultralytics looks for labels beside the last folder called images


def read(folder: Path) -> RawDataset:
    """All splits of a YOLO data set as one.

    Raises:
        ConfigError: data.yaml is missing or malformed.
    """
    found, beside = read_lines(folder), _beside(folder)
    return replace(found, samples=tuple(_with_provenance(folder, each, beside) for each in found.samples))


def write(dataset: LabelledSet, out: Path) -> list[str]:
    """data.yaml, a text file a frame, and provenance.json."""
    paths = safe_paths([each.facts for each in dataset.frames], RESERVED)
    places = [f"{_split(frame)}/{path}" for frame, path in zip(dataset.frames, paths, strict=True)]
    beside = {}
    for frame, place in zip(dataset.frames, places, strict=True):
        lines = "".join(_lines(frame))
        put(out, _label_file(f"images/{place}"), lines)
        beside[f"images/{place}"] = {"digest": _digest(lines), "boxes": _boxes(frame), **frame_fields(frame)}
    for split in SPLITS:
        for part in ("images", "labels"):
            (out / part / split).mkdir(parents=True, exist_ok=True)
    golden = any(_split(each) == "golden" for each in dataset.frames)
    data = {"train": "images/pool", "val": "images/golden" if golden else "images/pool",
            "names": dict(enumerate(dataset.names))}  # fmt: skip
    put(out, "data.yaml", yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
    put_json(out, BESIDE, beside)
    return [f"images/{place}" for place in places]


def _split(frame: Labelled) -> str:
    return "golden" if frame.facts.split == "golden" else "pool"


def _lines(frame: Labelled) -> Iterator[str]:
    width, height = frame.size
    for (x1, y1, x2, y2), kind in zip(frame.labels.boxes.tolist(), frame.labels.classes.tolist(), strict=True):
        shares = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
        yield f"{kind} {' '.join(f'{each:.10f}' for each in shares)}\n"


def _boxes(frame: Labelled) -> list[dict[str, Any]]:
    return [box_fields(o, s) for o, s in zip(frame.origins, frame.labels.scores.tolist(), strict=True)]


def _label_file(picture: str) -> str:
    """images/pool/a/b.png → labels/pool/a/b.txt."""
    path = PurePosixPath(picture)
    return PurePosixPath("labels", *path.parts[1:]).with_suffix(".txt").as_posix()


def _digest(lines: str) -> str:
    return hashlib.sha256(lines.encode()).hexdigest()


def _beside(folder: Path) -> Mapping[str, Any]:
    if not (folder / BESIDE).is_file():
        return {}
    try:
        said = load_json(folder / BESIDE, "")
    except ConfigError:  # the labels hold without it
        return {}
    return said if isinstance(said, dict) else {}


def _with_provenance(folder: Path, sample: RawSample, beside: Mapping[str, Any]) -> RawSample:
    told = beside.get(sample.name)
    if not isinstance(told, dict):
        return sample
    boxes = told.get("boxes")
    fitting = isinstance(boxes, list) and len(boxes) == len(sample.boxes) and told.get("digest") == _now(folder, sample)
    said = said_of(boxes) if fitting and isinstance(boxes, list) else ()
    return replace(sample, facts=read_facts(told), origin=read_origin(told) if fitting else None, said=said)


def _now(folder: Path, sample: RawSample) -> str:
    path = folder / _label_file(sample.name)
    try:
        return _digest(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""
