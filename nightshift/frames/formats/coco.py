"""COCO: one JSON file with images, categories and annotations, or several, one per split."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightshift.frames.fields import box_fields, frame_fields
from nightshift.frames.formats._coco_reading import FIELD, FRAME, find, read
from nightshift.frames.labelled import Labelled, LabelledSet
from nightshift.frames.paths import safe_paths
from nightshift.frames.raw import put_json

__all__ = ["LOST", "PRECEDENCE", "find", "read", "write"]
PRECEDENCE = 10
LOST = ("colours of the classes",)


def write(dataset: LabelledSet, out: Path) -> list[str]:
    """coco.json, whose file names are relative to the folder; who says so in `attributes` of each annotation."""
    places = [f"images/{path}" for path in safe_paths([each.facts for each in dataset.frames])]
    annotations: list[dict[str, Any]] = []
    for number, frame in enumerate(dataset.frames, 1):
        annotations += _annotations(frame, number, len(annotations) + 1)
    content = {
        "info": {"description": dataset.title},
        "images": [_image(frame, i, places[i - 1]) for i, frame in enumerate(dataset.frames, 1)],
        "annotations": annotations,
        "categories": [{"id": i, "name": name} for i, name in enumerate(dataset.names, 1)],
    }
    put_json(out, "coco.json", content)
    return places


def _image(frame: Labelled, number: int, place: str) -> dict[str, Any]:
    width, height = frame.size
    named = {"id": number, "file_name": place, "width": width, "height": height}
    return named | {"coco_url": frame.facts.uri, FRAME: frame_fields(frame)}


def _annotations(frame: Labelled, image: int, first: int) -> Iterator[dict[str, Any]]:
    labels = frame.labels
    rows = zip(labels.boxes.tolist(), labels.classes.tolist(), labels.scores.tolist(), frame.origins, strict=True)
    for i, ((x1, y1, x2, y2), kind, score, origin) in enumerate(rows):
        yield {
            "id": first + i,
            "image_id": image,
            "category_id": kind + 1,
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "area": (x2 - x1) * (y2 - y1),
            "iscrowd": 0,
            FIELD: box_fields(origin, score),
        }
