"""Small picture files for tests."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

ORIENTATION = 0x0112


def picture(seed: int, width: int = 12, height: int = 8, form: str = "PNG", **options: object) -> bytes:
    """A file unlike that of any other seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return encoded(Pillow.fromarray(pixels), form, **options)


def encoded(image: Pillow.Image, form: str = "PNG", **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def scene(seed: int, width: int = 120, height: int = 120) -> NDArray[np.uint8]:
    """(height, width, 3): smooth, and unlike that of any other seed."""
    coarse = np.random.default_rng(seed).uniform(20, 230, (9, 9, 3)).astype(np.uint8)
    return np.asarray(Pillow.fromarray(coarse).resize((width, height), Pillow.Resampling.BILINEAR))


def corners() -> NDArray[np.uint8]:
    """(20, 30, 3): red top left, green top right, blue bottom left, white bottom right, black between."""
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:8, :8], pixels[:8, -8:], pixels[-8:, :8], pixels[-8:, -8:] = RED, GREEN, BLUE, WHITE
    return pixels


RED, GREEN, BLUE, WHITE = (250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 250)
# where the four corners (top left, top right, bottom left, bottom right) come from once EXIF is applied
UPRIGHT = {
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}


def exif(orientation: int) -> Pillow.Exif:
    tags = Pillow.Exif()
    tags[ORIENTATION] = orientation
    return tags
