"""A video file to upright RGB frames with the seconds at which they are shown, or a reason why not.

Any container and codec that the FFmpeg in PyAV reads, constant rate or not. Times are those of presentation, counted
from the file's first frame; rotation and mirroring that the file asks for are done. Nothing but the file itself is
opened, whatever it says: a play list of other addresses is no video. Meant to run in a process of its own (`films`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import Interpolation

from nightshift.domain.errors import FrameError
from nightshift.domain.models import Image
from nightshift.frames.names import printable

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,asf,flv,ogg,mxf"
MOST_PIXELS = 7680 * 4320  # of a frame
MOST_SECONDS = 24 * 3600.0
MOST_FRAMES = 24 * 3600 * 60
MOST_WORDS = 200  # characters of a decoder's own words
SAME_EVERYWHERE = (
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT
)
REMEDY = "Repair or remove the file; it is left out until then."


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A frame of a video.

    Args:
        seconds: when it is shown, from the first frame on; ascending by at least a millisecond.
        image: (height, width, 3) uint8 RGB, upright.
    """

    seconds: float
    image: Image


def moments(path: Path, name: str, every: float = 0.0) -> Iterator[Moment]:
    """The frames of a video, one at a time.

    Args:
        path: of the file.
        name: what to call it in an error.
        every: seconds that lie between two frames at least; those between are decoded and not converted.

    Raises:
        FrameError: it is no video, has no picture, breaks off, or is larger or longer than is allowed.
    """
    try:
        with path.open("rb") as file, av.open(file, "r", options=_alone(), metadata_errors="replace") as container:
            yield from _shown(container, name, every)
    except FrameError:
        raise
    except (av.FFmpegError, OSError, ValueError, RuntimeError, MemoryError, EOFError, TypeError) as error:
        raise FrameError(name, f"it cannot be decoded ({_words(error)})", REMEDY) from error


def _words(error: Exception) -> str:
    """What the decoder said, without the path under which it read the file."""
    said = getattr(error, "strerror", None) or str(error).partition(":")[0]
    return printable(" ".join(said.split()))[:MOST_WORDS] or type(error).__name__


def _alone() -> dict[str, str]:
    return {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}


def _shown(container: Any, name: str, every: float) -> Iterator[Moment]:
    if not container.streams.video:
        raise FrameError(name, "it has no picture, only sound or data", REMEDY)
    stream = container.streams.video[0]
    stream.thread_type, stream.thread_count = "NONE", 1
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS), "flags": "+bitexact"}
    _check_size(stream.codec_context.width, stream.codec_context.height, name)
    first, last, step = None, -1.0, 1.0 / float(stream.average_rate or 25)
    count = 0
    for count, frame in enumerate(container.decode(stream), 1):
        _check_size(frame.width, frame.height, name)
        shown = frame.time if frame.time is not None else (first or 0.0) + (count - 1) * step
        first = shown if first is None else first
        seconds = shown - first
        if seconds > MOST_SECONDS or count > MOST_FRAMES:
            raise FrameError(name, f"it is longer than {MOST_SECONDS / 3600:.0f} h", "Cut it into shorter files.")
        due = last < 0 or (seconds - last >= max(every, 1e-3) - 1e-6)
        if due and not frame.is_corrupt:
            last = seconds
            yield Moment(seconds, _upright(frame))
    if not count:
        raise FrameError(name, "it holds no frame", REMEDY)


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > MOST_PIXELS or min(width, height) < 1:
        said = f"its frames are {width} x {height}, and {MOST_PIXELS / 1e6:.0f} million pixels are allowed"
        raise FrameError(name, said, "Make it smaller, or remove it.")


def _upright(frame: Any) -> Image:
    rgb = frame.reformat(format="rgb24", interpolation=int(SAME_EVERYWHERE)).to_ndarray()
    matrix = frame.side_data.get(Type.DISPLAYMATRIX)
    return np.ascontiguousarray(rgb if matrix is None else turned(rgb, np.frombuffer(matrix, np.int32)), np.uint8)


def turned(image: Image, matrix: np.ndarray[Any, np.dtype[np.int32]]) -> Image:
    """An image as a display matrix wants it shown, to the nearest quarter turn.

    Args:
        image: (h, w, 3).
        matrix: (9,) as files hold it, [a b u, c d v, x y w]: a point (p, q) goes to (ap + cq, bp + dq).
    """
    a, b, c, d = (int(matrix[i]) for i in (0, 1, 3, 4))
    if abs(a) + abs(d) >= abs(b) + abs(c):
        across, down = (a < 0), (d < 0)
    else:
        image = image.transpose(1, 0, 2)
        across, down = (c < 0), (b < 0)
    image = image[:, ::-1] if across else image
    return image[::-1] if down else image
