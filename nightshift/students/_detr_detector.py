"""A trained detection transformer at work: pictures in; detections, class scores and a vector of each picture out.

Every picture is stretched into the same square, so a batch gives what single pictures give. One forward serves all.
There is nothing to suppress: the network has learnt to say each object once. Knows nothing of training.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, clean
from nightshift.domain.errors import ModelError
from nightshift.domain.models import Hyper, Image, Sight
from nightshift.students._bare import Bare
from nightshift.students._detector import device, unmirrored
from nightshift.students._detr_family import Family
from nightshift.students._detr_loop import backbone
from nightshift.students._detr_network import load, read_label
from nightshift.students._detr_pictures import seen
from nightshift.yolo.squares import GREY, Fit, best_pairs, corners, fit


class DetrDetector:
    """Finds boxes with a trained network; equal input gives equal output.

    Args:
        family: which.
        weights: a checkpoint file.
        hyper: image_size, device and pictures per forward are taken from it.

    Raises:
        ModelError: the weights cannot be loaded, or the pictures would be too small for them.
    """

    def __init__(self, family: Family, weights: Path, hyper: Hyper) -> None:
        label = read_label(weights)
        if label.family != family.name:
            reason = f"it is a {label.model} of {label.family}, not of {family.name}"
            raise ModelError(str(weights), reason, f"Set student.name to {label.family}, or train anew.")
        self._family, self._weights, self._batch = family, weights, hyper.batch
        self.side = family.side(label.model, hyper.image_size)
        self.network = load(family, weights, label).eval().to(device(hyper.device))
        self._version = f"{label.model}@{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"
        self._features: list[torch.Tensor] = []
        self._one_at_a_time = Lock()  # shards may share a detector; the hook keeps state
        backbone(self.network).register_forward_hook(self._keep)
        self._width = len(self._forward([np.full((32, 32, 3), GREY, np.uint8)])[0].vector)

    @property
    def version(self) -> str:
        """Architecture and digest of the weights, such as dfine-nano@0123456789ab."""
        return self._version

    @property
    def has_class_scores(self) -> bool:
        """True: the heads are sigmoids, one a class."""
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
        parts = (images[start : start + self._batch] for start in range(0, len(images), self._batch))
        sights = [sight for part in parts for sight in self._forward(part)]
        if not mirrored:
            return sights
        others = self.detect([np.ascontiguousarray(image[:, ::-1]) for image in images])
        triples = zip(sights, others, images, strict=True)
        return [replace(sight, mirrored=unmirrored(other, image.shape)) for sight, other, image in triples]

    def bare(self) -> Bare:
        """The network alone, on the CPU, for whoever writes it down."""
        network = load(self._family, self._weights, read_label(self._weights)).eval()  # without our hook
        whole = _Bare(network, self.side, normalised=self._family.normalised)
        remember_positions(whole, self.side)
        return Bare(whole, self.side, stretched=True, suppress=False)

    def _keep(self, _module: object, _given: object, result: object) -> None:
        features: torch.Tensor = result.feature_maps[-1]  # type: ignore[attr-defined]
        self._features.append(features.mean(dim=(2, 3)))

    def _forward(self, images: Sequence[Image]) -> list[Sight]:
        fitted = [fit(image, self.side, stretched=True) for image in images]
        pixels = np.stack([square for square, _ in fitted]).transpose(0, 3, 1, 2)
        target = next(self.network.parameters()).device
        with self._one_at_a_time, torch.inference_mode():
            tensor = seen(torch.from_numpy(pixels).to(target), normalised=self._family.normalised)
            output = self.network(pixel_values=tensor)
            features = self._features.pop().float().cpu().numpy()
        heads = zip(output.pred_boxes.float().cpu(), output.logits.float().sigmoid().cpu(), strict=True)
        triples = zip(heads, (way for _, way in fitted), features, strict=True)
        return [self._sight(boxes, scores, way, vector) for (boxes, scores), way, vector in triples]

    def _sight(self, boxes: torch.Tensor, scores: torch.Tensor, way: Fit, vector: NDArray[np.float32]) -> Sight:
        best = best_pairs(corners(boxes) * self.side, scores)
        placed, probabilities, classes = (each.numpy() for each in best)
        own = np.take_along_axis(probabilities, classes[:, None], axis=1)[:, 0]
        solid = clean(way.back(placed), np.arange(len(placed)), own, way.size)  # its classes say which are left
        found = Detections(solid.boxes, classes[solid.classes], solid.scores)
        return Sight(found, probabilities[solid.classes], vector)


def remember_positions(whole: torch.nn.Module, side: int) -> None:
    """Make interpolated position vectors constants: ONNX has no such interpolation, and the side is always the same."""
    asked: list[Any] = [each for each in whole.modules() if hasattr(each, "interpolate_pos_encoding")]
    for each in asked:
        each.interpolate_pos_encoding = _once(each.interpolate_pos_encoding)
    with torch.inference_mode(mode=False), torch.no_grad():
        whole(torch.zeros(1, 3, side, side))


def _once(ask: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    kept: list[torch.Tensor] = []

    def asked(*given: Any) -> torch.Tensor:
        if not kept:
            kept.append(ask(*given).detach())
        return kept[0]

    return asked


class _Bare(torch.nn.Module):
    """The network from pixels in [0, 1] to boxes in pixels of the square and scores."""

    def __init__(self, network: torch.nn.Module, side: int, *, normalised: bool) -> None:
        super().__init__()
        self.network, self.side, self.normalised = network, side, normalised

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        output = self.network(pixel_values=seen(pixels * 255, normalised=self.normalised))
        centre, half = output.pred_boxes[..., :2], output.pred_boxes[..., 2:] / 2
        return torch.cat([centre - half, centre + half], dim=-1) * self.side, output.logits.sigmoid()
