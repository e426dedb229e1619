"""Small video files, made on the spot."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from nightshift.domain.models import Image

MILLISECONDS = Fraction(1, 1000)


def moving(frames: int, width: int = 64, height: int = 48) -> list[Image]:
    """Pictures of a white square in the upper left of a grey field that grows brighter."""
    made = []
    for i in range(frames):
        image = np.full((height, width, 3), 40 + 2 * (i % 50), np.uint8)
        image[2:14, 2:18] = 255
        made.append(image)
    return made


def film(
    path: Path,
    images: Sequence[Image],
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    rotation: int = 0,
    *,
    mirrored: bool = False,
) -> Path:
    """A video of pictures, shown at the given seconds; ten a second where none are given."""
    height, width = images[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        if times is not None:
            stream.time_base = stream.codec_context.time_base = MILLISECONDS
        if rotation or mirrored:
            stream.set_display_rotation(rotation, hflip=mirrored)
        for i, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = i if times is None else round(times[i] * 1000)
            frame.time_base = Fraction(1, 10) if times is None else MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def sound(path: Path) -> Path:
    """A file with a second of silence and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        for start in range(0, 8192, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 8000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
