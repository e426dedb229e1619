"""Label Studio: tasks.json, to be imported as it is, and label_config.xml, the interface that it needs.

People's boxes are annotations, models' are predictions: an auto-label is nobody's answer there either. Written from our
own tables, as Label Studio's own converter keeps one of two answers, lets equal file names replace each other and
forgets that a box was turned.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from nightshift.domain.percent import to_percent
from nightshift.frames.fields import box_fields, frame_fields
from nightshift.frames.formats._label_studio_reading import FILE, INTERFACE, KIND, META, PICTURES, find, read
from nightshift.frames.labelled import MODELS, Labelled, LabelledSet
from nightshift.frames.paths import safe_paths
from nightshift.frames.raw import put, put_json
from nightshift.frames.xml import fragment

__all__ = ["LOST", "PRECEDENCE", "find", "read", "write"]
PRECEDENCE = 40
LOST = (
    "who answered, in Label Studio itself: it enters whoever imports as the annotator",
    "the order of boxes, where people's and models' are in one frame",
)
CONTROL, IMAGE = "label", "image"  # as in the interface that Nightshift's own projects have


def write(dataset: LabelledSet, out: Path) -> list[str]:
    """tasks.json and label_config.xml."""
    places = [f"{PICTURES}/{path}" for path in safe_paths([each.facts for each in dataset.frames])]
    tasks = [_task(frame, place, dataset.names) for frame, place in zip(dataset.frames, places, strict=True)]
    put_json(out, FILE, tasks)
    put(out, INTERFACE, fragment(_interface(dataset)))  # Label Studio fails at a declaration
    return places


def _task(frame: Labelled, place: str, names: Sequence[str]) -> dict[str, Any]:
    regions = list(zip(frame.origins, _regions(frame, names), strict=True))
    answered = frame.origin.source not in MODELS
    people = [region for origin, region in regions if origin.source not in MODELS]
    models = dict.fromkeys(origin.model for origin in (frame.origin, *frame.origins) if origin.source in MODELS)
    task: dict[str, Any] = {"data": _data(frame, place)}
    if answered or people:
        task["annotations"] = [{"result": people, "was_cancelled": False, "lead_time": 0.0}]
    theirs = ((m, [r for o, r in regions if o.source in MODELS and o.model == m]) for m in models)
    task["predictions"] = [_prediction(model, found) for model, found in theirs]
    return task


def _prediction(model: str, regions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    score = sum(each["score"] for each in regions) / len(regions) if regions else 0.0
    return {"model_version": model, "score": score, "result": list(regions)}


def _data(frame: Labelled, place: str) -> dict[str, Any]:
    """What a task of Nightshift's own says of itself, so that its answers are read as such, and what else is known."""
    (width, height), facts, number = frame.size, frame.facts, frame.origin.round
    asked = {
        IMAGE: facts.uri or place,
        "reason": f"exported by Nightshift; said by: {frame.origin.source}",
        "priority": 0,
        "name": facts.name,
        "value": 0.0,
        "usd": 0.0,
        "model": frame.origin.model,
        "width": width,
        "height": height,
        "picture": place,
    }
    key = {} if number is None else {"key": f"{number:04d}-{facts.id}"}
    return frame_fields(frame) | asked | key


def _regions(frame: Labelled, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    width, height = frame.size
    rows = zip(frame.labels.classes.tolist(), frame.labels.scores.tolist(), frame.origins, strict=True)
    for number, (kind, score, origin) in enumerate(rows):
        yield {
            "id": f"box{number:04d}",
            "type": KIND,
            "from_name": CONTROL,
            "to_name": IMAGE,
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "score": score,
            "value": to_percent(frame.labels.boxes[number], frame.size) | {"rotation": 0, KIND: [names[kind]]},
            META: box_fields(origin, score),
        }


def _interface(dataset: LabelledSet) -> Element:
    view = Element("View")
    labels = SubElement(view, "RectangleLabels", name=CONTROL, toName=IMAGE)
    for name, colour in zip(dataset.names, dataset.colours, strict=True):
        SubElement(labels, "Label", value=name, background=colour)
    SubElement(view, "Image", name=IMAGE, value=f"${IMAGE}", zoom="true", rotateControl="false")
    return view
