"""Masks from a network's small pictures of the square to the frame's own pixels, each inside its box."""

import cv2
import numpy as np
from numpy.typing import NDArray

from nightshift.domain.masks import Masks, Patch
from nightshift.yolo.squares import Fit


def in_picture(mixed: NDArray[np.float32], boxes: NDArray[np.float32], way: Fit, side: int) -> Masks:
    """Where a small picture is above 0, brought to the frame's size by linear interpolation, and cut off at its box.

    Args:
        mixed: (n, h, w) logits over the whole square.
        boxes: (n, 4) xyxy in the frame.
        way: how the frame lies in the square.
        side: of the square, pixels.
    """
    pairs = zip(mixed, boxes, strict=True)
    return Masks.of_patches((_patch(each, box, way, side) for each, box in pairs), (way.size[1], way.size[0]))


def _patch(mixed: NDArray[np.float32], box: NDArray[np.float32], way: Fit, side: int) -> Patch:
    low, high = (
        np.floor(box[:2] + 0.5).astype(int),
        np.floor(box[2:] + 0.5).astype(int),
    )  # of pixels with centres inside
    wide, tall = np.maximum(high - low, 0).tolist()
    if not (wide and tall):
        return Patch(0, 0, np.zeros((1, 1), np.bool_))
    shares = np.array([mixed.shape[1], mixed.shape[0]]) / side  # of a pixel of the square
    scale = np.array(way.scale) * shares
    shift = (low + 0.5) * scale + np.array(way.offset) * shares - 0.5
    there = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    logits = cv2.warpAffine(mixed, there, (wide, tall), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return Patch(int(low[1]), int(low[0]), np.asarray(logits > 0, np.bool_))
