"""FiftyOneDataset: metadata.json and samples.json as FiftyOne writes and reads them; the pictures in data.

Boxes are shares of the picture. People's are in the field `ground_truth`, models' in `auto_labels`. Written without
FiftyOne's version and schema, which it then works out itself, so that any version reads it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nightshift.frames.fields import box_fields, fact_fields, origin_fields
from nightshift.frames.formats._fiftyone_reading import FILES, FRAME, MODEL, OURS, PEOPLE, PICTURES, find, read
from nightshift.frames.labelled import MODELS, Labelled, LabelledSet
from nightshift.frames.paths import safe_paths
from nightshift.frames.raw import put_json

__all__ = ["LOST", "PRECEDENCE", "find", "read", "write"]
PRECEDENCE = 20
LOST = ("colours of the classes", "the order of boxes, where people's and models' are in one frame")


def write(dataset: LabelledSet, out: Path) -> list[str]:
    """metadata.json and samples.json."""
    places = [f"{PICTURES}/{path}" for path in safe_paths([each.facts for each in dataset.frames])]
    info = {OURS: 1, "default_classes": list(dataset.names)}
    samples = [_sample(frame, place, dataset.names) for frame, place in zip(dataset.frames, places, strict=True)]
    put_json(out, FILES[0], {"name": dataset.title, "media_type": "image", "info": info})
    put_json(out, FILES[1], {"samples": samples})
    return places


def _sample(frame: Labelled, place: str, names: Sequence[str]) -> dict[str, Any]:
    width, height = frame.size
    boxes: dict[str, list[Any]] = {_field(each.source): [] for each in (frame.origin, *frame.origins)}
    for index, origin in enumerate(frame.origins):
        boxes[_field(origin.source)].append(_detection(frame, index, names))
    return {
        "filepath": place,
        "tags": [frame.facts.split] if frame.facts.split else [],
        "metadata": {"_cls": "ImageMetadata", "width": width, "height": height},
        **fact_fields(frame.facts),
        FRAME: origin_fields(frame.origin),
        **{field: {"_cls": "Detections", "detections": found} for field, found in boxes.items()},
    }


def _field(source: str) -> str:
    return MODEL if source in MODELS else PEOPLE


def _detection(frame: Labelled, index: int, names: Sequence[str]) -> dict[str, Any]:
    (x1, y1, x2, y2), (width, height) = frame.labels.boxes[index].tolist(), frame.size
    said = box_fields(frame.origins[index], float(frame.labels.scores[index]))
    return {
        "_cls": "Detection",
        "label": names[int(frame.labels.classes[index])],
        "bounding_box": [x1 / width, y1 / height, (x2 - x1) / width, (y2 - y1) / height],
        "confidence": said.pop("score"),
        **said,
    }
