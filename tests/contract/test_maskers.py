"""Every masker: the same boxes come back with masks that lie in them, alone or in a batch."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from transformers import AutoModelForMaskGeneration

from nightshift.domain.detections import Detections, overlap
from nightshift.domain.errors import ModelError, UnknownName
from nightshift.domain.masking import Masker, MaskerSpec
from nightshift.domain.masks import Masks, mask_iou, pixels_of, tight_boxes
from nightshift.domain.models import Image
from nightshift.maskers import known_maskers, open_masker
from tests.contract.tiny_sams import MAKERS, save

SAMS = tuple(MAKERS)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sams")
    return {kind: save(kind, folder) for kind in SAMS}


def opened(name: str, checkpoints: dict[str, Path], **other: Any) -> Masker:
    said = {"checkpoint": str(checkpoints[name]) if name in SAMS else "", "batch": 2, "device": "cpu", **other}
    return open_masker(MaskerSpec("sam" if name in SAMS else name, **said))


EVERY = pytest.mark.parametrize(
    "name", [*(pytest.param(each, marks=pytest.mark.slow) for each in SAMS), "grabcut", "box"]
)


def scene(height: int = 90, width: int = 120) -> tuple[Image, Detections, Masks]:
    """Two discs on a plain ground, their boxes, and the truth."""
    image = np.full((height, width, 3), 90, np.uint8)
    truths = []
    for i, (x, y, radius) in enumerate(
        [(width // 4, height // 2, height // 5), (3 * width // 4, height // 3, height // 6)]
    ):
        cv2.circle(image, (x, y), radius, (200, 60 + 90 * i, 30), -1)
        mark = np.zeros((height, width), np.uint8)
        cv2.circle(mark, (x, y), radius, 1, -1)
        truths.append(mark.astype(np.bool_))
    truth = Masks.of(truths, (height, width))
    return image, Detections.of(tight_boxes(truth), [0, 1], [0.9, 0.4], [2, 1]), truth


def noise(height: int, width: int) -> tuple[Image, Detections]:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return image, Detections.of([[width * 0.1, height * 0.2, width * 0.6, height * 0.7]], [0], [0.5])


def test_every_family_is_tested_here() -> None:
    assert set(known_maskers()) == {"box", "grabcut", "sam"}


@EVERY
def test_boxes_keep_class_score_and_prompt_and_fit_their_masks(name: str, checkpoints: dict[str, Path]) -> None:
    image, boxes, _ = scene()
    (found,) = opened(name, checkpoints).outline([image], [boxes])
    assert found.masks is not None
    assert found.masks.size == (90, 120)
    assert np.array_equal(found.boxes, tight_boxes(found.masks))
    for before, after in ((boxes.classes, found.classes), (boxes.scores, found.scores), (boxes.prompts, found.prompts)):
        assert np.array_equal(before, after)


@EVERY
def test_a_mask_lies_in_its_box_or_a_tenth_beside_it(name: str, checkpoints: dict[str, Path]) -> None:
    image, boxes, _ = scene()
    (found,) = opened(name, checkpoints).outline([image], [boxes])
    sides = boxes.boxes[:, 2:] - boxes.boxes[:, :2]
    margin = np.maximum(2, 0.3 * sides if name == "grabcut" else 0.1 * sides) + 1
    assert (found.boxes[:, :2] >= boxes.boxes[:, :2] - margin).all()
    assert (found.boxes[:, 2:] <= boxes.boxes[:, 2:] + margin).all()


@EVERY
def test_a_batch_gives_what_single_pictures_give_and_twice_the_same(name: str, checkpoints: dict[str, Path]) -> None:
    pairs = [scene()[:2], noise(70, 50), (noise(40, 40)[0], Detections.empty()), scene(60, 200)[:2]]
    masker = opened(name, checkpoints)
    together = masker.outline([image for image, _ in pairs], [found for _, found in pairs])
    assert together == [masker.outline([image], [found])[0] for image, found in pairs]
    assert together == opened(name, checkpoints).outline([image for image, _ in pairs], [found for _, found in pairs])
    assert together[2] == Detections.empty()


@EVERY
def test_a_picture_of_a_pixel_or_a_strip_has_a_mask(name: str, checkpoints: dict[str, Path]) -> None:
    sizes = [(1, 1), (1, 300), (3, 2)]
    images = [np.full((*size, 3), 7, np.uint8) for size in sizes]
    found = opened(name, checkpoints).outline(images, [Detections.of([[0, 0, w, h]], [0]) for h, w in sizes])
    assert [each.masks is not None and pixels_of(each.masks, 0).any() for each in found] == [True] * 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["grabcut", "sam2"])
def test_a_huge_picture_has_a_mask(name: str, checkpoints: dict[str, Path]) -> None:
    image = np.full((6000, 8000, 3), 90, np.uint8)
    cv2.circle(image, (4000, 3000), 1500, (200, 60, 30), -1)
    (found,) = opened(name, checkpoints).outline([image], [Detections.of([[2500, 1500, 5501, 4501]], [0])])
    assert found.masks is not None
    assert found.masks.size == (6000, 8000)


def test_grabcut_finds_drawn_discs(checkpoints: dict[str, Path]) -> None:
    image, boxes, truth = scene()
    noisy = np.clip(image.astype(int) + np.random.default_rng(0).normal(0, 8, image.shape), 0, 255).astype(np.uint8)
    for picture in (image, noisy):
        (found,) = opened("grabcut", checkpoints).outline([picture], [boxes])
        assert found.masks is not None
        assert (mask_iou(found.masks, truth).diagonal() > 0.95).all()


def test_grabcut_gives_the_whole_box_where_nothing_can_be_told_apart(checkpoints: dict[str, Path]) -> None:
    whole = Detections.of([[0, 0, 50, 40]], [0])
    (found,) = opened("grabcut", checkpoints).outline([np.full((40, 50, 3), 5, np.uint8)], [whole])
    assert np.array_equal(found.boxes, whole.boxes)
    (boxes,) = opened("box", checkpoints).outline([np.full((40, 50, 3), 5, np.uint8)], [whole])
    assert overlap(found, boxes)[0, 0] == 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", SAMS)
def test_a_sam_says_what_its_library_says(kind: str, checkpoints: dict[str, Path]) -> None:
    """Parity with the library's own way from pixels to masks, except beyond the box's margin."""
    image, boxes, _ = scene()
    sam: Any = opened(kind, checkpoints)
    (found,) = sam.outline([image], [boxes])
    model = AutoModelForMaskGeneration.from_pretrained(checkpoints[kind]).eval()
    asked = sam.processor(images=image, input_boxes=[boxes.boxes.tolist()], return_tensors="pt")
    asked["input_boxes"] = asked["input_boxes"].float()
    sizes = [asked["original_sizes"], *([asked["reshaped_input_sizes"]] if kind == "sam" else [])]
    with torch.inference_mode():
        said = model(pixel_values=asked["pixel_values"], input_boxes=asked["input_boxes"], multimask_output=False)
        (masks,) = sam.processor.image_processor.post_process_masks(said.pred_masks, *sizes)
    for i, box in enumerate(boxes.boxes.astype(int).tolist()):
        inside = np.s_[box[1] : box[3], box[0] : box[2]]
        theirs = masks[i, 0].numpy()[inside]
        assert 0.02 < theirs.mean() < 0.98  # else nothing would be compared
        assert (pixels_of(found.masks, i)[inside] == theirs).mean() > 0.999


@pytest.mark.slow
def test_a_checkpoint_of_another_kind_or_none_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    for checkpoint in (str(tmp_path), str(tmp_path / "nowhere")):
        with pytest.raises(ModelError, match=r"masks checkpoint.*grabcut"):
            open_masker(MaskerSpec("sam", checkpoint, 2, "cpu"))


def test_an_unknown_masker_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="box, grabcut, sam"):
        open_masker(MaskerSpec("scissors", "", 2, "cpu"))
