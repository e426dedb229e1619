"""Pascal VOC: a folder Annotations with one XML file a picture; the pictures in JPEGImages, images or beside it.

Read without labelformat, which takes class names as a list with commas, and opens XML without a guard. Corners are
read as they are, from 0; whole pixels are written, as most readers of VOC expect.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, ParseError, SubElement

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.frames.fields import as_text, box_fields, frame_fields, from_text, read_facts, read_origin
from nightshift.frames.labelled import Labelled, LabelledSet
from nightshift.frames.paths import safe_paths
from nightshift.frames.raw import Corners, RawDataset, RawSample, locate, put, said_of
from nightshift.frames.xml import document

PRECEDENCE = 60
LOST = (
    "parts of a pixel: corners are whole pixels",
    "the order and colours of the classes, and classes without a box",
)
FOLDER = "Annotations"
PICTURES = ("JPEGImages", "images", ".")
NEEDED = ("filename", "size/width", "size/height")
CORNERS = ("xmin", "ymin", "xmax", "ymax")
OURS = "nightshift"  # an element that other readers pass over


def find(folder: Path) -> list[Path]:
    """The label files, in the order of their names."""
    return sorted((folder / FOLDER).rglob("*.xml"))


def read(folder: Path) -> RawDataset:
    """A VOC data set; the classes are those that occur, in the order of their names.

    Raises:
        ConfigError: there is no label file.
    """
    files = find(folder)
    if not files:
        raise ConfigError(str(folder), "it has no label file", f"Expected {FOLDER}/*.xml.")
    roots: dict[str, Element] = {}
    rejected: list[Rejected] = []
    for path in files:
        try:
            roots[path.relative_to(folder / FOLDER).as_posix()] = _checked(parse(path).getroot())
        except (ParseError, DefusedXmlException, OSError, ValueError) as error:
            rejected.append(Rejected(path.name, "the file is malformed", str(error)[:80]))
    names = tuple(sorted({_name(each) for root in roots.values() for each in root.iterfind("object")}))
    samples: list[RawSample] = []
    for file, root in roots.items():
        name = locate(folder, root.findtext("filename", ""), PICTURES)
        if name is None:
            rejected.append(Rejected(file, "its picture is not in the folder", root.findtext("filename", "")[:80]))
        else:
            samples.append(_sample(name, root, names))
    return RawDataset(names, tuple(samples), tuple(rejected))


def write(dataset: LabelledSet, out: Path) -> list[str]:
    """An XML file a frame, under its picture's path, and a list of each split in ImageSets/Main."""
    paths = safe_paths([each.facts for each in dataset.frames])
    for frame, path in zip(dataset.frames, paths, strict=True):
        put(out, _with_suffix(f"{FOLDER}/{path}"), document(_element(frame, path, dataset)))
    for split in sorted({each.facts.split for each in dataset.frames} - {""}):
        listed = (path for frame, path in zip(dataset.frames, paths, strict=True) if frame.facts.split == split)
        put(out, f"ImageSets/Main/{split}.txt", "".join(f"{PurePosixPath(each).with_suffix('')}\n" for each in listed))
    return [f"{PICTURES[0]}/{path}" for path in paths]


def whole_pixels(corners: Corners, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The nearest whole corners of a box inside its picture, with an area: none is moved by more than a pixel."""
    (left, right), (top, bottom) = (_side(corners[i], corners[i + 2], size[i]) for i in (0, 1))
    return left, top, right, bottom


def _side(low: float, high: float, most: int) -> tuple[int, int]:
    first, last = round(low), min(round(high), most)
    if last > first:
        return first, last
    first = min(int(low), most - 1)
    return first, first + 1


def _with_suffix(path: str) -> str:
    return PurePosixPath(path).with_suffix(".xml").as_posix()


def _element(frame: Labelled, path: str, dataset: LabelledSet) -> Element:
    root = Element("annotation")
    SubElement(root, "folder").text = PICTURES[0]
    SubElement(root, "filename").text = path
    size = SubElement(root, "size")
    for name, value in zip(("width", "height", "depth"), (*frame.size, 3), strict=True):
        SubElement(size, name).text = str(value)
    SubElement(root, "segmented").text = "0"
    root.extend(_objects(frame, dataset))
    SubElement(root, OURS, as_text(frame_fields(frame)))
    return root


def _objects(frame: Labelled, dataset: LabelledSet) -> Iterator[Element]:
    labels = frame.labels
    rows = zip(labels.boxes.tolist(), labels.classes.tolist(), labels.scores.tolist(), frame.origins, strict=True)
    for corners, kind, score, origin in rows:
        made = Element("object")
        SubElement(made, "name").text = dataset.names[kind]
        SubElement(made, "pose").text = "Unspecified"
        SubElement(made, "truncated").text = SubElement(made, "difficult").text = "0"
        box = SubElement(made, "bndbox")
        for name, value in zip(CORNERS, whole_pixels(corners, frame.size), strict=True):
            SubElement(box, name).text = str(value)
        SubElement(made, OURS, as_text(box_fields(origin, score)))
        yield made


def _checked(root: Element) -> Element:
    missing = [path for path in NEEDED if not (root.findtext(path) or "").strip()]
    if missing:
        raise ValueError(f"it has no {missing[0]}")
    _size(root)
    for each in root.iterfind("object"):
        if not _name(each):
            raise ValueError("an object has no class name")
        _corners(each)
    return root


def _sample(name: str, root: Element, names: tuple[str, ...]) -> RawSample:
    objects, told = root.findall("object"), _told(root)
    boxes, classes = [_corners(each) for each in objects], [names.index(_name(each)) for each in objects]
    said = said_of(map(_told, objects))
    return RawSample(name, _size(root), boxes, classes, facts=read_facts(told), origin=read_origin(told), said=said)


def _told(element: Element) -> dict[str, object]:
    ours = element.find(OURS)
    return {} if ours is None else from_text(ours.attrib)


def _size(root: Element) -> tuple[int, int]:
    return int(root.findtext("size/width", "")), int(root.findtext("size/height", ""))


def _name(element: Element) -> str:
    return (element.findtext("name") or "").strip()


def _corners(element: Element) -> Corners:
    x1, y1, x2, y2 = (float(element.findtext(f"bndbox/{corner}") or "nothing") for corner in CORNERS)
    return x1, y1, x2, y2
