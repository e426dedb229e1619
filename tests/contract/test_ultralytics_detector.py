"""Our batched detector against Ultralytics' own `predict`, on untrained networks of each output format."""

from pathlib import Path

import numpy as np
import pytest

from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections, clean
from nightshift.domain.models import Hyper, Image
from nightshift.students import _architecture, open_student
from nightshift.yolo import quiet

pytestmark = pytest.mark.slow

SIDE = 128
SIZES = ((128, 128), (200, 90), (90, 150))


def pictures() -> list[Image]:
    """Smooth coloured noise, as plain noise looks alike everywhere."""
    rng = np.random.default_rng(0)
    small = [rng.integers(0, 256, (h // 10, w // 10, 3)).astype(np.uint8) for w, h in SIZES]
    return [np.kron(each, np.ones((10, 10, 1), np.uint8)) for each in small]


@pytest.fixture(params=["yolo11p", "yolo26n", "rtdetr-l"])
def weights(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An untrained network, spread out so that it is sure of some boxes."""
    quiet.silence(tmp_path / "settings")
    import torch  # noqa: PLC0415
    from ultralytics.nn.tasks import DetectionModel, RTDETRDetectionModel  # noqa: PLC0415

    torch.manual_seed(0)
    kind = RTDETRDetectionModel if _architecture.is_transformer(request.param) else DetectionModel
    network = kind(_architecture.description(request.param, tmp_path), nc=3, verbose=False)
    network.yaml["yaml_file"] = f"{request.param}.yaml"
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the average of what it has seen, at once
    with torch.no_grad():
        network.train()(torch.rand(4, 3, SIDE, SIDE))
    for name, parameter in network.named_parameters():
        if "cv3" in name and name.endswith("2.bias"):
            parameter.data[:] = -2
    network.eval().names = {0: "a", 1: "b", 2: "c"}
    torch.save({"model": network.half(), "train_args": {"task": "detect"}}, tmp_path / "w.pt")
    return tmp_path / "w.pt"


def by_ultralytics(weights: Path, images: list[Image], *, transformer: bool) -> list[Detections]:
    from ultralytics import RTDETR, YOLO  # noqa: PLC0415

    options = {"imgsz": SIDE, "rect": False, "conf": 0.01, "iou": 0.7, "max_det": 300, "verbose": False}
    model = RTDETR(weights) if transformer else YOLO(weights)
    results = model.predict([image[..., ::-1] for image in images], save=False, **options)  # it takes BGR
    raw = [each.boxes.cpu().numpy() for each in results]
    sizes = [image.shape[1::-1] for image in images]
    return [clean(r.xyxy, r.cls.astype(np.int64), r.conf, size) for r, size in zip(raw, sizes, strict=True)]


def hyper() -> Hyper:
    return Hyper("", SIDE, 1, 2, 0, "cpu")


def test_boxes_are_those_of_ultralytics_own_prediction(weights: Path) -> None:
    images = pictures()
    model = open_student("ultralytics").open(weights, hyper())
    ours = model.detect(images)
    theirs = by_ultralytics(weights, images, transformer=_architecture.is_transformer(model.version))
    for found, expected in zip(ours, theirs, strict=True):
        assert len(found) > 0
        assert abs(len(found) - len(expected)) <= 0.02 * len(expected)
        pairs = match(found, expected, 0.95)
        assert len(pairs) >= 0.97 * len(expected)
        first, second = (np.array([pair[i] for pair in pairs]) for i in (0, 1))
        np.testing.assert_allclose(found.scores[first], expected.scores[second], atol=0.01)


def test_every_head_gives_the_scores_of_all_classes(weights: Path) -> None:
    model = open_student("ultralytics").open(weights, hyper())
    assert model.has_class_scores
    for sight in model.inspect(pictures()):
        assert sight.probabilities.shape == (len(sight.found), 3)
        assert (np.count_nonzero(sight.probabilities, axis=1) > 1).any()
        own = np.take_along_axis(sight.probabilities, sight.found.classes[:, None], axis=1)[:, 0]
        np.testing.assert_array_equal(own, sight.found.scores)


def test_of_a_picture_that_is_its_own_mirror_image_both_views_are_one(weights: Path) -> None:
    model = open_student("ultralytics").open(weights, hyper())
    half = pictures()[0]
    (sight,) = model.inspect([np.concatenate([half, half[:, ::-1]], axis=1)], mirrored=True)
    width = 2 * half.shape[1]
    left, top, right, bottom = sight.mirrored.boxes.T
    np.testing.assert_allclose(np.stack([width - right, top, width - left, bottom], 1), sight.found.boxes, atol=0.1)
    np.testing.assert_array_equal(sight.mirrored.classes, sight.found.classes)
