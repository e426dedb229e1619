"""What every family of students must do, tried on its smallest model and drawn squares.

A family's file may name that model as SMALLEST. All training pictures are stored turned, with EXIF to say so: only a
student that trains on upright pictures can find anything in upright ones. A family that another one's loop trains says
so (SHARES_LOOP_OF): what only the loop decides is tried there.
"""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import onnx
import psutil
import pytest
from PIL import Image as Pillow

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ModelError, UnknownName
from nightshift.domain.models import Checkpoint, Example, Hyper, Image, Student, StudentDetector
from nightshift.evaluation.average_precision import evaluate
from nightshift.students import _detr, _training, export_onnx, known_students, open_student

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")]

NAMES = ("red", "blue")
COLOURS = ((220, 40, 40), (40, 60, 220))
SIZE = (96, 72)
SEEN_TURNED = {Pillow.Transpose.ROTATE_90: 6}  # how the file is turned → the EXIF orientation that undoes it
FEW = 3
STEPS = {"ultralytics": 110, "d_fine": 150}  # until squares are found
STEPS_OF_OTHERS = 220
# Least mAP50 and mAP50-95 on unseen pictures. Most transformers would need minutes for what YOLO and D-FINE learn in
# half a one: of them it is asked that half of what they say is in the right place, no more.
BARS = {"ultralytics": (0.8, 0.4), "d_fine": (0.8, 0.4)}
BARS_OF_OTHERS = (0.5, 0.25)


def scene(rng: np.random.Generator, size: tuple[int, int] = SIZE) -> tuple[Image, Detections]:
    """Grey noise with a square in each half, or in one of them."""
    pixels = rng.integers(90, 130, (size[1], size[0], 3)).astype(np.uint8)
    boxes, classes = [], rng.integers(0, 2, int(rng.integers(1, 3)))
    for half, category in enumerate(classes):
        side = int(rng.integers(18, 30))
        x = int(rng.integers(0, size[0] // 2 - side)) + half * size[0] // 2
        y = int(rng.integers(0, size[1] - side))
        pixels[y : y + side, x : x + side] = COLOURS[category]
        boxes.append([x, y, x + side, y + side])
    return pixels, Detections.of(boxes, classes)


def stored_turned(pixels: Image, path: Path) -> Path:
    ((turn, orientation),) = SEEN_TURNED.items()
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(pixels).transpose(turn).save(path, exif=exif, quality=95)
    return path


def family_file(name: str) -> ModuleType:
    return import_module(f"nightshift.students.{name}")


LOOPS = [name for name in known_students() if not hasattr(family_file(name), "SHARES_LOOP_OF")]
TRAINED: dict[str, SimpleNamespace] = {}


def trained(name: str, folder: Path) -> SimpleNamespace:
    """One family with training pictures and a student that it has trained, once in a process."""
    if name not in TRAINED:
        rng = np.random.default_rng(0)
        drawn = [scene(rng) for _ in range(24)]
        examples = [
            Example(stored_turned(pixels, folder / f"{i}.jpg"), labels, human=True)
            for i, (pixels, labels) in enumerate(drawn)
        ]
        model, steps = getattr(family_file(name), "SMALLEST", name), STEPS.get(name, STEPS_OF_OTHERS)
        hyper = Hyper(model, image_size=96, steps=steps, batch=8, seed=0, device="cpu")
        student, told = open_student(name), []
        made = student.fit(examples, NAMES, None, folder / "first", hyper, lambda *step: told.append(step))
        detector = student.open(made.path, hyper)
        TRAINED[name] = SimpleNamespace(
            student=student,
            hyper=hyper,
            examples=examples,
            folder=folder,
            made=made,
            told=told,
            detector=detector,
            bars=BARS.get(name, BARS_OF_OTHERS),
        )
    return TRAINED[name]


@pytest.fixture(scope="module", params=known_students())
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return trained(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module", params=LOOPS)
def loop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """As `rig`, a family for each training loop."""
    return trained(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def unseen() -> list[tuple[Image, Detections]]:
    rng = np.random.default_rng(1)
    return [scene(rng) for _ in range(12)]


def fit_few(rig: SimpleNamespace, out: str, init: Path | None) -> Checkpoint:
    student: Student = rig.student
    hyper = Hyper(rig.hyper.model, 64, FEW, 4, seed=3, device="cpu")
    return student.fit(rig.examples[:4], NAMES, init, rig.folder / out, hyper)


def close(first: Sequence[Detections], second: Sequence[Detections], pixels: float = 0.05) -> None:
    for one, other in zip(*([each.above(0.05) for each in found] for found in (first, second)), strict=True):
        np.testing.assert_array_equal(one.classes, other.classes)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=pixels)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-3)


def test_an_unknown_family_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"'nobody': unknown\. Known: .*ultralytics"):
        open_student("nobody")


def test_squares_are_found_where_they_were_drawn(rig: SimpleNamespace, unseen: list[tuple[Image, Detections]]) -> None:
    found = rig.detector.detect([pixels for pixels, _ in unseen])
    scores = evaluate([labels for _, labels in unseen], found, NAMES)
    assert scores.map50 > rig.bars[0]
    assert scores.map50_95 > rig.bars[1]


def test_the_checkpoint_says_what_it_is(rig: SimpleNamespace) -> None:
    assert rig.made.origin == "scratch"
    assert rig.detector.version.endswith(f"@{rig.made.sha256[:12]}")
    assert len(rig.made.curves) == len(rig.told) == rig.told[-1][0] == rig.told[-1][1]
    losses = [sum(epoch.values()) for epoch in rig.made.curves]
    assert losses[-1] < losses[0]


def test_a_batch_gives_what_single_pictures_give(rig: SimpleNamespace) -> None:
    rng = np.random.default_rng(2)
    sizes = [(96, 72), (200, 90), (66, 130), (96, 96), (311, 97)]
    images = [scene(rng, size)[0] for size in sizes] * 2
    detector: StudentDetector = rig.detector
    close(detector.detect(images), [detector.detect([each])[0] for each in images])


def test_boxes_lie_inside_their_own_picture_best_first(rig: SimpleNamespace) -> None:
    rng = np.random.default_rng(2)
    for size in ((200, 90), (66, 130)):
        (found,) = rig.detector.detect([scene(rng, size)[0]])
        assert (found.boxes >= 0).all()
        assert (found.boxes <= [*size, *size]).all()
        assert (np.diff(found.scores) <= 0).all()


def test_the_same_picture_twice_gives_the_same_answer_twice(
    rig: SimpleNamespace, unseen: list[tuple[Image, Detections]]
) -> None:
    images = [pixels for pixels, _ in unseen]
    assert rig.detector.detect(images) == rig.detector.detect(images)


def test_embeddings_are_one_vector_per_picture_and_tell_pictures_apart(
    rig: SimpleNamespace, unseen: list[tuple[Image, Detections]]
) -> None:
    images = [pixels for pixels, _ in unseen]
    found, vectors = rig.detector.look(images)
    close(found, rig.detector.detect(images))
    np.testing.assert_allclose(vectors, rig.detector.embed(images), rtol=1e-4, atol=1e-5)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == len(images)
    assert len(np.unique(vectors.round(4), axis=0)) == len(images)


def test_an_inspection_finds_what_detecting_finds_and_adds_the_scores_of_all_classes(
    rig: SimpleNamespace, unseen: list[tuple[Image, Detections]]
) -> None:
    images = [pixels for pixels, _ in unseen]
    found, vectors = rig.detector.look(images)
    for sight, boxes, vector in zip(rig.detector.inspect(images), found, vectors, strict=True):
        assert sight.found == boxes
        assert sight.mirrored is None
        assert sight.probabilities.dtype == np.float32
        assert sight.probabilities.shape == (len(boxes), len(NAMES))
        np.testing.assert_allclose(sight.probabilities[np.arange(len(boxes)), boxes.classes], boxes.scores, atol=1e-6)
        np.testing.assert_array_equal(sight.vector, vector)
    if rig.detector.has_class_scores:
        assert all((sight.probabilities > 0).all() for sight in rig.detector.inspect(images))


def test_class_scores_of_a_batch_are_those_of_single_pictures(
    rig: SimpleNamespace, unseen: list[tuple[Image, Detections]]
) -> None:
    images = [pixels for pixels, _ in unseen[:5]]
    for together, image in zip(rig.detector.inspect(images), images, strict=True):
        (alone,) = rig.detector.inspect([image])
        sure = together.found.scores >= 0.05
        np.testing.assert_allclose(together.probabilities[sure], alone.probabilities[: sure.sum()], atol=1e-3)


def test_squares_are_found_in_the_mirrored_picture_too_and_mapped_back(
    rig: SimpleNamespace, unseen: list[tuple[Image, Detections]]
) -> None:
    sights = rig.detector.inspect([pixels for pixels, _ in unseen], mirrored=True)
    seen = [sight.mirrored for sight in sights]
    assert evaluate([labels for _, labels in unseen], seen, NAMES).map50 > rig.bars[0]
    assert seen != [sight.found for sight in sights]


def test_no_pictures_give_nothing(rig: SimpleNamespace) -> None:
    found, vectors = rig.detector.look([])
    assert found == []
    assert rig.detector.inspect([], mirrored=True) == []
    assert vectors.shape == (0, rig.detector.embed([np.zeros((8, 8, 3), np.uint8)]).shape[1])


def test_an_export_finds_what_the_original_finds_and_says_how_to_use_it(rig: SimpleNamespace) -> None:
    rng = np.random.default_rng(3)
    images = [scene(rng, size)[0] for size in (SIZE, (200, 90), (66, 130))]
    out = rig.folder / "student.onnx"
    agreement = export_onnx(rig.detector, NAMES, out, images)
    assert (agreement.pictures, agreement.close) == (len(images), True)
    assert agreement.boxes > 0
    said = {each.key: each.value for each in onnx.load(out).metadata_props}
    assert json.loads(said["names"]) == list(NAMES)
    assert said["image_size"] == "96"
    assert said["model"] == rig.detector.version
    assert {each.name for each in out.parent.iterdir()} >= {"student.onnx"}
    assert not list(out.parent.glob(".onnx-*"))


def test_a_warm_start_says_so_and_one_seed_gives_one_student_wherever_the_weights_lay(loop: SimpleNamespace) -> None:
    elsewhere = loop.folder / f"elsewhere{loop.made.path.suffix}"
    shutil.copyfile(loop.made.path, elsewhere)
    first, second = fit_few(loop, "warm", loop.made.path), fit_few(loop, "warm again", elsewhere)
    assert first.origin == "warm"
    assert first.sha256 == second.sha256 != loop.made.sha256
    assert sum(first.curves[0].values()) < sum(loop.made.curves[0].values())


def test_a_folder_in_use_is_refused(loop: SimpleNamespace) -> None:
    with pytest.raises(ModelError, match="not empty"):
        fit_few(loop, "first", None)


def test_an_unknown_architecture_is_answered_with_the_known_ones(loop: SimpleNamespace) -> None:
    hyper = Hyper("yolo99q", 64, FEW, 4, seed=3, device="cpu")
    with pytest.raises(UnknownName, match="yolo99q"):
        loop.student.fit(loop.examples, NAMES, None, loop.folder / "unknown", hyper)


def test_a_training_that_fails_says_why(loop: SimpleNamespace) -> None:
    broken = loop.folder / f"broken{loop.made.path.suffix}"
    broken.write_bytes(loop.made.path.read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"broken\.(pt|safetensors)") as raised:
        fit_few(loop, "failing", broken)
    assert "exit code 1" in raised.value.reason
    with pytest.raises(ModelError, match=r"broken\.(pt|safetensors)"):
        loop.student.open(broken, loop.hyper)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's promise is Linux's")
@pytest.mark.parametrize("process", [_training.PROCESS, _detr.PROGRAM.module])
def test_a_training_ends_with_the_process_that_asked_for_it(tmp_path: Path, process: str) -> None:
    request = tmp_path / "request.json"
    os.mkfifo(request)  # the training process waits here for what it is asked
    code = """if True:
        import sys; from pathlib import Path; from nightshift.students import _training
        _training.listen([sys.executable, "-m", sys.argv[3], sys.argv[1]], Path(sys.argv[2]), print)
        """
    parent = psutil.Popen([sys.executable, "-c", code, str(request), str(tmp_path / "log"), process])
    _until_read(request)
    (child,) = parent.children()
    try:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        assert psutil.wait_procs([child], timeout=30)[0] == [child]
    finally:
        if child.is_running():
            child.kill()


def _until_read(pipe: Path, patience: float = 60) -> None:
    """Wait until somebody has opened the pipe for reading."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # no reader yet
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody reads {pipe}")
