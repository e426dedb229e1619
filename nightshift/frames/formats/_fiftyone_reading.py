"""How a FiftyOneDataset is read: ours, or any other whose labels are boxes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.frames.fields import read_facts, read_origin
from nightshift.frames.raw import Corners, RawDataset, RawSample, is_number, load_json, locate, said_of

FILES = ("metadata.json", "samples.json")
PICTURES = "data"
PEOPLE, MODEL = "ground_truth", "auto_labels"
OURS = "nightshift"  # in the metadata: both fields are labels
FRAME = "origin"  # of a sample: who labelled it as a whole
MOST = 1e6  # pictures' sides; nothing real is beyond
SHOWN = 80  # characters of a value
REMEDY = "Export the data set again as fiftyone.types.FiftyOneDataset."


def find(folder: Path) -> list[Path]:
    """Both files, or none."""
    found = [folder / name for name in FILES]
    return found if all(each.is_file() for each in found) else []


def read(folder: Path) -> RawDataset:
    """The samples that have a field of boxes; one whose field is missing was not labelled.

    Raises:
        ConfigError: a file is missing or malformed, or nobody can tell which field holds the labels.
    """
    if not find(folder):
        raise ConfigError(str(folder), "it has no metadata.json with samples.json", REMEDY)
    metadata, content = (load_json(folder / name, REMEDY) for name in FILES)
    listed = content.get("samples") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not isinstance(metadata, dict):
        raise ConfigError(str(folder / FILES[1]), "it holds no samples", REMEDY)
    fields = _fields(folder, metadata, listed)
    found = [_Found(folder, f"sample {number}", each, fields) for number, each in enumerate(listed)]
    names = tuple(dict.fromkeys([*_classes(metadata), *sorted({name for each in found for name in each.labels})]))
    samples = tuple(each.sample(names) for each in found if each.name)
    return RawDataset(names, samples, tuple(rejected for each in found for rejected in each.rejected))


class _Found:
    """One sample: its picture and the boxes that can be used."""

    def __init__(self, folder: Path, subject: str, given: object, fields: Sequence[str]) -> None:
        self.rejected: list[Rejected] = []
        self.labels: list[str] = []
        self._boxes: list[Corners] = []
        self._given = given if isinstance(given, Mapping) else {}
        said = self._given.get("filepath")
        self.name = locate(folder, *_places(said)) if isinstance(said, str) else None
        there = [self._given[field] for field in fields if self._given.get(field) is not None]
        if self.name is None:
            self.rejected.append(Rejected(subject, "its picture is not in the folder", str(said)[:SHOWN]))
        elif not there:
            self.name, reason = None, f"it has no {' and no '.join(fields)}, so nobody has labelled it"
            self.rejected.append(Rejected(subject, reason, str(said)[:SHOWN]))
        self._told = [each for each in _detections(there) if self._take(each, subject)]

    def sample(self, names: Sequence[str]) -> RawSample:
        """With its classes as indices. Shares hold for any size, but a size that is said must be the picture's."""
        width, height = _size(self._given.get("metadata"))
        boxes = [(x * width, y * height, (x + w) * width, (y + h) * height) for x, y, w, h in self._boxes]
        kinds = [names.index(each) for each in self.labels]
        facts, origin = read_facts(self._given), read_origin(self._given.get(FRAME))
        said = said_of({**each, "score": each.get("confidence")} for each in self._told)
        return RawSample(self.name or "", (width, height), boxes, kinds, (width, height) == (1, 1), facts, origin, said)

    def _take(self, detection: object, subject: str) -> bool:
        box = detection.get("bounding_box") if isinstance(detection, Mapping) else None
        label = detection.get("label") if isinstance(detection, Mapping) else None
        if not isinstance(label, str) or not label:
            reason = "a box has no class"
        elif not isinstance(box, list) or len(box) != 4 or not all(is_number(each, MOST) for each in box):  # noqa: PLR2004
            reason = "its box is not four finite numbers"
        else:
            self.labels.append(label)
            self._boxes.append((box[0], box[1], box[2], box[3]))
            return True
        self.rejected.append(Rejected(self.name or subject, reason, str(detection)[:SHOWN]))
        return False


def _places(said: str) -> tuple[str, Sequence[str]]:
    """What a path is called, and where to look: as it is; by its last part where it is of another machine."""
    absolute = PurePosixPath(said.replace("\\", "/")).is_absolute()
    return (PurePosixPath(said).name, (PICTURES, ".")) if absolute else (said, (".", PICTURES))


def _detections(there: Sequence[object]) -> Iterator[Any]:
    for each in there:
        listed = each.get("detections") if isinstance(each, Mapping) else None
        yield from listed if isinstance(listed, list) else [None]


def _size(given: object) -> tuple[int, int]:
    sides = [given.get(side) for side in ("width", "height")] if isinstance(given, Mapping) else []
    known = [int(each) for each in sides if isinstance(each, int | float) and 1 <= each < MOST]
    return (known[0], known[1]) if len(known) == 2 else (1, 1)  # noqa: PLR2004


def _fields(folder: Path, metadata: Mapping[str, Any], listed: Sequence[object]) -> tuple[str, ...]:
    """Which fields hold the labels."""
    info = metadata.get("info")
    if isinstance(info, dict) and OURS in info:
        return PEOPLE, MODEL
    samples = [each for each in listed if isinstance(each, Mapping)]
    found = sorted({name for each in samples for name, value in each.items() if _holds_boxes(value)})
    if PEOPLE in found or len(found) == 1:
        return (PEOPLE,) if PEOPLE in found else (found[0],)
    reason = f"several fields hold boxes: {', '.join(found)[:SHOWN]}" if found else "no field holds boxes"
    raise ConfigError(str(folder / FILES[1]), reason, f"Call the field with the labels {PEOPLE}.")


def _holds_boxes(value: object) -> bool:
    return isinstance(value, Mapping) and value.get("_cls") == "Detections"


def _classes(metadata: Mapping[str, Any]) -> list[str]:
    info = metadata.get("info")
    said = [info.get("default_classes")] if isinstance(info, dict) else []
    classes = next((each for each in [*said, metadata.get("default_classes")] if isinstance(each, list)), [])
    return [each for each in classes if isinstance(each, str)]
