"""A real teacher in a replay: asked once, at the pictures' own size, its boxes in the pixels of the small copies."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from nightshift.config_template import template
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame, Split, frame_id
from nightshift.domain.models import Image
from nightshift.simulation.real_teacher import label, open_from


class Corner:
    """Finds the upper left quarter of every picture, and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    @property
    def version(self) -> str:
        return "corner@1"

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.calls += 1
        return [Detections.of([[0, 0, i.shape[1] / 2, i.shape[0] / 2]], [0], [0.5]) for i in images]


def _frames(folder: Path, number: int) -> list[Frame]:
    frames = []
    for i in range(number):
        Picture.fromarray(np.full((40, 80, 3), i, np.uint8)).save(folder / f"{i}.png")
        ident = frame_id((folder / f"{i}.png").read_bytes())
        frames.append(Frame(ident, "file:///x", 20, 10, str(i), Split.POOL, f"{i}.png", 0))
    return frames


def test_boxes_lie_in_the_pixels_of_the_small_copies(tmp_path: Path) -> None:
    found = label(Corner(), tmp_path, _frames(tmp_path, 3), 2, tmp_path / "kept.json")
    assert len(found) == 3
    assert all(each.boxes.tolist() == [[0, 0, 10, 5]] for each in found.values())


def test_a_teacher_is_asked_once_and_its_boxes_are_kept(tmp_path: Path) -> None:
    frames, teacher = _frames(tmp_path, 3), Corner()
    first = label(teacher, tmp_path, frames, 2, tmp_path / "kept.json")
    assert label(teacher, tmp_path, frames, 2, tmp_path / "kept.json") == first
    assert teacher.calls == 2


def test_a_class_that_the_file_does_not_prompt_for_is_told(tmp_path: Path) -> None:
    config = tmp_path / "nightshift.yaml"
    config.write_text(template())
    with pytest.raises(ConfigError, match="lacks the class 'unicorn'"):
        open_from(config, ["unicorn"])
