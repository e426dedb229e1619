"""A `.pt` file of Ultralytics as a teacher: YOLO or RT-DETR, trained by whoever has the file.

Only what PyTorch's restricted reader allows is read from it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nightshift.domain.errors import ModelError
from nightshift.domain.models import Image
from nightshift.hub.checkpoint import ELSE
from nightshift.teachers._found import Found
from nightshift.yolo import quiet
from nightshift.yolo.squares import best_pairs, corners, fit, suppress, unchosen
from nightshift.yolo.weights import load_network

if TYPE_CHECKING:
    from nightshift.teachers._fine_tuned import Matched

NETWORKS = {"DetectionModel": False, "RTDETRDetectionModel": True}  # whether it is a transformer
SIDE = 640  # where the file does not say at what size it was trained


@dataclass(frozen=True, slots=True)
class AskFile:
    """A network with its classes.

    Args:
        network: YOLO or RT-DETR.
        matched: its classes in the ontology's.
        where: the device of the network.
        apart: False: every picture is fitted into one square.
    """

    network: Any
    matched: "Matched"
    where: torch.device
    apart: bool = False

    def __call__(self, images: Sequence[Image]) -> list[Found]:
        """See Ask."""
        side, stretched = _side(self.network), NETWORKS[type(self.network).__name__]
        squares, ways = zip(*(fit(image, side, stretched=stretched) for image in images), strict=True)
        pixels = torch.from_numpy(np.stack(squares).transpose(0, 3, 1, 2)).to(self.where).float() / 255
        output = self.network(pixels)
        raw = output[0] if isinstance(output, tuple | list) else output
        return [self._found(rows.float(), way.back) for rows, way in zip(raw, ways, strict=True)]

    def _found(self, raw: torch.Tensor, back: Any) -> Found:
        boxes, scores, classes = (each.cpu().numpy() for each in self._decoded(raw))
        own = np.take_along_axis(scores, classes[:, None], axis=1)[:, 0]
        return self.matched.known(Found(back(boxes), classes, own))

    def _decoded(self, raw: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Boxes xyxy in the square, scores of all classes, own class; best first."""
        if NETWORKS[type(self.network).__name__]:  # (queries, 4 + classes): centre and size, in shares
            return best_pairs(corners(raw[:, :4]) * _side(self.network), raw[:, 4:])
        if self.network.end2end:  # (anchors, 4 + classes): xyxy
            return best_pairs(raw[:, :4], raw[:, 4:])
        return suppress(corners(raw[:4].T), raw[4:].T)  # (4 + classes, anchors): centre and size


def open_file(weights: Path, where: torch.device) -> tuple[Any, str]:
    """The network, ready to look, and its version.

    Raises:
        ModelError: there is no such file, it cannot be loaded, or it is no detector.
    """
    if not weights.is_file():
        raise ModelError(f"teacher checkpoint '{weights}'", "there is no such file", f"Put one there; or {ELSE}.")
    quiet.silence()
    network = load_network(weights, device=where, fuse=True)
    if type(network).__name__ not in NETWORKS:
        reason = f"it is a {type(network).__name__}, which does not find boxes of classes of its own"
        raise ModelError(f"teacher checkpoint '{weights.name}'", reason, "Use a YOLO or RT-DETR detector.")
    network.model[-1].postprocess = unchosen
    return network, f"{weights.stem}@{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"


def _side(network: Any) -> int:
    """The size it was trained at."""
    said = getattr(network, "args", None) or {}
    side = said.get("imgsz", SIDE) if isinstance(said, dict) else getattr(said, "imgsz", SIDE)
    return int(max(side) if isinstance(side, list | tuple) else side)
