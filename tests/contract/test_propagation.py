"""What every way to carry labels keeps to; and where the one that needs no weights finds things."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import scene

from nightshift.domain.detections import Detections, iou_matrix
from nightshift.domain.errors import ModelError, UnknownName
from nightshift.domain.models import Image
from nightshift.domain.tracks import PropagationSpec
from nightshift.propagation import Propagator, known_propagations, open_propagator
from tests.contract.tiny_video_models import save

SQUARE, STEP = 24, 3
HEAVY = ("sam2", "edgetam")
WAYS = [pytest.param(n, marks=pytest.mark.slow) if n in HEAVY else n for n in known_propagations() if n != "none"]


@pytest.fixture(scope="module", params=WAYS)
def carrier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Propagator:
    """Each way in turn, with a tiny checkpoint where it needs one."""
    folder = save(request.param, tmp_path_factory.mktemp("tiny")) if request.param in HEAVY else ""
    made = open_propagator(PropagationSpec(request.param, str(folder), "cpu", reach=16))
    assert made is not None
    return made


@pytest.fixture
def flow() -> Propagator:
    made = open_propagator(PropagationSpec("flow", reach=16))
    assert made is not None
    return made


def clip(frames: int, width: int = 120, start: int = 8) -> tuple[list[Image], list[Detections]]:
    """A patterned square that moves to the right over a drawn background, and where it is."""
    pattern = np.random.default_rng(1).integers(0, 256, (SQUARE // 4, SQUARE // 4, 3)).astype(np.uint8)
    pattern = pattern.repeat(4, axis=0).repeat(4, axis=1)
    images, truth = [], []
    for i in range(frames):
        image, left = scene(7, width, 90).copy(), start + STEP * i
        right = min(left + SQUARE, width)
        if left < width:
            image[30 : 30 + SQUARE, left:right] = pattern[:, : right - left]
        images.append(image)
        truth.append(Detections.of([[left, 30, right, 30 + SQUARE]], [1]) if right - left > 1 else Detections.empty())
    return images, truth


def _iou(found: Detections, truth: Detections) -> float:
    return float(iou_matrix(found.boxes, truth.boxes).max(initial=0))


def test_every_way_returns_known_frames_as_they_are_and_boxes_of_known_classes(carrier: Propagator) -> None:
    images, truth = clip(6)
    found = carrier.propagate(images, {1: truth[1], 4: truth[4]})
    assert len(found) == 6
    assert (found[1], found[4]) == (truth[1], truth[4])
    for each in found:
        assert set(each.classes.tolist()) <= {1}
        assert (each.boxes >= 0).all()
        assert (each.boxes[:, 2] <= 120).all()


def test_every_way_gives_the_same_answer_twice(carrier: Propagator) -> None:
    images, truth = clip(5)
    assert carrier.propagate(images, {0: truth[0]}) == carrier.propagate(images, {0: truth[0]})


def test_every_way_carries_nothing_from_nothing(carrier: Propagator) -> None:
    images, _ = clip(4)
    assert [len(each) for each in carrier.propagate(images, {})] == [0] * 4
    assert [len(each) for each in carrier.propagate(images, {2: Detections.empty()})] == [0] * 4
    assert carrier.propagate([], {}) == []


def test_every_way_survives_tiny_frames(carrier: Propagator) -> None:
    images = [np.zeros((1, 1, 3), np.uint8)] * 3
    assert len(carrier.propagate(images, {0: Detections.of([[0, 0, 1, 1]], [0])})) == 3


def test_every_way_says_which_version_it_is(carrier: Propagator) -> None:
    assert carrier.version.startswith("propagation/")
    assert "@" in carrier.version


def test_a_frame_that_is_not_of_the_clip_is_refused(flow: Propagator) -> None:
    with pytest.raises(ValueError, match="of a clip of 2"):
        flow.propagate(clip(2)[0], {5: Detections.empty()})


def test_a_square_is_found_where_it_was_moved_to(flow: Propagator) -> None:
    images, truth = clip(20)
    found = flow.propagate(images, {0: truth[0]})
    assert all(_iou(each, said) > 0.85 for each, said in zip(found[:17], truth, strict=False))
    assert all(each.scores[0] > 0.8 for each in found[:17])


def test_backwards_it_is_found_as_well(flow: Propagator) -> None:
    images, truth = clip(12)
    assert all(_iou(a, b) > 0.85 for a, b in zip(flow.propagate(images, {11: truth[11]}), truth, strict=True))


def test_two_known_frames_agree_on_one_box_between_them(flow: Propagator) -> None:
    images, truth = clip(13)
    found = flow.propagate(images, {0: truth[0], 12: truth[12]})
    assert [len(each) for each in found] == [1] * 13
    assert all(_iou(a, b) > 0.85 for a, b in zip(found, truth, strict=True))


def test_labels_are_carried_no_further_than_told(flow: Propagator) -> None:
    images, truth = clip(24)
    found = flow.propagate(images, {0: truth[0]})
    assert [len(each) for each in found] == [1] * 17 + [0] * 7


def test_a_track_that_leaves_the_picture_ends(flow: Propagator) -> None:
    images, truth = clip(16, width=80, start=40)
    found = flow.propagate(images, {0: truth[0]})
    gone = next(i for i, each in enumerate(truth) if not len(each))
    assert not any(len(each) for each in found[gone:])
    assert len(found[4]) == 1


def test_an_object_that_the_other_known_frame_denies_is_believed_less_towards_it(flow: Propagator) -> None:
    images, truth = clip(11)
    scores = [each.scores.max(initial=0) for each in flow.propagate(images, {0: truth[0], 10: Detections.empty()})]
    assert scores[1] > 0.8
    assert scores[9] < 0.2
    assert all(b <= a + 1e-6 for a, b in pairwise(scores))


def test_an_object_that_is_covered_is_not_carried_on(flow: Propagator) -> None:
    images, truth = clip(8)
    for i in range(4, 8):
        images[i] = scene(11, 120, 90)
    found = flow.propagate(images, {0: truth[0]})
    assert len(found[3]) == 1
    assert found[6].scores.max(initial=0) < found[3].scores[0]


def test_no_propagation_carries_nothing() -> None:
    assert open_propagator(PropagationSpec("none")) is None


def test_an_unknown_way_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="edgetam, flow, none, sam2"):
        open_propagator(PropagationSpec("magic"))


@pytest.mark.slow
@pytest.mark.parametrize("family", HEAVY)
def test_masks_are_those_of_the_librarys_own_pipeline(family: str, tmp_path: Path) -> None:
    folder, (images, truth) = save(family, tmp_path), clip(6)
    made: Any = open_propagator(PropagationSpec(family, str(folder), "cpu"))
    model, processor = made._follower._model, made._follower._processor
    session, held = processor.init_video_session(), 0
    for i, image in enumerate(images):
        inputs = processor(images=image, return_tensors="pt")
        if i == 0:
            processor.add_inputs_to_inference_session(
                session,
                0,
                [0],
                input_boxes=[truth[0].boxes.tolist()],
                original_size=inputs["original_sizes"][0].tolist(),
            )
        said = model(inference_session=session, frame=inputs["pixel_values"][0])
        mask = processor.post_process_masks([said.pred_masks], inputs["original_sizes"].tolist(), binarize=True)[0][
            0, 0
        ]
        found = made.propagate(images[: i + 1], {0: truth[0]})[i]
        if i and said.object_score_logits.item() >= 0 and mask.sum() >= 4:
            rows, columns = np.flatnonzero(mask.numpy().any(1)), np.flatnonzero(mask.numpy().any(0))
            held += 1
            assert found.boxes[0].tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        elif i:
            assert not len(found)
    assert held, "a checkpoint that sees nothing proves nothing"


@pytest.mark.slow
@pytest.mark.parametrize("family", HEAVY)
def test_another_models_weights_are_refused_with_a_way_out(family: str, tmp_path: Path) -> None:
    other = save(HEAVY[1 - HEAVY.index(family)], tmp_path)
    with pytest.raises(ModelError, match=r"propagation checkpoint .* set propagation.name to 'flow'"):
        open_propagator(PropagationSpec(family, str(other), "cpu"))


@pytest.mark.slow
def test_knowing_the_ways_imports_nothing_heavy() -> None:
    code = (
        "import sys, nightshift.propagation as p; p.known_propagations();"
        "import nightshift.propagation.flow, nightshift.propagation.sam2, nightshift.propagation.edgetam;"
        "print(sorted({'torch', 'transformers', 'cv2', 'av'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
