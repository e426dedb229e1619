"""The smallest segmenter, trained on drawn discs: masks lie where the discs were drawn."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from nightshift.domain.detections import Detections, overlap
from nightshift.domain.masks import Masks, Patch, mask_iou, tight_boxes
from nightshift.domain.models import Example, Hyper, Image
from nightshift.evaluation.average_precision import evaluate
from nightshift.students import _architecture, open_student
from nightshift.students._mixed_masks import in_picture
from nightshift.yolo import quiet
from nightshift.yolo.squares import Fit, fit

NAMES = ("red", "blue")
COLOURS = ((220, 40, 40), (40, 60, 220))
HYPER = Hyper("yolo11p-seg", image_size=96, steps=120, batch=8, seed=0, device="cpu")


def scene(rng: np.random.Generator, size: tuple[int, int] = (96, 72)) -> tuple[Image, Detections]:
    """Grey noise with a disc in each half, or in one of them."""
    width, height = size
    pixels = rng.integers(90, 130, (height, width, 3)).astype(np.uint8)
    shapes, classes = [], rng.integers(0, 2, int(rng.integers(1, 3)))
    for half, category in enumerate(classes.tolist()):
        radius = int(rng.integers(9, 15))
        x = int(rng.integers(radius, width // 2 - radius)) + half * width // 2
        y = int(rng.integers(radius, height - radius))
        mark = np.zeros((height, width), np.uint8)
        cv2.circle(mark, (x, y), radius, 1, -1)
        pixels[mark > 0] = COLOURS[category]
        shapes.append(mark.astype(np.bool_))
    return pixels, Detections.of_masks(Masks.of(shapes, (height, width)), classes)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder, rng = tmp_path_factory.mktemp("seg"), np.random.default_rng(0)
    examples = []
    for i in range(24):
        pixels, labels = scene(rng)
        path = folder / f"{i}.jpg"
        Pillow.fromarray(pixels).transpose(Pillow.Transpose.ROTATE_90).save(path, exif=_turned(), quality=95)
        examples.append(Example(path, labels, human=True))
    student = open_student("ultralytics")
    made = student.fit(examples, NAMES, None, folder / "out", HYPER)
    return SimpleNamespace(student=student, made=made, detector=student.open(made.path, HYPER), folder=folder)


def _turned() -> Pillow.Exif:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    return exif


slow = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")]


class TestTrained:
    pytestmark = slow

    def test_discs_are_found_where_they_were_drawn(self, rig: SimpleNamespace) -> None:
        rng = np.random.default_rng(1)
        unseen = [scene(rng) for _ in range(12)]
        found = rig.detector.detect([pixels for pixels, _ in unseen])
        scores = evaluate([labels for _, labels in unseen], found, NAMES, [(96, 72)] * 12)
        assert scores.by_masks
        assert scores.map50 > 0.8
        best = [
            overlap(labels, each.above(0.2)).max(axis=1, initial=0)
            for (_, labels), each in zip(unseen, found, strict=True)
        ]
        assert np.median(np.concatenate(best)) > 0.75

    def test_every_box_fits_its_mask_in_a_picture_of_any_size_and_a_batch_equals_singles(
        self, rig: SimpleNamespace
    ) -> None:
        rng = np.random.default_rng(2)
        sizes = [(96, 72), (200, 90), (66, 130), (311, 97)]
        images = [scene(rng, size)[0] for size in sizes] + [np.full((1, 1, 3), 9, np.uint8)]
        together = rig.detector.detect(images)
        for image, found in zip(images, together, strict=True):
            (alone,) = rig.detector.detect([image])
            assert found.masks is None or np.array_equal(tight_boxes(found.masks), found.boxes)
            assert found.masks is None or found.masks.size == image.shape[:2]
            sure, lone = found.above(0.1), alone.above(0.1)
            assert len(sure) == len(lone)
            assert (overlap(sure, lone).diagonal() > 0.95).all()

    def test_it_says_so_and_gives_all_class_scores(self, rig: SimpleNamespace) -> None:
        assert rig.detector.has_masks
        assert rig.detector.version.startswith("yolo11p-seg@")
        (sight,) = rig.detector.inspect([scene(np.random.default_rng(3))[0]], mirrored=True)
        assert sight.probabilities.shape == (len(sight.found), 2)
        assert sight.mirrored is not None

    def test_a_training_goes_on_from_its_own_weights(self, rig: SimpleNamespace) -> None:
        pixels, labels = scene(np.random.default_rng(4))
        Pillow.fromarray(pixels).save(rig.folder / "one.png")
        few = Hyper("yolo11p-seg", 64, 2, 2, 0, "cpu")
        example = Example(rig.folder / "one.png", labels.unmasked, human=True)  # a box is learned as its rectangle
        assert rig.student.fit([example], NAMES, rig.made.path, rig.folder / "again", few).origin == "warm"


def test_a_mixed_mask_lies_where_its_square_was_in_the_picture() -> None:
    """A disc, drawn in the picture and seen in the small pictures of the square, is brought back to where it was."""
    for size in ((300, 200), (90, 160), (64, 64)):
        mark = np.zeros((size[1], size[0]), np.uint8)
        cv2.circle(mark, (size[0] // 2, size[1] // 3), min(size) // 4, 1, -1)
        square, way = fit(np.repeat(mark[..., None] * np.uint8(255), 3, axis=2), 96, stretched=False)
        small = cv2.resize(square[..., 0].astype(np.float32) - 127.5, (24, 24), interpolation=cv2.INTER_AREA)
        truth = Masks.of([mark > 0], (size[1], size[0]))
        back = in_picture(small[None], tight_boxes(truth), way, 96)
        assert mask_iou(back, truth)[0, 0] > 0.9, size


def test_a_box_of_no_pixel_has_an_empty_mask() -> None:
    way = Fit((10, 10), (9.6, 9.6), (0, 0))
    nothing = in_picture(np.ones((1, 24, 24), np.float32), np.array([[2.1, 2.1, 2.3, 2.3]], np.float32), way, 96)
    assert nothing == Masks.of_patches([Patch(0, 0, np.zeros((1, 1), np.bool_))], (10, 10))


@pytest.mark.slow
@pytest.mark.parametrize("model", ["yolo11p-seg", "yolo26n-seg"])
def test_masks_are_those_of_ultralytics_own_prediction(model: str, tmp_path: Path) -> None:
    """On an untrained network of each kind of head, for boxes of which it is sure."""
    weights, side = _untrained(model, tmp_path), 128
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 256, (9, 20, 3)).astype(np.uint8), np.ones((10, 10, 1), np.uint8))
    (ours,) = open_student("ultralytics").open(weights, Hyper("", side, 1, 2, 0, "cpu")).detect([image])
    theirs = _by_ultralytics(weights, image, side)
    assert len(theirs) >= 5  # others have no mask
    assert ours.masks is not None
    close = (overlap(theirs, ours) * (theirs.classes[:, None] == ours.classes[None])).max(axis=1)
    assert np.median(close) > 0.95
    assert np.mean(close > 0.7) > 0.95  # frayed ones differ by how the last pixels are interpolated


def _untrained(model: str, folder: Path) -> Path:
    quiet.silence(folder / "settings")
    import torch  # noqa: PLC0415
    from ultralytics.nn.tasks import SegmentationModel  # noqa: PLC0415

    torch.manual_seed(0)
    network = SegmentationModel(_architecture.description(model, folder), nc=3, verbose=False)
    network.yaml["yaml_file"] = f"{model}.yaml"
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the average of what it has seen, at once
    with torch.no_grad():
        network.train()(torch.rand(4, 3, 128, 128))
    for name, parameter in network.named_parameters():
        if "cv3" in name and name.endswith("2.bias"):
            parameter.data[:] = -2
    network.eval().names = {0: "a", 1: "b", 2: "c"}
    torch.save({"model": network.half(), "train_args": {"task": "segment"}}, folder / "w.pt")
    return folder / "w.pt"


def _by_ultralytics(weights: Path, image: Image, side: int) -> Detections:
    from ultralytics import YOLO  # noqa: PLC0415

    options = {"imgsz": side, "rect": False, "conf": 0.01, "iou": 0.7, "max_det": 300, "verbose": False}
    (found,) = YOLO(weights).predict(image[..., ::-1], save=False, retina_masks=True, **options)  # it takes BGR
    pixels = found.masks.data.cpu().numpy().astype(np.bool_)
    large = pixels.sum(axis=(1, 2)) >= 60  # of others a pixel more or less decides
    classes, scores = found.boxes.cls.cpu().numpy()[large], found.boxes.conf.cpu().numpy()[large]
    return Detections.of_masks(Masks.of(list(pixels[large]), image.shape[:2]), classes, scores)
