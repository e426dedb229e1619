"""What a project makes of its configuration before any server is needed."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nightshift.config import Config
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.project import Project


def _project(home: Path, **frames: Any) -> Project:
    content = {
        "project": "p",
        "ontology": [{"name": "bolt"}, {"name": "nut"}],
        "frames": {"source": "data", **frames},
        "store": {"uri": "s3://bucket/p"},
    }
    return Project(Config.model_validate(content), home)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(folder / "a.png")
    labels = {
        "images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}],
        "categories": [{"id": 7, "name": "nut"}, {"id": 9, "name": "spring"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 7, "bbox": [5, 5, 10, 10], "area": 100, "iscrowd": 0},
            {"id": 2, "image_id": 1, "category_id": 9, "bbox": [20, 5, 10, 10], "area": 100, "iscrowd": 0},
        ],
    }
    (folder / "coco.json").write_text(json.dumps(labels))
    return folder


@pytest.mark.usefixtures("data")
def test_labels_of_a_data_set_come_in_the_classes_of_the_ontology(tmp_path: Path) -> None:
    known = _project(tmp_path, format="coco").labelled()
    assert known is not None
    assert known.samples["a.png"] == Detections.of([[5, 5, 15, 15]], [1])
    assert [(each.subject, each.reason) for each in known.rejected] == [("class spring", "the ontology lacks it")]


@pytest.mark.usefixtures("data")
def test_plain_pictures_bring_no_labels_even_where_some_lie_beside_them(tmp_path: Path) -> None:
    assert _project(tmp_path).labelled() is None


def test_labels_in_a_bucket_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Copy the data set to a folder"):
        _project(tmp_path, source="s3://cameras/line", format="coco").labelled()


def test_missing_servers_are_told_by_the_variable_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    with pytest.raises(ConfigError, match=r"LABEL_STUDIO_URL: is not set\. Run `nightshift up`"):
        _ = _project(tmp_path).desk


def test_copies_of_frames_lie_beside_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NIGHTSHIFT_CACHE", raising=False)
    assert _project(tmp_path).workspace == tmp_path / ".nightshift" / "cache" / "p"
