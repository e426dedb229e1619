"""A picture file's bytes to RGB pixels, upright, or a reason why not.

Everything that looks at pixels gets them from here, so EXIF rotation happens once. Of animations and multi-page
files the first picture counts. Knows no files and no store.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from nightshift.domain.errors import FrameError
from nightshift.domain.models import Image

MOST_PIXELS = 89_000_000  # Pillow's own limit only warns, up to twice this
FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "PPM", "GIF")
ORIENTATION = 0x0112  # EXIF tag; 5 to 8 exchange width and height
DEEP = 65_535
REMEDY = "Repair or remove the file; it is left out until then."
# what Pillow's plugins are known to raise over damaged files
BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError, struct.error,
    MemoryError, ZeroDivisionError, Pillow.DecompressionBombError, Pillow.DecompressionBombWarning,
)  # fmt: skip


def decode(data: bytes, name: str = "a picture") -> Image:
    """(height, width, 3) uint8 RGB, EXIF rotation applied.

    16-bit grey keeps its upper 8 bits, transparency is laid over white (as a browser shows it), palette, grey and
    CMYK become RGB.

    Args:
        data: the file's bytes.
        name: what to call it in an error.

    Raises:
        FrameError: no picture, a broken or unsupported one, or too large.
    """
    with _opened(data, name) as image:
        image.load()
        upright = ImageOps.exif_transpose(image) if _orientation(image) > 1 else image
        return _rgb(upright)


def probe_size(data: bytes, name: str = "a picture") -> tuple[int, int]:
    """(width, height) as `decode` gives them, from the header alone: a broken body is not noticed.

    Raises:
        FrameError: as `decode`.
    """
    with _opened(data, name) as image:
        width, height = image.size
        # Pillow's TIFF reader has exchanged them already
        turned = image.format != "TIFF" and _orientation(image) in range(5, 9)
        return (height, width) if turned else (width, height)


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Pillow.Image]:
    try:
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Pillow.DecompressionBombError(f"{image.width}x{image.height} is too large")
            yield image
    except UnidentifiedImageError as error:
        raise FrameError(name, "it is no picture of a known format", f"Known: {', '.join(FORMATS)}.") from error
    except BROKEN as error:
        raise FrameError(name, _reason(error), REMEDY) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, Pillow.DecompressionBombError | Pillow.DecompressionBombWarning):
        return f"it has more than {MOST_PIXELS / 1e6:.0f} million pixels"
    return f"it cannot be decoded: {' '.join(str(error).split()).rstrip('.') or type(error).__name__}"


def _orientation(image: Pillow.Image) -> int:
    """1 where nothing, or nothing sensible, is said: pixels are worth more than their EXIF block."""
    try:
        said = image.getexif().get(ORIENTATION, 1)
    except BROKEN:
        return 1
    return said if isinstance(said, int) and 1 <= said <= 8 else 1  # noqa: PLR2004 - EXIF's eight


def _rgb(image: Pillow.Image) -> Image:
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _deep(np.asarray(image))
    if image.has_transparency_data:
        flat = Pillow.new("RGBA", image.size, "white")
        image = Pillow.alpha_composite(flat, image.convert("RGBA"))
    return np.array(image.convert("RGB"), np.uint8)


def _deep(grey: NDArray[np.generic]) -> Image:
    """(h, w) integers of 16 bits, or floats in [0, 1], to (h, w, 3) uint8: by the full range, never stretched."""
    values = grey.astype(np.float64)
    top = 1.0 if grey.dtype.kind == "f" else float(DEEP)
    if not (values >= 0).all() or not (values <= top).all():
        raise ValueError(f"its values lie outside 0 to {top:g}")
    scaled = np.rint(values * (255 / top)).astype(np.uint8)
    return np.repeat(scaled[:, :, None], 3, axis=2)
