"""`nightshift teachers` on a small labelled folder, with two teachers served from this process."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture
from typer.testing import CliRunner

from infra.cli import app
from tests.contract.small_server import server

CONFIG = """
project: trial
ontology:
  - {{name: plate, prompts: [a white plate]}}
frames: {{source: frames}}
store: {{uri: s3://nowhere/trial}}
teacher:
  name: ensemble
  batch: 8
  members:
    - {{name: http, url: "{sharp}"}}
    - {{name: http, url: "{blind}"}}
"""
FRAMES = 24


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey frames with a white plate each, as YOLO."""
    folder = tmp_path_factory.mktemp("plates")
    (folder / "images").mkdir()
    (folder / "labels").mkdir()
    rng = np.random.default_rng(0)
    for number in range(FRAMES):
        image = np.full((64, 64, 3), 90, np.uint8)
        x, y = rng.integers(0, 40, 2)
        image[y : y + 20, x : x + 20] = 255
        Picture.fromarray(image).save(folder / "images" / f"{number:02d}.png")
        (folder / "labels" / f"{number:02d}.txt").write_text(f"0 {(x + 10) / 64} {(y + 10) / 64} {20 / 64} {20 / 64}\n")
    (folder / "data.yaml").write_text("path: .\ntrain: images\nval: images\nnames: {0: plate}\n")
    return folder


def sharp(request: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
    """Finds every plate."""
    return _answer("sharp@1", [_plate(each) for each in request["images"]])


def blind(request: dict[str, Any]) -> tuple[int, bytes, dict[str, str]]:
    """Finds plates where there are none, surely."""
    wrong = {"boxes": [[0, 0, 8, 8]], "prompts": [0], "scores": [0.95]}
    return _answer("blind@1", [wrong for _ in request["images"]])


def _answer(version: str, images: list[dict[str, Any]]) -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps({"version": version, "images": images}).encode(), {}


def _plate(image: dict[str, Any]) -> dict[str, Any]:
    pixels = np.asarray(Picture.open(io.BytesIO(base64.b64decode(image["png"]))))
    y, x = (int(each.min()) for each in np.nonzero(pixels[:, :, 0] == 255))
    return {"boxes": [[x, y, x + 20, y + 20]], "prompts": [0], "scores": [0.6]}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with server(sharp) as (first, _), server(blind) as (second, _):
        file = tmp_path_factory.mktemp("home") / "nightshift.yaml"
        file.write_text(CONFIG.format(sharp=first, blind=second))
        yield file


def run(*words: str) -> str:
    done = CliRunner().invoke(app, ["teachers", *words])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def test_a_sharp_teacher_is_better_alone_than_with_a_blind_one_and_it_says_so(data: Path, config: Path) -> None:
    said = json.loads(run(str(data), "--config", str(config), "--json"))
    first, second, fused = said["teachers"]
    assert (first["map50"], second["map50"]) == (1.0, 0.0)
    assert second["map50"] < fused["map50"] < first["map50"]
    assert all(each["low"] <= each["map50"] <= each["high"] for each in said["teachers"])
    assert all(each["seconds"] > 0 for each in said["teachers"])
    assert fused["seconds"] >= first["seconds"] + second["seconds"]
    verdict = said["verdicts"]["fused"]
    assert not verdict["use"]
    assert verdict["reason"].startswith(f"Use '{first['name']}' without it")
    (trusted,), (doubted,) = said["trust"]["these frames"]
    assert trusted > 1 > doubted


def test_people_are_shown_a_table_the_verdict_and_the_trust(data: Path, config: Path) -> None:
    shown = run(str(data), "--config", str(config), "--frames", "10")
    assert "Teachers on 10 frames" in shown
    assert "the fusion is better than" in shown
    assert "teacher.members[].trust" in shown
    assert "plate: 1." in shown


def test_labels_of_other_classes_are_no_basis(data: Path, config: Path, tmp_path: Path) -> None:
    other = tmp_path / "nightshift.yaml"
    other.write_text(config.read_text().replace("plate", "cup"))
    done = CliRunner().invoke(app, ["teachers", str(data), "--config", str(other)])
    assert "no label in it is of a class of the ontology" in str(done.exception)
