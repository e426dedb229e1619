"""Files that run a program when unpickled, handed to every loader: none runs, and the error says what to do."""

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from nightshift.config import Config
from nightshift.domain.detections import Detections
from nightshift.domain.errors import Damaged, ModelError
from nightshift.domain.models import Example, Hyper
from nightshift.domain.rounds import Weights
from nightshift.project import Project
from nightshift.services.store.s3 import Store
from nightshift.students import open_student
from nightshift.yolo.weights import check_digest, load_network
from tests.contract.tiny_checkpoints import save, teacher

pytestmark = pytest.mark.slow
HYPER = Hyper(model="yolo11p", image_size=64, steps=1, batch=2, seed=0, device="cpu")


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it ran"


@pytest.fixture(params=["a checkpoint", "a bare pickle", "an old file"])
def bomb(request: pytest.FixtureRequest, marker: Path, tmp_path: Path) -> Path:
    """The same program in each kind of file that torch.load opens."""
    return _bomb(tmp_path / "weights.pt", marker, request.param)


@pytest.fixture
def one_bomb(marker: Path, tmp_path: Path) -> Path:
    """As a checkpoint alone, where each attempt is a process of its own."""
    return _bomb(tmp_path / "weights.pt", marker, "a checkpoint")


def _bomb(path: Path, marker: Path, kind: str) -> Path:
    content = {"model": Bomb(marker), "train_args": {}}
    if kind == "a bare pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "a checkpoint")
    return path


def test_the_bomb_is_one(bomb: Path, marker: Path) -> None:
    """Otherwise the tests below would show nothing."""
    with suppress(RuntimeError):  # of a bare pickle torch says, afterwards, that it is no file of its own
        torch.load(bomb, weights_only=False)
    assert marker.exists()


def test_a_student_that_runs_a_program_is_not_opened(bomb: Path, marker: Path) -> None:
    with pytest.raises(ModelError, match="Delete it and train or fetch it again"):
        open_student("ultralytics").open(bomb, HYPER)
    assert not marker.exists()


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    path = tmp_path / "a.png"
    Image.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(path)
    return [Example(path, Detections.of([[5, 5, 40, 40]], [0]), human=True)] * 2


def test_training_does_not_run_what_its_start_holds(
    one_bomb: Path, marker: Path, examples: list[Example], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="Delete it and train or fetch it again"):
        open_student("ultralytics").fit(examples, ["bolt"], one_bomb, tmp_path / "out", HYPER)
    assert not marker.exists()


def test_published_weights_that_run_a_program_are_refused(
    one_bomb: Path, marker: Path, examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").mkdir()
    shutil.copy(one_bomb, tmp_path / "cache" / "yolo11p.pt")
    monkeypatch.setenv("NIGHTSHIFT_WEIGHTS", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match="Delete it and train or fetch it again"):
        open_student("ultralytics").fit(examples, ["bolt"], None, tmp_path / "out", HYPER)
    assert not marker.exists()


LATE = """if True:
    import os, sys
    os.environ.pop("ULTRALYTICS_SAFE_LOAD", None)
    import ultralytics.nn.tasks
    from pathlib import Path
    from nightshift.domain.errors import ModelError
    from nightshift.domain.models import Hyper
    from nightshift.students import open_student
    try:
        open_student("ultralytics").open(Path(sys.argv[1]), Hyper("yolo11p", 64, 1, 2, 0, "cpu"))
    except ModelError as error:
        print(error)
"""


def test_ultralytics_that_somebody_imported_before_is_not_trusted(one_bomb: Path, marker: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LATE, str(one_bomb)], capture_output=True, text=True, check=True)
    assert "Set ULTRALYTICS_SAFE_LOAD=true" in done.stdout
    assert not marker.exists()


def test_a_file_that_is_not_there_is_looked_for_nowhere_else(tmp_path: Path) -> None:
    for name in ("yolo11n.pt", "o'brien.pt"):
        with pytest.raises(ModelError, match="there is no such file"):
            load_network(tmp_path / name)


def test_weights_whose_digest_changed_on_the_way_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    path.write_bytes(b"other")
    with pytest.raises(ModelError, match="not the file whose digest was recorded"):
        check_digest(path, "ab" * 32)
    with pytest.raises(ModelError, match="cannot be read"):
        check_digest(tmp_path / "none.pt", "ab" * 32)


def _project(store: Store, home: Path) -> Project:
    said = {"project": "p", "ontology": [{"name": "bolt"}], "frames": {"source": "f"}, "store": {"uri": "s3://b/p"}}
    project = Project(Config.model_validate(said), home)
    project.__dict__["store"] = store
    return project


def test_a_file_put_into_the_cache_under_the_right_name_is_replaced_by_the_real_one(
    quick_store: Store, tmp_path: Path, one_bomb: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIGHTSHIFT_CACHE", raising=False)
    real = b"the weights"
    weights = Weights(0, "rounds/0000/student/w.pt", hashlib.sha256(real).hexdigest())
    quick_store.write(weights.key, real)
    project = _project(quick_store, tmp_path)
    path = project.weights_file(weights)
    shutil.copy(one_bomb, path)
    assert project.weights_file(weights).read_bytes() == real


def test_a_champion_that_was_exchanged_in_the_store_is_damaged(
    quick_store: Store, tmp_path: Path, one_bomb: Path, marker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIGHTSHIFT_CACHE", raising=False)
    weights = Weights(0, "rounds/0000/student/w.pt", "ab" * 32)
    quick_store.write(weights.key, one_bomb.read_bytes())
    with pytest.raises(Damaged):
        _project(quick_store, tmp_path).detector(weights)
    assert not marker.exists()


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return save("owlv2", tmp_path)


def test_a_teacher_that_comes_as_a_pickle_is_refused(checkpoint: Path, marker: Path) -> None:
    tensors = load_file(checkpoint / "model.safetensors")
    (checkpoint / "model.safetensors").unlink()
    torch.save({**tensors, "bomb": Bomb(marker)}, checkpoint / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"model\.safetensors there"):
        teacher(checkpoint)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("config.json", "AutoConfig"),
        ("config.json", "AutoModelForZeroShotObjectDetection"),
        ("processor_config.json", "AutoProcessor"),
        ("tokenizer_config.json", "AutoTokenizer"),
        ("preprocessor_config.json", "AutoImageProcessor"),
    ],
)
def test_code_that_comes_with_a_teacher_is_never_run(checkpoint: Path, marker: Path, file: str, kind: str) -> None:
    (checkpoint / "evil.py").write_text(f"from pathlib import Path\nPath({str(marker)!r}).touch()\nclass Evil: ...\n")
    path = checkpoint / file
    said = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**said, "auto_map": {kind: "evil.Evil"}}))
    with suppress(ModelError):  # refused, or opened without that code
        teacher(checkpoint)
    assert not marker.exists()
