"""CVAT for images 1.1: annotations.xml with all pictures and their boxes; the pictures in images."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from nightshift.frames.fields import BOX, as_text, box_fields, frame_fields
from nightshift.frames.formats._cvat_reading import FILE, PICTURES, find, read
from nightshift.frames.labelled import MODELS, Labelled, LabelledSet, Origin, Source
from nightshift.frames.paths import safe_paths
from nightshift.frames.raw import put
from nightshift.frames.xml import document

__all__ = ["LOST", "PRECEDENCE", "find", "read", "write"]
PRECEDENCE = 30
LOST = (
    "which frame it is, once CVAT has exported it again: it keeps the attributes of boxes only",
    "attributes of boxes, where the task in CVAT does not declare them (they are in annotations.xml, under meta)",
)


def write(dataset: LabelledSet, out: Path) -> list[str]:
    """annotations.xml; who says so in attributes of each box, and of the picture."""
    paths = safe_paths([each.facts for each in dataset.frames])
    root = Element("annotations")
    SubElement(root, "version").text = "1.1"
    root.append(_meta(dataset))
    for number, (frame, path) in enumerate(zip(dataset.frames, paths, strict=True)):
        root.append(_image(frame, path, number, dataset))
    put(out, FILE, document(root))
    return [f"{PICTURES}/{path}" for path in paths]


def _meta(dataset: LabelledSet) -> Element:
    meta = Element("meta")
    task = SubElement(meta, "task")
    for name, value in (("name", dataset.title), ("size", str(len(dataset.frames))), ("mode", "annotation")):
        SubElement(task, name).text = value
    labels = SubElement(task, "labels")
    for name, colour in zip(dataset.names, dataset.colours, strict=True):
        label = SubElement(labels, "label")
        for field, value in (("name", name), ("color", colour), ("type", "rectangle")):
            SubElement(label, field).text = value
        SubElement(label, "attributes").extend(_declared(field) for field in BOX)
    return meta


def _declared(field: str) -> Element:
    attribute = Element("attribute")
    said = {"name": field, "mutable": "False", "input_type": "text", "default_value": "", "values": ""}
    for name, value in said.items():
        SubElement(attribute, name).text = value
    return attribute


def _image(frame: Labelled, path: str, number: int, dataset: LabelledSet) -> Element:
    width, height = frame.size
    said = {"id": str(number), "name": path, "subset": frame.facts.split, "width": str(width), "height": str(height)}
    image = Element("image", said | as_text(frame_fields(frame)))
    image.extend(_boxes(frame, dataset))
    return image


def _boxes(frame: Labelled, dataset: LabelledSet) -> Iterator[Element]:
    labels = frame.labels
    rows = zip(labels.boxes.tolist(), labels.classes.tolist(), labels.scores.tolist(), frame.origins, strict=True)
    for corners, kind, score, origin in rows:
        edges = dict(zip(("xtl", "ytl", "xbr", "ybr"), map(repr, corners), strict=True))
        said = {"label": dataset.names[kind], "source": _source(origin), "occluded": "0", "z_order": "0"}
        box = Element("box", said | edges)
        for name, value in as_text(box_fields(origin, score)).items():
            SubElement(box, "attribute", {"name": name}).text = value
        yield box


def _source(origin: Origin) -> str:
    """In CVAT's own words."""
    return "manual" if origin.source is Source.PERSON else "auto" if origin.source in MODELS else "file"
