"""How CVAT's annotations.xml is read: boxes, turned ones by the upright boxes around them; no other shapes."""

import math
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.frames.fields import from_text, read_facts, read_origin
from nightshift.frames.raw import Corners, RawDataset, RawSample, locate, said_of

FILE, PICTURES = "annotations.xml", "images"
REMEDY = "Export the task from CVAT again, as 'CVAT for images 1.1'."
EDGES = ("xtl", "ytl", "xbr", "ybr")
BESIDE = frozenset({"box", "tag"})  # a tag says something of the whole picture
SHOWN = 80  # characters of a name


def find(folder: Path) -> list[Path]:
    """annotations.xml, if it is there."""
    return [folder / FILE] if (folder / FILE).is_file() else []


def read(folder: Path) -> RawDataset:
    """The pictures of annotations.xml; CVAT lists those, too, that nobody has labelled, and they count as empty.

    Raises:
        ConfigError: it is missing, malformed, or of a video.
    """
    if not find(folder):
        raise ConfigError(str(folder), f"it has no {FILE}", REMEDY)
    root = _root(folder / FILE)
    images = root.findall("image")
    names = _names(root, images)
    samples: list[RawSample] = []
    rejected: list[Rejected] = []
    for image in images:
        try:
            samples.append(_sample(folder, image, names, rejected))
        except ValueError as error:
            rejected.append(Rejected(image.get("name", "a picture")[:SHOWN], str(error)))
    return RawDataset(names, tuple(samples), tuple(rejected))


def _root(path: Path) -> Element:
    try:
        root: Element = parse(path).getroot()
    except (ParseError, DefusedXmlException, OSError, ValueError) as error:
        raise ConfigError(str(path), f"it cannot be read: {error}", REMEDY) from error
    if root.tag != "annotations":
        raise ConfigError(str(path), f"it is about '{root.tag[:SHOWN]}', not annotations", REMEDY)
    if root.find("track") is not None:
        raise ConfigError(str(path), "it holds tracks of a video, not pictures", REMEDY)
    return root


def _names(root: Element, images: list[Element]) -> tuple[str, ...]:
    """Those that the task declares, in its order, then others that occur."""
    declared = (each.text or "" for each in root.iterfind("meta//labels/label/name"))
    occurring = (each.get("label", "") for image in images for each in image.iterfind("box"))
    return tuple(dict.fromkeys(each for each in (*declared, *sorted(occurring)) if each))


def _sample(folder: Path, image: Element, names: tuple[str, ...], rejected: list[Rejected]) -> RawSample:
    said = image.get("name", "")
    size = _whole(image, "width"), _whole(image, "height")
    name = locate(folder, said, (PICTURES, f"{PICTURES}/{image.get('subset', '')}", "."))
    if name is None:
        raise ValueError("the picture is not in the folder")
    boxes, kinds, fields = list[Corners](), list[int](), list[object]()
    for shape in image:
        reason = _flaw(shape)
        if reason:
            rejected.append(Rejected(name, reason, str(shape.attrib)[:SHOWN]))
        elif shape.tag == "box":
            boxes.append(_corners(shape))
            kinds.append(names.index(shape.get("label", "")))
            fields.append(from_text({each.get("name", ""): each.text for each in shape.iterfind("attribute")}))
    told = from_text(image.attrib)
    facts, origin = read_facts(told), read_origin(told)
    return RawSample(name, size, boxes, kinds, facts=facts, origin=origin, said=said_of(fields))


def _flaw(shape: Element) -> str | None:
    """Why a shape cannot be used; a tag is passed over."""
    if shape.tag not in BESIDE:
        return f"it is a {shape.tag[:SHOWN]}, not a box"
    if shape.tag == "box" and not shape.get("label"):
        return "a box has no class"
    try:
        _corners(shape) if shape.tag == "box" else None
    except ValueError:
        return "a box is not four numbers"
    return None


def _corners(box: Element) -> Corners:
    """Turned clockwise by degrees about its middle."""
    x1, y1, x2, y2 = (float(box.get(edge, "nothing")) for edge in EDGES)
    angle = math.radians(float(box.get("rotation", "0")))
    if angle == 0:
        return x1, y1, x2, y2
    if not np.isfinite([x1, y1, x2, y2, angle]).all():
        raise ValueError("it is not finite")
    across, down = abs(x2 - x1) / 2, abs(y2 - y1) / 2
    half_x = across * abs(math.cos(angle)) + down * abs(math.sin(angle))
    half_y = across * abs(math.sin(angle)) + down * abs(math.cos(angle))
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    return middle_x - half_x, middle_y - half_y, middle_x + half_x, middle_y + half_y


def _whole(image: Element, side: str) -> int:
    try:
        return int(image.get(side, ""))
    except ValueError:
        raise ValueError(f"its {side} is no number") from None
