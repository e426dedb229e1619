"""Pascal VOC: a folder Annotations with one XML file a picture; the pictures in JPEGImages, images or beside it."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse
from labelformat.formats.pascalvoc import PascalVOCObjectDetectionInput
from labelformat.model.object_detection import ImageObjectDetection

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.frames.formats.raw import RawDataset, RawSample, locate, sample

FOLDER = "Annotations"
PICTURES = ("JPEGImages", "images", ".")
NEEDED = ("filename", "size/width", "size/height")
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def find(folder: Path) -> list[Path]:
    """The label files, in the order of their names."""
    return sorted((folder / FOLDER).glob("*.xml"))


def read(folder: Path) -> RawDataset:
    """A VOC data set; the classes are those that occur, in the order of their names.

    Raises:
        ConfigError: there is no label file.
    """
    files = find(folder)
    if not files:
        raise ConfigError(str(folder), "it has no label file", f"Expected {FOLDER}/*.xml.")
    sound, rejected, names = _sorted_out(files)
    samples: list[RawSample] = []
    for path in sound:
        label = _label(path, names)
        name = locate(folder, label.image.filename, PICTURES)
        if name is None:
            rejected.append(Rejected(path.name, "its picture is not in the folder", label.image.filename[:80]))
        else:
            samples.append(sample(name, label, names))
    return RawDataset(names, tuple(samples), tuple(rejected))


def _sorted_out(files: list[Path]) -> tuple[list[Path], list[Rejected], tuple[str, ...]]:
    """Files that labelformat can read, those it cannot, and every class that occurs."""
    sound: list[Path] = []
    rejected: list[Rejected] = []
    names: set[str] = set()
    for path in files:
        try:
            root = parse(path).getroot()
            _check(root)
        except (ParseError, DefusedXmlException, OSError, ValueError) as error:
            rejected.append(Rejected(path.name, "the file is malformed", str(error)[:80]))
            continue
        sound.append(path)
        names.update(str(each.findtext("name")) for each in root.findall("object"))
    return sound, rejected, tuple(sorted(names))


def _check(root: Element) -> None:
    missing = [path for path in NEEDED if not (root.findtext(path) or "").strip()]
    if missing:
        raise ValueError(f"it has no {missing[0]}")
    int(root.findtext("size/width", "")), int(root.findtext("size/height", ""))
    for each in root.findall("object"):
        name = each.findtext("name") or ""
        if not name or "," in name:
            raise ValueError(f"'{name}' is no class name")
        for corner in CORNERS:
            float(each.findtext(f"bndbox/{corner}") or "nothing")


def _label(path: Path, names: tuple[str, ...]) -> ImageObjectDetection:
    """Each file is shown to labelformat alone: it reads whole folders, in any order."""
    with TemporaryDirectory() as scratch:
        shutil.copy(path, scratch)
        (label,) = PascalVOCObjectDetectionInput(Path(scratch), ",".join(names)).get_labels()
    return label
