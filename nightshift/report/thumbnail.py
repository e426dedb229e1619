"""A small JPEG of a frame."""

import io

from PIL import Image as Picture

from nightshift.domain.models import Image

LONGEST_SIDE = 480  # pixels
QUALITY = 78


def thumbnail(image: Image) -> bytes:
    """JPEG bytes of (height, width, 3) uint8 RGB, never larger than the image."""
    small = Picture.fromarray(image)
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    sink = io.BytesIO()
    small.save(sink, format="JPEG", quality=QUALITY, optimize=True)
    return sink.getvalue()
