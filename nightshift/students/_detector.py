"""A trained Ultralytics network at work: pictures in, detections and one feature vector per picture out.

Every picture is fitted into the same square, whatever else is in the batch, so a batch gives what single
pictures give. One forward serves both the boxes and the features. Knows nothing of training.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from nightshift.domain.detections import Detections, clean
from nightshift.domain.errors import ModelError
from nightshift.domain.models import Hyper, Image
from nightshift.students import _architecture

LEAST_SCORE = 0.01
MOST_BOXES = 300
SAME_OBJECT = 0.7  # IoU above which the weaker of two boxes of one class is dropped; Ultralytics' own default
GREY = 114  # of the border, as in training


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in the square: pixels in the square = pixels in the picture x scale + offset."""

    size: tuple[int, int]
    scale: tuple[float, float]
    offset: tuple[int, int]

    def back(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 4) xyxy in the square → in the picture."""
        offset = np.array((*self.offset, *self.offset))
        return np.asarray((boxes - offset) / np.array((*self.scale, *self.scale)), np.float32)


class UltralyticsDetector:
    """Finds boxes with a trained network; equal input gives equal output.

    Args:
        weights: a checkpoint file.
        hyper: image_size, device and pictures per forward are taken from it.

    Raises:
        ModelError: the weights cannot be loaded.
    """

    def __init__(self, weights: Path, hyper: Hyper) -> None:
        self._network = _load(weights, device(hyper.device))
        self._side, self._batch = hyper.image_size, hyper.batch
        self._name = Path(self._network.yaml["yaml_file"]).stem
        self._version = f"{self._name}@{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"
        self._features: list[torch.Tensor] = []
        self._one_at_a_time = Lock()  # shards may share a detector; the hook and the head keep state
        last = len(self._network.yaml["backbone"]) - 1
        self._network.model[last].register_forward_hook(self._keep)
        self._width = self._forward([np.full((32, 32, 3), GREY, np.uint8)])[1].shape[1]

    @property
    def version(self) -> str:
        """Architecture and digest of the weights, such as yolo11n@0123456789ab."""
        return self._version

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Boxes with a score of at least 0.01, at most 300, best first, in each picture's own pixels."""
        return self.look(images)[0]

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """(n, d) float32: the mean over the picture of the backbone's last features."""
        return self.look(images)[1]

    def look(self, images: Sequence[Image]) -> tuple[list[Detections], NDArray[np.float32]]:
        """`detect` and `embed` in one forward."""
        found: list[Detections] = []
        vectors: list[NDArray[np.float32]] = [np.zeros((0, self._width), np.float32)]
        for part in _chunks(images, self._batch):
            boxes, features = self._forward(part)
            found += boxes
            vectors.append(features)
        return found, np.concatenate(vectors)

    def _keep(self, _module: object, _given: object, result: torch.Tensor) -> None:
        self._features.append(result.mean(dim=(2, 3)))

    def _forward(self, images: Sequence[Image]) -> tuple[list[Detections], NDArray[np.float32]]:
        stretched = _architecture.is_transformer(self._name)
        fitted = [fit(image, self._side, stretched=stretched) for image in images]
        pixels = np.stack([square for square, _ in fitted]).transpose(0, 3, 1, 2)
        target = next(self._network.parameters()).device
        with self._one_at_a_time, torch.inference_mode():
            output = self._network(torch.from_numpy(pixels).to(target).float() / 255)
            features = self._features.pop().float().cpu().numpy()
        raw = output[0] if isinstance(output, tuple | list) else output
        pairs = zip(raw, (way for _, way in fitted), strict=True)
        return [self._detections(rows, way) for rows, way in pairs], features

    def _detections(self, raw: torch.Tensor, way: Fit) -> Detections:
        boxes, scores, classes = self._decode(raw.float())
        best = torch.argsort(scores, descending=True, stable=True)[:MOST_BOXES]
        placed = way.back(boxes[best].cpu().numpy())
        return clean(placed, classes[best].cpu().numpy(), scores[best].cpu().numpy(), way.size)

    def _decode(self, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        if _architecture.is_transformer(self._name):  # (queries, 6): centre, size in shares; score; class
            raw = torch.cat([corners(raw[:, :4]) * self._side, raw[:, 4:]], dim=1)
        elif not self._network.end2end:  # (4 + classes, anchors): centre and size in pixels; class scores
            return suppress(raw)
        sure = raw[raw[:, 4] >= LEAST_SCORE]
        return sure[:, :4], sure[:, 4], sure[:, 5].long()


def fit(image: Image, side: int, *, stretched: bool) -> tuple[Image, Fit]:
    """A picture in a grey square of `side` pixels: centred in its own proportions, or stretched to fill it."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = (side, side) if stretched else (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square = np.full((side, side, 3), GREY, np.uint8)
    inner = square[top : top + size[1], left : left + size[0]]
    inner[:] = image if size == (width, height) else cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return square, Fit((width, height), (size[0] / width, size[1] / height), (left, top))


def suppress(raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Non-maximum suppression, class by class: (4 + classes, anchors) → boxes xyxy, scores, classes.

    Written here because Ultralytics' own gives up after a time limit, and a busy machine would change results.
    """
    scores, classes = raw[4:].max(dim=0)
    sure = scores >= LEAST_SCORE
    boxes, scores, classes = corners(raw[:4, sure].T), scores[sure], classes[sure]
    kept = batched_nms(boxes, scores, classes, SAME_OBJECT)
    return boxes[kept], scores[kept], classes[kept]


def corners(boxes: torch.Tensor) -> torch.Tensor:
    """(n, 4) centre and size → (n, 4) xyxy."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=1)


def device(wanted: str) -> torch.device:
    """The device to detect on: of several GPUs, the first."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    first = wanted.split(",", maxsplit=1)[0]
    return torch.device(f"cuda:{first}" if first.isdigit() else first)


def _load(weights: Path, target: torch.device) -> Any:
    from ultralytics.nn.tasks import load_checkpoint  # noqa: PLC0415 - its settings come first

    try:
        network, _ = load_checkpoint(weights, device=target, fuse=True)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise ModelError(str(weights), f"cannot be loaded ({error})", "Train or fetch it again.") from error
    return network.eval()


def _chunks(images: Sequence[Image], size: int) -> Iterator[Sequence[Image]]:
    return (images[start : start + size] for start in range(0, len(images), size))
