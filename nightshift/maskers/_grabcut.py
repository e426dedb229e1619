"""GrabCut, box by box, on a copy of bounded size; the same picture and box give the same mask."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections
from nightshift.domain.masking import outlined
from nightshift.domain.masks import Masks, Patch, Pixels
from nightshift.domain.models import Image
from nightshift.maskers._room import room

AROUND = 0.3  # of a side: the strip whose colours are the background's
SIDE = 256  # pixels of the copy at most: a cut of a thousand pixels takes seconds, and edges are found as well on this
ROUNDS = 5
HALF = 0.5  # of a pixel of the copy
SMALLEST = 3  # pixels of a box; below, there is nothing to cut
SEED = 0  # of the clusters of colour that each cut begins with


@dataclass(frozen=True, slots=True)
class GrabCut:
    """See the module."""

    version: str = "grabcut"

    def outline(self, images: Sequence[Image], found: Sequence[Detections]) -> list[Detections]:
        """See Masker."""
        return [_outlined(image, each) for image, each in zip(images, found, strict=True)]


def _outlined(image: Image, found: Detections) -> Detections:
    size = (len(image), len(image[0]))
    return outlined(found, Masks.of_patches((_mask(image, box) for box in found.boxes), size))


def _mask(image: Image, box: NDArray[np.float32]) -> Patch:
    """The object's pixels; none where nothing could be told apart."""
    rows, columns = room(box, image.shape, AROUND)
    patch = image[rows, columns]
    scale = min(1.0, SIDE / max(patch.shape[:2]))
    small = patch if scale == 1 else cv2.resize(patch, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    moved = (box - np.array([columns.start, rows.start] * 2)) * np.array([small.shape[1], small.shape[0]] * 2)
    inner = moved / np.array([patch.shape[1], patch.shape[0]] * 2)
    cut = _largest(_cut(np.ascontiguousarray(small), inner)).astype(np.float32)
    pixels = cv2.resize(cut, (patch.shape[1], patch.shape[0]), interpolation=cv2.INTER_LINEAR) >= HALF
    return Patch(rows.start, columns.start, np.asarray(pixels, np.bool_))


def _cut(patch: Image, box: NDArray[np.float64]) -> Pixels:
    low, high = np.floor(box[:2] + 0.5).astype(int), np.floor(box[2:] + 0.5).astype(int)
    marks = np.full(patch.shape[:2], cv2.GC_BGD, np.uint8)
    marks[low[1] : high[1], low[0] : high[0]] = cv2.GC_PR_FGD
    around = int((marks == cv2.GC_BGD).sum())
    if (high - low).min() < SMALLEST or around < SMALLEST**2:
        return np.zeros(patch.shape[:2], np.bool_)
    cv2.setRNGSeed(SEED)
    theirs, ours = np.zeros((1, 65)), np.zeros((1, 65))  # colours of the ground and of the object; OpenCV's own scratch
    cv2.grabCut(patch, marks, (0, 0, 1, 1), theirs, ours, ROUNDS, cv2.GC_INIT_WITH_MASK)  # the rectangle is not used
    return np.asarray((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD), np.bool_)


def _largest(pixels: Pixels) -> Pixels:
    """The largest connected piece: specks of a like colour are none of the object."""
    number, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.astype(np.uint8))
    if number < 2:  # noqa: PLR2004 - the ground is the first
        return pixels
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()), np.bool_)
