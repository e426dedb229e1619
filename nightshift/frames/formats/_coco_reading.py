"""How COCO files are read: labelformat reads them, one bad annotation never costs a file, and who says so is kept."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from labelformat.formats.coco import COCOObjectDetectionInput
from labelformat.model.object_detection import ImageObjectDetection

from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Rejected
from nightshift.frames.fields import read_facts, read_origin
from nightshift.frames.raw import RawDataset, RawSample, is_number, load_json, locate, said_of, sample

PARTS = ("images", "annotations", "categories")
FIELD = "attributes"  # of an annotation, as other tools write them
FRAME = "nightshift"  # of an image
MOST = 1e9  # pixels; nothing real is beyond, and no float overflows
REMEDY = "Export the data set again as COCO detection JSON."


def find(folder: Path) -> list[Path]:
    """The label files: coco.json, or all of annotations/*.json and */_annotations.coco.json that hold boxes."""
    if (folder / "coco.json").is_file():
        return [folder / "coco.json"]
    patterns = ("annotations/*.json", "_annotations.coco.json", "*/_annotations.coco.json")
    found = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    return [path for path in found if _has_boxes(path)]


def read(folder: Path) -> RawDataset:
    """All of a folder's COCO files as one; classes are told apart by name.

    Raises:
        ConfigError: there is none, or one is malformed.
    """
    files = find(folder)
    if not files:
        raise ConfigError(str(folder), "it has no COCO file", "Expected coco.json or annotations/*.json.")
    contents = [_load(path) for path in files]
    names = tuple(dict.fromkeys(name for content in contents for name in _names(content)))
    samples: list[RawSample] = []
    rejected: list[Rejected] = []
    for path, content in zip(files, contents, strict=True):
        sound, broken = _sound(content, path.name)
        rejected += broken
        for found in _samples(folder, path, sound, names):
            if isinstance(found, Rejected):
                rejected.append(found)
            else:
                samples.append(found)
    return RawDataset(names, tuple(samples), tuple(rejected))


def _samples(folder: Path, path: Path, sound: dict[str, Any], names: Sequence[str]) -> Iterator[RawSample | Rejected]:
    """Each picture of a file, with what labelformat leaves out: who says so."""
    bases = _bases(folder, path)
    images = {each["id"]: each for each in sound["images"] if _is_id(each.get("id"))}
    fields = defaultdict(list)
    for each in sound["annotations"]:
        fields[each["image_id"]].append(each[FIELD])
    for label in _labels(sound, path):
        name = locate(folder, label.image.filename, bases)
        if name is None:
            yield Rejected(label.image.filename, "the picture is not in the folder", path.name)
            continue
        told = images[label.image.id].get(FRAME)
        facts, origin, said = read_facts(told), read_origin(told), said_of(fields[label.image.id])
        yield replace(sample(name, label, names), facts=facts, origin=origin, said=said)


def _bases(folder: Path, path: Path) -> list[str]:
    """Where pictures lie: beside the file, in images/, or in a folder named like the file's split."""
    beside = path.parent.relative_to(folder).as_posix()
    split = path.stem.removeprefix("instances_")
    return list(dict.fromkeys([beside, ".", f"{beside}/images", "images", split, f"images/{split}"]))


def _load(path: Path) -> dict[str, Any]:
    content = load_json(path, REMEDY)
    if not isinstance(content, dict) or not all(isinstance(content.get(part), list) for part in PARTS):
        raise ConfigError(str(path), f"it lacks one of {', '.join(PARTS)}", REMEDY)
    if not all(isinstance(each, dict) for part in PARTS for each in content[part]):
        raise ConfigError(str(path), f"something in {', '.join(PARTS)} is no object", REMEDY)
    return content


def _has_boxes(path: Path) -> bool:
    """Key points, captions and panoptic files lie in the same folder, and some other tools' JSON too."""
    try:
        content = _load(path)
    except ConfigError:
        return False
    return any("bbox" in each for each in content["annotations"][:10])


def _names(content: Mapping[str, Any]) -> list[str]:
    try:
        return [str(each["name"]) for each in sorted(content["categories"], key=lambda each: int(each["id"]))]
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError("COCO categories", f"one lacks a name or a number: {error}", REMEDY) from error


def _sound(content: Mapping[str, Any], file: str) -> tuple[dict[str, Any], list[Rejected]]:
    """What labelformat can read; one bad annotation would cost it the whole file."""
    images, kinds = ({each.get("id") for each in content[part] if _is_id(each.get("id"))} for part in PARTS[::2])
    kept, rejected = [], []
    for each in content["annotations"]:
        reason = _flaw(each, images, kinds)
        if reason:
            rejected.append(Rejected(f"{file}, annotation {each.get('id')}", reason, str(each.get("bbox"))[:80]))
        else:
            kept.append({part: each.get(part) for part in ("image_id", "category_id", "bbox", FIELD)})
    return {**{part: content[part] for part in PARTS}, "annotations": kept}, rejected


def _flaw(annotation: Mapping[str, Any], images: set[Any], kinds: set[Any]) -> str | None:
    image, kind, box = (annotation.get(each) for each in ("image_id", "category_id", "bbox"))
    if not _is_id(image) or image not in images:
        return "it belongs to no image of the file"
    if not _is_id(kind) or kind not in kinds:
        return "it has no category of the file"
    if annotation.get("iscrowd"):
        return "it marks a crowd, not one object"
    if not isinstance(box, list) or len(box) != 4 or not all(is_number(each, MOST) for each in box):  # noqa: PLR2004
        return "its box is not four finite numbers"
    return None


def _is_id(given: object) -> bool:
    return isinstance(given, int | str)


def _labels(content: Mapping[str, Any], path: Path) -> Sequence[ImageObjectDetection]:
    try:
        with TemporaryDirectory() as scratch:
            file = Path(scratch) / "coco.json"
            file.write_text(json.dumps(content))
            return list(COCOObjectDetectionInput(file).get_labels())
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(str(path), f"it is malformed: {type(error).__name__} {error}", REMEDY) from error
