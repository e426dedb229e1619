"""Frames that somebody wants to be asked next, found by `nightshift find`.

A wish is named by the digest of what it says, so that wishing the same twice is one wish. It is spent frame by frame:
a frame that was asked is not asked again.
"""

import hashlib
import json
import re
from dataclasses import dataclass

FOLDER = "wishes/"
KEY = re.compile(r"wishes/[0-9a-f]{64}\.json")
MOST_FRAMES = 1000
LONGEST = 200  # letters
LARGEST = 1 << 20  # bytes of a wish; somebody else may have written there
ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Wish:
    """Frames to ask, and what they were found by.

    Args:
        asked: the text that was searched for, or the frame they look like, as one line.
        frames: ids, the one wanted most first.

    Raises:
        ValueError: nothing, or something unprintable, was asked; no frame, too many, one twice, or a name that is none.
    """

    asked: str
    frames: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "frames", tuple(self.frames))
        if not self.asked.strip() or len(self.asked) > LONGEST or not self.asked.isprintable():
            raise ValueError(f"a wish says what was looked for, in 1 to {LONGEST} printable letters")
        if not 0 < len(self.frames) <= MOST_FRAMES or len(set(self.frames)) < len(self.frames):
            raise ValueError(f"a wish names 1 to {MOST_FRAMES} frames, each once")
        if not all(ID.fullmatch(each) for each in self.frames):
            raise ValueError("a frame's id is 64 hex digits")

    @property
    def content(self) -> bytes:
        """As it is kept: the same wish is the same bytes."""
        said = {"asked": self.asked, "frames": list(self.frames)}
        return json.dumps(said, sort_keys=True, indent=1, ensure_ascii=False).encode() + b"\n"

    @property
    def key(self) -> str:
        """Where it is kept."""
        return f"{FOLDER}{hashlib.sha256(self.content).hexdigest()}.json"

    @classmethod
    def read(cls, content: bytes) -> "Wish":
        """What was kept.

        Raises:
            ValueError: it is no wish.
        """
        match json.loads(content):
            case {"asked": str(asked), "frames": [*frames], **rest} if not rest and all(map(_is_text, frames)):
                return cls(asked, tuple(frames))
        raise ValueError("it does not say what was asked, and for which frames")


def _is_text(value: object) -> bool:
    return isinstance(value, str)
