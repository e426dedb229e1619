"""How YOLO files are read: labelformat finds folders and reads lines; pictures are never opened for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from labelformat.formats.yolov8 import YOLOv8ObjectDetectionInput
from labelformat.model.image import Image
from labelformat.model.object_detection import ImageObjectDetection

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.frames.raw import RawDataset, RawSample, locate, sample
from nightshift.frames.scan import FolderSource, is_picture

SPLITS = ("train", "val", "valid", "test")
FILES = ("data.yaml", "dataset.yaml")


def find(folder: Path) -> list[Path]:
    """data.yaml, if it is there."""
    return [folder / name for name in FILES if (folder / name).is_file()][:1]


def read(folder: Path) -> RawDataset:
    """All splits of a YOLO data set as one.

    Raises:
        ConfigError: data.yaml is missing or malformed.
    """
    files = find(folder)
    if not files:
        raise ConfigError(str(folder), "it has no data.yaml", "Write one with train, val and names.")
    said = _load(files[0])
    samples: dict[str, RawSample] = {}
    rejected: list[Rejected] = []
    for split in (each for each in SPLITS if said.get(each)):
        for found in _read_split(folder, files[0], split):
            if isinstance(found, Rejected):
                rejected.append(found)
            else:
                samples.setdefault(found.name, found)
    return RawDataset(_names(said), tuple(samples.values()), tuple(rejected))


def _read_split(folder: Path, file: Path, split: str) -> Iterator[RawSample | Rejected]:
    reader = _Reader(file, split)
    try:
        # labelformat keeps to itself where it looked, and data.yaml alone does not say (Roboflow writes ../train)
        pictures, texts = reader._images_dir(), reader._labels_dir()  # noqa: SLF001
        base = pictures.resolve().relative_to(folder.resolve()).as_posix()
        names = [each.name for each in reader.get_categories()]
        labels = {each.image.filename: each for each in reader.get_labels()}
        images = list(reader.get_images()) if pictures.is_dir() else []
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ConfigError(f"{file}, {split}", f"it cannot be read: {error}", "Check its paths and names.") from error
    for image in images:
        label = labels.get(image.filename) or ImageObjectDetection(image, [])  # no text file: nothing to see
        name = locate(folder, image.filename, [base])
        lines = _lines((texts / image.filename).with_suffix(".txt"))
        if name and len(label.objects) < lines:
            reason = f"{lines - len(label.objects)} of {lines} lines of its label file are broken"
            yield Rejected(name, reason)
        if name:
            yield sample(name, label, names, relative=True)


class _Reader(YOLOv8ObjectDetectionInput):
    """labelformat's reader without its look at the pictures: a damaged JPEG, or a pipe, would keep it for ever.

    Labels are shares of a picture, so each passes for one of 1 x 1; whoever decodes it says how large it is.
    """

    def get_images(self) -> Iterator[Image]:
        files = FolderSource(self._images_dir()).list() if self._images_dir().is_dir() else iter(())
        names = (each.name for each in files if is_picture(each.name) and not each.name.endswith("/"))
        for number, name in enumerate(names):
            yield Image(number, name, 1, 1)


def _load(file: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), f"it is no YAML: {error}", "Correct it.") from error
    if not isinstance(said, dict) or not said.get("names"):
        raise ConfigError(str(file), "it names no classes", "Write them under names.")
    strange = [each for each in SPLITS if said.get(each) and not isinstance(said[each], str)]
    if strange:
        raise ConfigError(str(file), f"'{strange[0]}' is no folder", "Name one folder of pictures for each split.")
    return said


def _names(said: dict[str, Any]) -> tuple[str, ...]:
    names = said["names"]
    return tuple(str(names[index]) for index in range(len(names)))


def _lines(path: Path) -> int:
    try:
        return sum(bool(line.strip()) for line in path.read_text(errors="replace").splitlines())
    except OSError:
        return 0
