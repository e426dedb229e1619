"""A picture file's bytes to RGB pixels, upright, or a reason why not.

Everything that looks at pixels gets them from here, so EXIF rotation happens once. Of animations and multi-page
files the first picture counts. What a picture will take of memory is told from its header; too much is refused, and
threads share what is allowed. Knows no files and no store.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from nightshift.domain.errors import FrameError
from nightshift.domain.models import Image
from nightshift.frames.allowance import Allowance
from nightshift.frames.names import printable

MOST_PIXELS = 89_000_000  # Pillow's own limit only warns, up to twice this
MOST_MEMORY = 768 << 20  # bytes that decoding may hold at once; with files, results and processes below 1.5 GiB
FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "PPM", "GIF")
ORIENTATION = 0x0112  # EXIF tag; 5 to 8 exchange width and height
ROWS_PER_STRIP, SAMPLES, BITS, TILE_WIDTH, TILE_HEIGHT = 278, 277, 258, 322, 323  # TIFF tags
DEEP = 65_535
MOST_WORDS = 200  # characters of a decoder's own words, which may repeat the file's
BLOCK = (4096, 256)  # width and height of what is converted at a time
REMEDY = "Repair or remove the file; it is left out until then."
_shared = Allowance(MOST_MEMORY)


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
    with opened(data, name) as image, _shared.hold(memory(image)):
        image.load()
        upright = _upright(image)
        image.close()  # gives its memory back before anybody else is let in
    return upright


def probe_size(data: bytes, name: str = "a picture") -> tuple[int, int]:
    """(width, height) as `decode` gives them, from the header alone: a broken body is not noticed.

    Raises:
        FrameError: as `decode`.
    """
    with opened(data, name) as image:
        width, height = image.size
        # Pillow's TIFF reader has exchanged them already
        turned = image.format != "TIFF" and _orientation(image) in range(5, 9)
        return (height, width) if turned else (width, height)


@contextmanager
def opened(data: bytes, name: str) -> Iterator[Pillow.Image]:
    """The picture by its header, its pixels not yet read.

    Raises:
        FrameError: as `decode`, also for what goes wrong inside the block.
    """
    try:
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image, name)
            yield image
    except UnidentifiedImageError as error:
        raise FrameError(name, "it is no picture of a known format", f"Known: {', '.join(FORMATS)}.") from error
    except FrameError:
        raise
    except Exception as error:  # Pillow's plugins raise whatever a damaged file makes them raise
        raise FrameError(name, _reason(error), REMEDY) from error


def memory(image: Pillow.Image) -> int:
    """Bytes that decoding a picture holds at its peak, beside its file; measured format by format.

    Pillow keeps 4 bytes a pixel, the result takes 3. While it is read, a progressive JPEG holds all its coefficients,
    a WebP four copies more, and a TIFF one whole strip or tile, whose size only its header knows.
    """
    pixels = image.width * image.height
    return pixels * 4 + max(pixels * 3, _reading(image, pixels))


def _reading(image: Any, pixels: int) -> int:
    if image.format in {"JPEG", "MPO"}:
        return int(pixels * _coefficients(image)) if "progressive" in image.info else 0
    if image.format == "WEBP":
        return pixels * 16
    if image.format == "TIFF":
        return max(pixels * 4, _strip(image))  # it may turn a copy upright
    return 0


def _coefficients(image: Any) -> float:
    """Bytes a pixel of a progressive JPEG, 2 for each sample of each channel."""
    layers = np.array([(across, down) for _, across, down, _ in image.layer], np.float64)
    return float(2 * layers.prod(axis=1).sum() / max(layers.max(axis=0).prod(), 1))


def _strip(image: Any) -> int:
    """Bytes of the largest strip or tile of a TIFF, as its header has it, true or not."""
    tags = image.tag_v2
    width, height = tags.get(TILE_WIDTH), tags.get(TILE_HEIGHT)
    if not width or not height:
        width, height = image.width, min(int(tags.get(ROWS_PER_STRIP) or image.height), image.height)
    bits = max(np.atleast_1d(tags.get(BITS, 8)).tolist()) * int(tags.get(SAMPLES, 1))
    return int(width) * int(height) * max(int(bits), 8) // 8


def _check_size(image: Pillow.Image, name: str) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise Pillow.DecompressionBombError
    if memory(image) > MOST_MEMORY:
        takes = f"decoding it takes {memory(image) >> 20} MiB of memory"
        raise FrameError(name, f"{takes}, and {MOST_MEMORY >> 20} are allowed", REMEDY)


def _reason(error: BaseException) -> str:
    if isinstance(error, Pillow.DecompressionBombError | Pillow.DecompressionBombWarning):
        return f"it has more than {MOST_PIXELS / 1e6:.0f} million pixels"
    if isinstance(error, MemoryError):
        return "decoding it takes more memory than its header says"
    said = printable(" ".join(str(error).split()))[:MOST_WORDS]
    return f"it cannot be decoded: {said.rstrip('.') or type(error).__name__}"


def _orientation(image: Pillow.Image) -> int:
    """1 where nothing, or nothing sensible, is said: pixels are worth more than their EXIF block."""
    try:
        said = image.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - as in `opened`
        return 1
    return said if isinstance(said, int) and 1 <= said <= 8 else 1  # noqa: PLR2004 - EXIF's eight


def _upright(image: Pillow.Image) -> Image:
    """Block by block, so that conversions hold no second picture."""
    turn, (width, height) = _orientation(image), image.size
    upright = np.empty((width, height, 3) if turn > 4 else (height, width, 3), np.uint8)  # noqa: PLR2004
    lying = _as_stored(upright, turn)
    for top in range(0, height, BLOCK[1]):
        for left in range(0, width, BLOCK[0]):
            right, bottom = min(left + BLOCK[0], width), min(top + BLOCK[1], height)
            lying[top:bottom, left:right] = _rgb(image.crop((left, top, right, bottom)))
    return upright


def _as_stored(upright: Image, turn: int) -> Image:
    """The same memory, seen as it is stored: writing row by row into it fills the upright picture."""
    flipped = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
               5: upright, 6: upright[:, ::-1], 7: upright[::-1, ::-1], 8: upright[::-1]}[turn]  # fmt: skip
    return flipped.transpose(1, 0, 2) if turn > 4 else flipped  # noqa: PLR2004


def _rgb(image: Pillow.Image) -> Image:
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        return _deep(np.asarray(image))
    if image.has_transparency_data:
        flat = Pillow.new("RGBA", image.size, "white")
        image = Pillow.alpha_composite(flat, image.convert("RGBA"))
    return np.asarray(image.convert("RGB"), np.uint8)


def _deep(grey: NDArray[np.generic]) -> Image:
    """(h, w) integers of 16 bits, or floats in [0, 1], to (h, w, 3) uint8: by the full range, never stretched."""
    values = grey.astype(np.float64)
    top = 1.0 if grey.dtype.kind == "f" else float(DEEP)
    if not (values >= 0).all() or not (values <= top).all():
        raise ValueError(f"its values lie outside 0 to {top:g}")
    scaled = np.rint(values * (255 / top)).astype(np.uint8)
    return np.repeat(scaled[:, :, None], 3, axis=2)
