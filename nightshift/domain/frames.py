"""Frames and clips. A frame is known by the sha-256 of its bytes; splits never cut through a clip."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum


class Split(StrEnum):
    """Golden frames test every round and are never trained on; the rest is the pool."""

    POOL = "pool"
    GOLDEN = "golden"


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Args:
        id: sha-256 of the file's bytes, 64 lower-case hex digits.
        uri: where the pixels are: s3://bucket/key.
        width: pixels, after EXIF rotation.
        height: pixels, after EXIF rotation.
        clip: the video or camera sequence it belongs to.
        split: pool or golden.
        name: what its owner calls it (path relative to the source).
        round: the round that registered it.
    """

    id: str
    uri: str
    width: int
    height: int
    clip: str
    split: Split
    name: str
    round: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.id):
            raise ValueError(f"frame id '{self.id}' is not a sha-256")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"frame {self.id[:12]} is {self.width}x{self.height}")
        object.__setattr__(self, "split", Split(self.split))


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as its source lists it.

    Args:
        name: path relative to the source, with slashes.
        size: bytes.
        stamp: the source's word for "unchanged": an ETag, a time of change.
    """

    name: str
    size: int
    stamp: str


class FrameState(StrEnum):
    """How far a frame has come."""

    POOL = "pool"  # nobody was asked about it
    ASKED = "asked"  # it is in the queue
    LABELLED = "labelled"  # people agree on it


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """A frame with what the rounds remember of its file.

    Args:
        frame: the frame.
        size: bytes.
        stamp: the source's word for "unchanged" (an ETag, a time of change): same name, size and stamp, same file.
        state: how far it has come.
    """

    frame: Frame
    size: int
    stamp: str
    state: FrameState = FrameState.POOL

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", FrameState(self.state))


def frame_id(content: bytes) -> str:
    """The identity of a frame: sha-256 of its file's bytes, in hex."""
    return hashlib.sha256(content).hexdigest()


def golden_rank(clip: str, seed: int) -> float:
    """Where a clip stands in [0, 1) when golden ones are drawn: a keyed hash of its name."""
    digest = hashlib.blake2b(clip.encode(), digest_size=8, key=str(seed).encode()).digest()
    return int.from_bytes(digest) / 2**64


def is_golden(clip: str, share: float, seed: int) -> bool:
    """Whether a clip is golden; the answer never changes as clips arrive."""
    return golden_rank(clip, seed) < share


def audit_rank(frame_id: str, seed: int) -> float:
    """Where a frame stands in [0, 1) when audits are drawn, the lowest first: independent of what is golden."""
    digest = hashlib.blake2b(frame_id.encode(), digest_size=8, key=str(seed).encode(), person=b"audit").digest()
    return (int.from_bytes(digest) >> 11) / 2**53  # 53 bits: a float that stays below 1


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that cannot be used, kept with its reason instead of dropped.

    Args:
        subject: what: a file, a task, an annotation, a region.
        reason: why it cannot be used, as a clause.
        detail: the offending value, shortened, as text.
    """

    subject: str
    reason: str
    detail: str = ""
