"""What is a video by its name, and which of its frames are kept. Light: no decoder is imported to know it."""

from dataclasses import dataclass
from pathlib import PurePosixPath

VIDEOS = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".ogv",
     ".3gp", ".mxf"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keeping:
    """Which frames of a video are kept.

    Args:
        every: seconds between two that are looked at; 0 looks at all.
        new: bits of 64 by which a frame's look must differ from every kept one's; 0 keeps all that are looked at.
        most: kept of one video.

    Raises:
        ValueError: one of them is out of its range.
    """

    every: float = 1.0
    new: int = 4
    most: int = 2000

    def __post_init__(self) -> None:
        if not (self.every >= 0 and 0 <= self.new <= 32 and self.most >= 1):  # noqa: PLR2004 - half of the bits
            raise ValueError(f"no frames can be kept by {self}")


def is_video(name: str) -> bool:
    """Whether a name promises a video."""
    return PurePosixPath(name).suffix.lower() in VIDEOS
