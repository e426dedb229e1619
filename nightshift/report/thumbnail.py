"""A small JPEG of a frame."""

import io

from PIL import Image as Picture

from nightshift.domain.models import Image

LONGEST_SIDE = 480  # pixels
QUALITY = 78


def thumbnail(image: Image, longest: int = LONGEST_SIDE) -> bytes:
    """JPEG bytes of (height, width, 3) uint8 RGB, `longest` pixels at most, never larger than the image."""
    small = Picture.fromarray(image)
    small.thumbnail((longest, longest))
    sink = io.BytesIO()
    small.save(sink, format="JPEG", quality=QUALITY, optimize=True)
    return sink.getvalue()
