"""How tasks that Label Studio exported as JSON are read: ours, or any other project's with labelled rectangles.

Of several answers to a task the latest counts, and the others are returned with that reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.domain.percent import Box, Size, hull
from nightshift.frames.fields import read_facts, read_origin
from nightshift.frames.labelled import MODELS
from nightshift.frames.raw import Corners, RawDataset, RawSample, Said, is_number, load_json, locate, said_of

FILE, INTERFACE, PICTURES = "tasks.json", "label_config.xml", "images"
KIND, META = "rectanglelabels", "meta"
PERCENT = ("x", "y", "width", "height")
PLAUSIBLE = 1e4  # percent, and degrees
SHOWN = 80  # characters of a value
REMEDY = "Export the project from Label Studio again, as JSON (not JSON-MIN)."


def find(folder: Path) -> list[Path]:
    """tasks.json, or every other JSON file of the folder that is a list of tasks."""
    if (folder / FILE).is_file():
        return [folder / FILE]
    return [path for path in sorted(folder.glob("*.json")) if _is_tasks(path)]


def read(folder: Path) -> RawDataset:
    """The tasks that somebody has answered; of ours also those that hold auto-labels.

    Raises:
        ConfigError: there are none, or a file is malformed.
    """
    files = find(folder)
    if not files:
        raise ConfigError(str(folder), "it has no tasks of Label Studio", REMEDY)
    found = [_Task(folder, each) for path in files for each in _load(path)]
    occurring = sorted({name for each in found for name in each.labels})
    names = tuple(dict.fromkeys([*_declared(folder / INTERFACE), *occurring]))
    samples = tuple(each.sample(names) for each in found if each.name)
    return RawDataset(names, samples, tuple(rejected for each in found for rejected in each.rejected))


class _Task:
    """One task: its picture, and the boxes that can be used."""

    def __init__(self, folder: Path, given: object) -> None:
        task = given if isinstance(given, Mapping) else {}
        data = task.get("data")
        self._data: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
        self.rejected: list[Rejected] = []
        self.labels: list[str] = []
        self._boxes: list[Corners] = []
        self._told: list[object] = []
        self._subject = f"task {task.get('id', self._data.get('frame_id', '?'))}"[:SHOWN]
        self.name = next((each for each in _pictures(folder, self._data)), None)
        regions = self._regions(task)
        self._size = _size(self._data, regions or [])
        if regions is None:
            self._refuse("nobody has answered it")
        elif self.name is None:
            self._refuse("its picture is not in the folder")
        for region in regions or ():
            self._take(region)

    def sample(self, names: Sequence[str]) -> RawSample:
        """With its classes as indices."""
        kinds, size = [names.index(each) for each in self.labels], self._size or (1, 1)
        facts, origin, said = read_facts(self._data), read_origin(self._data), self._said()
        return RawSample(self.name or "", size, self._boxes, kinds, self._size is None, facts, origin, said)

    def _said(self) -> Sequence[Said | None]:
        return said_of(self._told)

    def _refuse(self, reason: str) -> None:
        self.rejected.append(Rejected(self._subject, reason))
        self.name = None

    def _regions(self, task: Mapping[str, Any]) -> list[Any] | None:
        """What the answer that counts says; None where there is no answer."""
        listed = task.get("annotations")
        answers = [each for each in listed if _counts(each)] if isinstance(listed, list) else []
        answers.sort(key=lambda each: (str(each.get("updated_at", "")), str(each.get("id", ""))))
        older = (
            Rejected(self._subject, "a later answer to the task counts", str(each.get("id"))) for each in answers[:-1]
        )
        self.rejected += older
        origin = read_origin(self._data)
        models = task.get("predictions") if origin and origin.source in MODELS else None
        predicted = [each for each in models if _counts(each)] if isinstance(models, list) else []
        if not answers and not predicted:
            return None
        return [region for each in (*answers[-1:], *predicted) for region in each["result"]]

    def _take(self, region: object) -> None:
        try:
            label, box = _box(region, self._size)
        except (KeyError, TypeError, ValueError) as error:
            reason = str(error) if type(error) is ValueError else "a region is malformed"
            self.rejected.append(Rejected(self.name or self._subject, reason, str(region)[:SHOWN]))
            return
        self.labels.append(label)
        self._boxes.append(box)
        self._told.append(region.get(META) if isinstance(region, Mapping) else None)


def _declared(interface: Path) -> list[str]:
    """Classes in the order of the interface, where it lies beside; it is no error if it does not, or is none."""
    try:
        labels = parse(interface).getroot().iterfind(".//RectangleLabels/Label")
        return [name for each in labels if (name := each.get("value"))]
    except (ParseError, DefusedXmlException, OSError, ValueError):
        return []


def _counts(answer: object) -> bool:
    return isinstance(answer, Mapping) and not answer.get("was_cancelled") and isinstance(answer.get("result"), list)


def _box(region: Any, size: Size | None) -> tuple[str, Corners]:
    """The class and corners of a rectangle.

    Raises:
        ValueError: it is none, or cannot be used.
    """
    value, kind = region["value"], region["type"]
    if kind != KIND:
        raise ValueError(f"a region is of type '{str(kind)[:SHOWN]}', not a labelled rectangle")
    if region.get("image_rotation"):
        raise ValueError("the picture was turned under a region")
    drawn = (region["original_width"], region["original_height"])
    if size is None or drawn != size:
        raise ValueError("a region was drawn on a picture of another size")
    (label,) = value[KIND]
    numbers = [value[each] for each in PERCENT] + [value.get("rotation") or 0]
    if not isinstance(label, str) or not label or not all(is_number(each, PLAUSIBLE) for each in numbers):
        raise ValueError("a region has no class, or is not made of numbers")
    if numbers[2] < 0 or numbers[3] < 0:
        raise ValueError("a region's width or height is negative")
    x1, y1, x2, y2 = hull(Box(*numbers), size).tolist()
    return label, (x1, y1, x2, y2)


def _size(data: Mapping[str, Any], regions: Sequence[object]) -> Size | None:
    """(width, height) of the picture; None where nobody says."""
    drawn = (each for each in regions if isinstance(each, Mapping))
    given = [(data.get("width"), data.get("height"))]
    given += [(each.get("original_width"), each.get("original_height")) for each in drawn]
    sizes = ((_side(width), _side(height)) for width, height in given)
    return next(((width, height) for width, height in sizes if width and height), None)


def _side(given: object) -> int:
    """Pixels; 0 for what is no side of a picture."""
    return given if isinstance(given, int) and not isinstance(given, bool) and 0 < given < 1 << 20 else 0


def _pictures(folder: Path, data: Mapping[str, Any]) -> Iterator[str]:
    """Where a task's picture may lie: as an export of ours says; else by any address that the task holds."""
    picture = data.get("picture")
    texts = [picture] if isinstance(picture, str) else [each for each in data.values() if isinstance(each, str)]
    for text in texts:
        for said in _tails(text):
            found = locate(folder, said, (".", PICTURES))
            if found:
                yield found


def _tails(text: str) -> Iterator[str]:
    """a/b.png of an address, then b.png, and without what Label Studio puts before an uploaded file's name."""
    yield text
    with suppress(ValueError):
        parts = urlsplit(text)
        path = parse_qs(parts.query).get("d", [unquote(parts.path)])[0].lstrip("/")
        names = PurePosixPath(path).parts
        yield from ("/".join(names[start:]) for start in range(len(names)))
        yield PurePosixPath(path).name.partition("-")[2]


def _load(path: Path) -> list[object]:
    content = load_json(path, REMEDY)
    if not isinstance(content, list):
        raise ConfigError(str(path), "it is no list of tasks", REMEDY)
    return content


def _is_tasks(path: Path) -> bool:
    try:
        content = _load(path)
    except ConfigError:
        return False
    return any(isinstance(each, Mapping) and "data" in each and "annotations" in each for each in content[:10])
