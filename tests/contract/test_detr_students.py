"""Students without Ultralytics: what they start from, what they never import, and what is never left of an export."""

import hashlib
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
from PIL import Image as Pillow

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, ModelError
from nightshift.domain.models import Example, Hyper
from nightshift.students import (
    _detr_network,
    _detr_process,
    _onnx,
    _yolo_folder,
    export_onnx,
    known_students,
    open_student,
)
from nightshift.students._protocol import Request
from nightshift.students.d_fine import FAMILY

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")]

HYPER = Hyper("dfine-pico", 64, 2, 2, seed=0, device="cpu")
NAMES = ("red", "blue")
FAMILIES = [name for name in known_students() if hasattr(import_module(f"nightshift.students.{name}"), "FAMILY")]
# Training and using a student in one process, which is otherwise done in two.
WHOLE = """if True:
    import os, sys; from dataclasses import replace; from pathlib import Path; import numpy as np
    import nightshift
    from nightshift.domain.models import Hyper
    from nightshift.students import open_student, _detr_process
    from nightshift.students._protocol import Request
    path = Path(sys.argv[1])
    request = replace(Request.read(path), parent=os.getppid())
    _detr_process.main(str(request.write(path)))
    hyper = Hyper("dfine-pico", 64, 2, 2, 0, "cpu")
    student = open_student("d_fine").open(Path(request.out) / "weights.safetensors", hyper)
    student.detect([np.zeros((48, 64, 3), np.uint8)])
    print("transformers" in sys.modules, [each for each in sys.modules if each.split(".")[0] == "ultralytics"])
    """


def asked(folder: Path, init: Path | None = None) -> Request:
    """What a training process would be asked to do with one picture."""
    path = folder / "picture.png"
    pixels = np.full((48, 64, 3), 110, np.uint8)
    pixels[10:30, 20:40] = (220, 40, 40)
    Pillow.fromarray(pixels).save(path)
    examples = [Example(path, Detections.of([[20, 10, 40, 30]], [0]), human=True)] * 2
    data = _yolo_folder.write(folder / "out", examples, NAMES, least=1)
    digest = hashlib.sha256(init.read_bytes()).hexdigest() if init else None
    first, out = (str(init) if init else None), str(folder / "out")
    return Request("dfine-pico", str(data), out, first, digest, 64, 2, 2, 0, "cpu", 0, "d_fine", 2)


@pytest.fixture(scope="module")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A network with random weights, in a file and opened."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("untrained") / "weights.safetensors"
    network = _detr_network.scratch(FAMILY, "dfine-pico", NAMES)
    _detr_network.save(network, _detr_network.label_of(network, FAMILY, "dfine-pico"), path)
    return SimpleNamespace(network=network, path=path, detector=open_student("d_fine").open(path, HYPER))


def test_a_whole_student_never_imports_ultralytics(tmp_path: Path) -> None:
    request = asked(tmp_path).write(tmp_path / "request.json")
    done = subprocess.run([sys.executable, "-c", WHOLE, str(request)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "True []"


def test_published_weights_are_taken_from_this_machine_and_get_our_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    theirs = _detr_network.scratch(FAMILY, "dfine-pico", [f"class {i}" for i in range(7)])
    theirs.save_pretrained(tmp_path / "dfine-pico")
    monkeypatch.setenv("NIGHTSHIFT_WEIGHTS", str(tmp_path))
    network, origin = _detr_process.start(asked(tmp_path), FAMILY, NAMES)
    assert origin.origin == "pretrained"
    assert str(tmp_path / "dfine-pico") in origin.reason
    assert network.config.id2label == {0: "red", 1: "blue"}
    name = "model.backbone.model.embedder.stem1.convolution.weight"
    assert torch.equal(network.state_dict()[name], theirs.state_dict()[name])


@pytest.mark.parametrize("name", ["champion.pt", "rfdetr.safetensors"])
def test_weights_of_another_network_are_not_continued_from_and_the_log_says_so(tmp_path: Path, name: str) -> None:
    init = tmp_path / name
    if init.suffix == ".pt":
        init.write_bytes(b"of Ultralytics")
    else:
        other = import_module("nightshift.students.rf_detr").FAMILY
        network = _detr_network.scratch(other, "rfdetr-pico", NAMES)
        _detr_network.save(network, _detr_network.label_of(network, other, "rfdetr-pico"), init)
    _, origin = _detr_process.start(asked(tmp_path, init), FAMILY, NAMES)
    assert origin.origin == "scratch"
    assert "not a dfine-pico" in origin.reason


def test_a_file_gives_back_what_was_saved_and_nothing_of_this_machine(untrained: SimpleNamespace) -> None:
    label = _detr_network.read_label(untrained.path)
    loaded = _detr_network.load(FAMILY, untrained.path, label)
    pairs = zip(loaded.state_dict().items(), untrained.network.state_dict().items(), strict=True)
    assert all(a == b and torch.equal(one, other) for (a, one), (b, other) in pairs)
    assert "/" not in json.dumps(label.config)


def test_weights_that_are_cut_off_or_of_another_network_are_refused(untrained: SimpleNamespace, tmp_path: Path) -> None:
    content = untrained.path.read_bytes()
    for name, part in (("empty", b""), ("cut", content[:-1000]), ("text", b"weights")):
        (tmp_path / name).write_bytes(part)
        with pytest.raises(ModelError, match=name):
            open_student("d_fine").open(tmp_path / name, HYPER)
    with pytest.raises(ModelError, match="weights"):
        open_student("rf_detr").open(untrained.path, HYPER)


def test_huge_and_tiny_pictures_get_an_answer(untrained: SimpleNamespace) -> None:
    for size in ((1, 1), (6000, 8000), (1, 500)):
        (found,) = untrained.detector.detect([np.zeros((*size, 3), np.uint8)])
        assert (found.boxes <= [size[1], size[0]] * 2).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_size_can_be_built_and_has_the_parameters_of_its_card(name: str) -> None:
    family = import_module(f"nightshift.students.{name}").FAMILY
    for model, size in family.sizes.items():
        with torch.device("meta"):
            network = _detr_network.scratch(family, model, [str(i) for i in range(80)])
        counted = sum(each.numel() for each in network.parameters()) / 1e6
        assert counted == pytest.approx(size.parameters, rel=0.07), model
        assert getattr(transformers, family.network) is type(network)


def test_an_export_that_differs_is_not_left_behind(
    untrained: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_onnx, "MOST_PIXELS", -1.0)
    monkeypatch.setattr(_onnx, "LOOKED_AT", 0.0)
    out = tmp_path / "model.onnx"
    out.write_text("the one before")
    with pytest.raises(ModelError, match="was not kept"):
        export_onnx(untrained.detector, NAMES, out, [np.zeros((48, 64, 3), np.uint8)])
    assert out.read_text() == "the one before"
    assert list(tmp_path.iterdir()) == [out]


def test_an_export_without_pictures_or_place_is_refused(untrained: SimpleNamespace, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no picture"):
        export_onnx(untrained.detector, NAMES, tmp_path / "model.onnx", [])
    with pytest.raises(ConfigError, match="not there"):
        export_onnx(untrained.detector, NAMES, tmp_path / "a" / "model.onnx", [np.zeros((4, 4, 3), np.uint8)])
