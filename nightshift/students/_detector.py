"""A trained Ultralytics network at work: pictures in, detections, class scores and one feature vector per picture out.

Every picture is fitted into the same square, whatever else is in the batch, so a batch gives what single
pictures give. One forward serves the boxes, their class scores and the features. Knows nothing of training.

Heads differ in what they leave after a forward: those that need non-maximum suppression give every anchor with all its
class scores; the others (YOLO26, RT-DETR) choose the best pairs of box and class and forget the other scores. That
choice is taken out of the head and done here, so that all of them keep all scores.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from nightshift.domain.detections import Detections, clean
from nightshift.domain.models import Hyper, Image, Sight
from nightshift.students import _architecture
from nightshift.students._weights import load_network

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
        self._network = load_network(weights, device=device(hyper.device), fuse=True)
        self._side, self._batch = hyper.image_size, hyper.batch
        self._name = Path(self._network.yaml["yaml_file"]).stem
        self._version = f"{self._name}@{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"
        self._features: list[torch.Tensor] = []
        self._one_at_a_time = Lock()  # shards may share a detector; the hook and the head keep state
        last = len(self._network.yaml["backbone"]) - 1
        self._network.model[last].register_forward_hook(self._keep)
        self._network.model[-1].postprocess = unchosen
        self._width = len(self._forward([np.full((32, 32, 3), GREY, np.uint8)])[0].vector)

    @property
    def version(self) -> str:
        """Architecture and digest of the weights, such as yolo11n@0123456789ab."""
        return self._version

    @property
    def has_class_scores(self) -> bool:
        """True: every architecture's class scores are read from its head."""
        return True

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Boxes with a score of at least 0.01, at most 300, best first, in each picture's own pixels."""
        return self.look(images)[0]

    def embed(self, images: Sequence[Image]) -> NDArray[np.float32]:
        """(n, d) float32: the mean over the picture of the backbone's last features."""
        return self.look(images)[1]

    def look(self, images: Sequence[Image]) -> tuple[list[Detections], NDArray[np.float32]]:
        """`detect` and `embed` in one forward."""
        sights = self.inspect(images)
        vectors = np.array([each.vector for each in sights], np.float32)
        return [each.found for each in sights], vectors.reshape(-1, self._width)

    def inspect(self, images: Sequence[Image], *, mirrored: bool = False) -> list[Sight]:
        """Boxes, their class scores and the picture's vector; with `mirrored`, also the boxes of the other view."""
        sights = [sight for part in _chunks(images, self._batch) for sight in self._forward(part)]
        if not mirrored:
            return sights
        others = self.detect([np.ascontiguousarray(image[:, ::-1]) for image in images])
        triples = zip(sights, others, images, strict=True)
        return [replace(sight, mirrored=unmirrored(other, image.shape)) for sight, other, image in triples]

    def _keep(self, _module: object, _given: object, result: torch.Tensor) -> None:
        self._features.append(result.mean(dim=(2, 3)))

    def _forward(self, images: Sequence[Image]) -> list[Sight]:
        stretched = _architecture.is_transformer(self._name)
        fitted = [fit(image, self._side, stretched=stretched) for image in images]
        pixels = np.stack([square for square, _ in fitted]).transpose(0, 3, 1, 2)
        target = next(self._network.parameters()).device
        with self._one_at_a_time, torch.inference_mode():
            output = self._network(torch.from_numpy(pixels).to(target).float() / 255)
            features = self._features.pop().float().cpu().numpy()
        raw = output[0] if isinstance(output, tuple | list) else output
        triples = zip(raw, (way for _, way in fitted), features, strict=True)
        return [self._sight(rows, way, vector) for rows, way, vector in triples]

    def _sight(self, raw: torch.Tensor, way: Fit, vector: NDArray[np.float32]) -> Sight:
        boxes, probabilities, classes = (each.cpu().numpy() for each in self._decode(raw.float()))
        scores = np.take_along_axis(probabilities, classes[:, None], axis=1)[:, 0]
        solid = clean(way.back(boxes), np.arange(len(boxes)), scores, way.size)  # its classes say which are left
        found = Detections(solid.boxes, classes[solid.classes], solid.scores)
        return Sight(found, probabilities[solid.classes], vector)

    def _decode(self, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Boxes xyxy in the square, scores of all classes, own class; best first."""
        if _architecture.is_transformer(self._name):  # (queries, 4 + classes): centre and size, in shares
            return best_pairs(corners(raw[:, :4]) * self._side, raw[:, 4:])
        if self._network.end2end:  # (anchors, 4 + classes): xyxy
            return best_pairs(raw[:, :4], raw[:, 4:])
        return suppress(corners(raw[:4].T), raw[4:].T)  # (4 + classes, anchors): centre and size


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


def unchosen(boxes: torch.Tensor, scores: torch.Tensor | None = None) -> torch.Tensor:
    """In place of a head's choice of box and class: every box, with the scores of all classes after it."""
    return boxes if scores is None else torch.cat([boxes, scores], dim=-1)


def best_pairs(boxes: torch.Tensor, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The best pairs of box and class: (n, 4), (n, classes) → boxes, scores of all classes, classes; best first."""
    best, pairs = scores.flatten().sort(descending=True, stable=True)
    pairs = pairs[best >= LEAST_SCORE][:MOST_BOXES]
    rows = pairs // scores.shape[1]
    return boxes[rows], scores[rows], pairs % scores.shape[1]


def suppress(boxes: torch.Tensor, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Non-maximum suppression, class by class: as `best_pairs`, but a box has one class.

    Written here because Ultralytics' own gives up after a time limit, and a busy machine would change results.
    """
    best, classes = scores.max(dim=1)
    sure = best >= LEAST_SCORE
    boxes, scores, best, classes = boxes[sure], scores[sure], best[sure], classes[sure]
    kept = batched_nms(boxes, best, classes, SAME_OBJECT)[:MOST_BOXES]
    return boxes[kept], scores[kept], classes[kept]


def unmirrored(found: Detections, shape: tuple[int, ...]) -> Detections:
    """Boxes of a picture mirrored left to right, where they lie in the picture; `shape` is (height, width, ...)."""
    height, width = shape[:2]
    left, top, right, bottom = found.boxes.T
    boxes = np.stack([width - right, top, width - left, bottom], axis=1)
    return clean(boxes, found.classes, found.scores, (width, height))


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


def _chunks(images: Sequence[Image], size: int) -> Iterator[Sequence[Image]]:
    return (images[start : start + size] for start in range(0, len(images), size))
