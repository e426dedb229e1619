"""Pictures in the square that a network sees, and boxes from what its head says there.

Every picture is fitted into the same square, whatever else is in the batch, so a batch gives what single pictures
give. Heads differ in what they leave after a forward, see `unchosen`. Knows no class and no prompt by name.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.ops import batched_nms

from nightshift.domain.models import Image

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

    Boxes may have further columns, which travel with them.

    Written here because Ultralytics' own gives up after a time limit, and a busy machine would change results.
    """
    best, classes = scores.max(dim=1)
    sure = best >= LEAST_SCORE
    boxes, scores, best, classes = boxes[sure], scores[sure], best[sure], classes[sure]
    kept = batched_nms(boxes[:, :4], best, classes, SAME_OBJECT)[:MOST_BOXES]
    return boxes[kept], scores[kept], classes[kept]


def corners(boxes: torch.Tensor) -> torch.Tensor:
    """(n, 4) centre and size → (n, 4) xyxy."""
    centre, half = boxes[:, :2], boxes[:, 2:] / 2
    return torch.cat([centre - half, centre + half], dim=1)
