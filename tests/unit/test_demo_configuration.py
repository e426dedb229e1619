import json
from pathlib import Path

import pytest

from infra.demo.configuration import PROMPTS, write_coco_config, write_line_config
from nightshift.config_file import check_names, read_config
from nightshift.domain.errors import ConfigError
from nightshift.families import known_names
from nightshift.frames.clips import ClipRules


def test_the_factory_line_is_a_valid_project_with_every_class_of_the_line(tmp_path: Path) -> None:
    path = write_line_config(tmp_path, tmp_path / "line")
    config = read_config(path)
    check_names(config, path, known_names())
    assert config.classes.names == tuple(PROMPTS)


def test_any_coco_folder_becomes_a_project_without_a_foundation_model(tmp_path: Path) -> None:
    data = tmp_path / "cells"
    data.mkdir()
    categories = [{"id": 2, "name": "red"}, {"id": 1, "name": "white"}]
    (data / "coco.json").write_text(json.dumps({"categories": categories, "images": [], "annotations": []}))
    config = read_config(write_coco_config(tmp_path, data))
    assert config.classes.names == ("white", "red")
    assert config.teacher.name == "champion"


def test_frames_of_a_coco_folder_are_clips_of_their_own(tmp_path: Path) -> None:
    data = tmp_path / "cells"
    data.mkdir()
    (data / "coco.json").write_text(json.dumps({"categories": [{"id": 1, "name": "a"}]}))
    rules = ClipRules.of(read_config(write_coco_config(tmp_path, data)))
    assert rules.clip("images/1.jpg") != rules.clip("images/2.jpg")


@pytest.mark.parametrize("content", [None, "no json", "{}", '{"categories": [{"id": 1}]}'])
def test_a_folder_that_is_no_coco_is_refused_with_what_is_expected(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "coco.json").write_text(content)
    with pytest.raises(ConfigError, match=r"coco\.json and images"):
        write_coco_config(tmp_path / "home", tmp_path)
