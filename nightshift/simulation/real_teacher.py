"""A real foundation model in a replay: it labels the pictures once, at their own size, and its boxes are kept."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nightshift.config_file import read_config
from nightshift.config_teacher import placed
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame
from nightshift.domain.models import Detector, Progress, no_progress
from nightshift.domain.ontology import Ontology
from nightshift.frames.decode import decode
from nightshift.teachers import open_teacher


def open_from(config: Path, names: Sequence[str]) -> tuple[Detector, int]:
    """The teacher of a nightshift.yaml, in the classes of a data set, and how many pictures it takes at once.

    Args:
        config: the file; its ontology says with which prompts classes are looked for.
        names: classes of the data set; each must be in the ontology.

    Raises:
        ConfigError: a class is missing, or the file names a teacher that cannot label without a champion.
    """
    said = read_config(config)
    known = {each.name: each for each in said.classes.classes}
    missing = [each for each in names if each not in known]
    if missing:
        raise ConfigError(str(config), f"its ontology lacks the class '{missing[0]}'", "Add it with its prompts.")
    spec = placed(said.teacher_spec, config)
    teacher = open_teacher(spec, Ontology(tuple(known[each] for each in names)), None)
    if teacher is None:
        reason = f"its teacher '{spec.name}' cannot label before there is a champion"
        raise ConfigError(str(config), reason, "Name a zero-shot teacher, or use --teacher none.")
    return teacher, spec.batch


def label(
    teacher: Detector, source: Path, frames: Sequence[Frame], batch: int, kept: Path, progress: Progress = no_progress
) -> dict[str, Detections]:
    """Frame id → what the teacher finds, in the pixels of the small copies.

    Args:
        teacher: who labels.
        source: folder of the pictures; a frame's name is its path there.
        frames: small copies; their width and height say how small.
        batch: pictures at once.
        kept: file in which the boxes of this teacher are kept.
        progress: told after each batch.
    """
    if kept.exists():
        return {key: _from_plain(each) for key, each in json.loads(kept.read_text(encoding="utf-8")).items()}
    found: dict[str, Detections] = {}
    for start in range(0, len(frames), batch):
        some = frames[start : start + batch]
        images = [decode((source / each.name).read_bytes(), each.name) for each in some]
        for frame, image, boxes in zip(some, images, teacher.detect(images), strict=True):
            found[frame.id] = _shrunk(boxes, frame.width / image.shape[1], frame.height / image.shape[0])
        progress(len(found), len(frames))
    kept.parent.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(".part")
    part.write_text(json.dumps({key: _plain(each) for key, each in found.items()}), encoding="utf-8")
    part.replace(kept)
    return found


def _shrunk(boxes: Detections, across: float, down: float) -> Detections:
    return Detections(boxes.boxes * np.array([across, down, across, down], np.float32), boxes.classes, boxes.scores)


def _plain(boxes: Detections) -> list[list[float]]:
    return [boxes.boxes.ravel().tolist(), boxes.classes.tolist(), boxes.scores.tolist()]


def _from_plain(said: Sequence[Sequence[float]]) -> Detections:
    boxes, classes, scores = said
    return Detections.of(np.reshape(boxes, (-1, 4)), np.array(classes, np.int64), scores)
