"""Pictures with squares drawn into them, what they show, and how a tiny model is fitted to them.

A model of a few layers learns three pictures by heart in seconds: enough to tell whether what it says is put where the
square was drawn, whatever size the picture has and whichever way its file lies.
"""

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image as Pillow

from nightshift.domain.models import Image

TIMES = 7  # as large as the larger pictures are
ORIENTATION = 0x0112  # EXIF tag
BLUE, RED = (30, 60, 220), (220, 40, 30)


class Scene(NamedTuple):
    """A picture and its boxes: (prompt, xyxy pixels)."""

    image: Image
    boxes: tuple[tuple[str, tuple[int, int, int, int]], ...]


def scenes() -> list[Scene]:
    """64 x 48 pixels each: a red square, a red and a blue one, and none."""
    return [
        _drawn(("red bolt", (8, 6, 24, 30), RED)),
        _drawn(("red bolt", (36, 12, 60, 28), RED), ("gear", (4, 20, 20, 44), BLUE)),
        _drawn(),
    ]


def enlarged(scene: Scene, times: int = TIMES) -> Scene:
    """The same at a multiple of its size."""
    image = np.kron(scene.image, np.ones((times, times, 1), np.uint8))
    return Scene(image, tuple((prompt, tuple(times * each for each in box)) for prompt, box in scene.boxes))  # type: ignore[misc]


def lying(image: Image, kind: str = "JPEG") -> bytes:
    """A file whose pixels lie on their side, and whose EXIF says how to turn them."""
    exif = Pillow.Exif()
    exif[ORIENTATION] = 6  # turn by 90 degrees, clockwise, to show it
    buffer = io.BytesIO()
    how: dict[str, Any] = {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    Pillow.fromarray(np.rot90(image)).save(buffer, kind, exif=exif, **how)
    return buffer.getvalue()


def learn_by_heart(model: Any, loss: Callable[[], torch.Tensor], steps: int, goal: float) -> None:
    """Train until the loss is below the goal.

    Raises:
        AssertionError: it is not after that many steps.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        if value.item() < goal:
            return
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    raise AssertionError(f"after {steps} steps the loss is still {value.item():.3f}")


def _drawn(*squares: tuple[str, tuple[int, int, int, int], tuple[int, int, int]]) -> Scene:
    image = np.full((48, 64, 3), 128, np.uint8)
    for _, (left, top, right, bottom), color in squares:
        image[top:bottom, left:right] = color
    return Scene(image, tuple((prompt, box) for prompt, box, _ in squares))
