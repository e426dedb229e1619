"""Rectangles as Label Studio has them: percent of the picture, turned about a corner. Knows no JSON and no server."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]  # width, height of the image, pixels


@dataclass(frozen=True, slots=True)
class Box:
    """A Label Studio rectangle: percent of the image, turned clockwise by degrees about (x, y)."""

    x: float
    y: float
    width: float
    height: float
    rotation: float


def hull(box: Box, size: Size) -> NDArray[np.float64]:
    """The smallest upright box around a turned one, clipped to the image. (4,) xyxy, pixels.

    Label Studio turns a rectangle clockwise about its own upper left corner, in pixels (not in percent:
    on an image that is not square that would shear it).
    """
    width, height = size
    angle = math.radians(box.rotation)
    along = np.array([math.cos(angle), math.sin(angle)]) * (box.width / 100 * width)
    down = np.array([-math.sin(angle), math.cos(angle)]) * (box.height / 100 * height)
    corner = np.array([box.x / 100 * width, box.y / 100 * height])
    corners = np.clip(corner + np.array([along * 0, along, down, along + down]), 0, [width, height])
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])


def to_percent(box: NDArray[np.float32], size: Size) -> dict[str, float]:
    """The x, y, width and height of an upright box, (4,) xyxy pixels."""
    x1, y1, x2, y2 = (float(value) for value in box)
    width, height = size
    return {
        "x": x1 / width * 100,
        "y": y1 / height * 100,
        "width": (x2 - x1) / width * 100,
        "height": (y2 - y1) / height * 100,
    }
