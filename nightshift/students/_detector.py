"""A trained Ultralytics network at work: pictures in, detections, class scores and one feature vector per picture out.

Every picture is fitted into the same square, whatever else is in the batch, so a batch gives what single
pictures give. One forward serves the boxes, their class scores and the features. Knows nothing of training.

Heads differ in what they leave after a forward: those that need non-maximum suppression give every anchor with all its
class scores; the others (YOLO26, RT-DETR) choose the best pairs of box and class and forget the other scores. That
choice is taken out of the head and done here, so that all of them keep all scores. Those that segment leave, after the
scores, how each box's mask is mixed from a few pictures that they leave beside.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, clean
from nightshift.domain.errors import ModelError
from nightshift.domain.masking import outlined
from nightshift.domain.models import Hyper, Image, Sight
from nightshift.students import _architecture, _mixed_masks
from nightshift.students._bare import Bare
from nightshift.students._bare_yolo import BareYolo
from nightshift.yolo.squares import GREY, Fit, best_pairs, corners, fit, suppress, unchosen
from nightshift.yolo.weights import load_network


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
        self._weights, self._side, self._batch = weights, hyper.image_size, hyper.batch
        self._name = Path(self._network.yaml["yaml_file"]).stem
        self._version = f"{self._name}@{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"
        self._features: list[torch.Tensor] = []
        self._one_at_a_time = Lock()  # shards may share a detector; the hook and the head keep state
        last = len(self._network.yaml["backbone"]) - 1
        self._network.model[last].register_forward_hook(self._keep)
        self._network.model[-1].postprocess = unchosen
        self._classes = self._network.model[-1].nc
        self._width = len(self._forward([np.full((32, 32, 3), GREY, np.uint8)])[0].vector)

    @property
    def version(self) -> str:
        """Architecture and digest of the weights, such as yolo11n@0123456789ab."""
        return self._version

    @property
    def has_class_scores(self) -> bool:
        """True: every architecture's class scores are read from its head."""
        return True

    @property
    def has_masks(self) -> bool:
        """Whether each box comes with a mask of the network's own."""
        return _architecture.is_segmenter(self._name)

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

    def bare(self) -> Bare:
        """The network alone, on the CPU, for whoever writes it down.

        Raises:
            ModelError: it segments, and its masks have no place in what is written.
        """
        if self.has_masks:
            raise ModelError(self._name, "its masks would be lost", "Export a student that detects, such as yolo11n.")
        transformer = _architecture.is_transformer(self._name)
        network = load_network(self._weights, device=torch.device("cpu"), fuse=True)  # without our hook
        whole = BareYolo(network, self._side, transformer=transformer)
        return Bare(whole, self._side, transformer, suppress=not (transformer or network.end2end))

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
        raw, pictures = raw if self.has_masks else (raw, [None] * len(raw))
        rows = zip(raw, pictures, (way for _, way in fitted), features, strict=True)
        return [self._sight(*each) for each in rows]

    def _sight(self, raw: torch.Tensor, pictures: torch.Tensor | None, way: Fit, vector: NDArray[np.float32]) -> Sight:
        boxes, probabilities, classes = (each.cpu().numpy() for each in self._decode(raw.float()))
        scores = np.take_along_axis(probabilities, classes[:, None], axis=1)[:, 0]
        solid = clean(way.back(boxes[:, :4]), np.arange(len(boxes)), scores, way.size)  # its classes say which are left
        found = Detections(solid.boxes, classes[solid.classes], solid.scores)
        if pictures is not None and len(found):
            mixed = np.tensordot(boxes[solid.classes, 4:], pictures.float().cpu().numpy(), axes=1)
            found = outlined(found, _mixed_masks.in_picture(mixed, found.boxes, way, self._side))
        return Sight(found, probabilities[solid.classes], vector)

    def _decode(self, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Boxes xyxy in the square, scores of all classes, own class; best first. Behind a box, what mixes its mask."""
        if _architecture.is_transformer(self._name):  # (queries, 4 + classes): centre and size, in shares
            return best_pairs(corners(raw[:, :4]) * self._side, raw[:, 4:])
        rows = raw if self._network.end2end else raw.T  # (anchors, 4 + classes + mixing), or the other way round
        boxes, scores, mixing = rows[:, :4], rows[:, 4 : 4 + self._classes], rows[:, 4 + self._classes :]
        if self._network.end2end:  # xyxy
            return best_pairs(torch.cat([boxes, mixing], dim=1), scores)
        return suppress(torch.cat([corners(boxes), mixing], dim=1), scores)  # centre and size


def unmirrored(found: Detections, shape: tuple[int, ...]) -> Detections:
    """Boxes of a picture mirrored left to right, where they lie in the picture; `shape` is (height, width, ...)."""
    height, width = shape[:2]
    left, top, right, bottom = found.boxes.T
    boxes = np.stack([width - right, top, width - left, bottom], axis=1)
    return clean(boxes, found.classes, found.scores, (width, height))


def device(wanted: str) -> torch.device:
    """The device to detect on: of several GPUs, the first."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    first = wanted.split(",", maxsplit=1)[0]
    return torch.device(f"cuda:{first}" if first.isdigit() else first)


def _chunks(images: Sequence[Image], size: int) -> Iterator[Sequence[Image]]:
    return (images[start : start + size] for start in range(0, len(images), size))
