"""Tracks of Label Studio's video annotations: boxes on key frames, on straight lines between them.

A track is a region of type 'videorectangle': its key frames count from 1, each has a box in percent and says whether
the object goes on from there (`enabled`). From a key frame where it does the box moves evenly to the next one, and
stays after the last; from one where it does not, the object is gone until the next. Knows one annotation's regions;
knows no task and no video. Everything that came over the wire may be wrong.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nightshift.domain.detections import Detections, clean
from nightshift.domain.frames import Rejected
from nightshift.domain.percent import Box, Size, hull
from nightshift.services.label_studio.evidence import legible
from nightshift.services.label_studio.percent import PLAUSIBLE, TURNS, Unusable, gathered

KIND = "videorectangle"
MOST_KEYS = 100_000  # of a track: more is a script, not a person
FIELDS = ("x", "y", "width", "height", "rotation")


@dataclass(frozen=True, slots=True)
class Key:
    """A box that somebody drew, or a program wrote, on a frame of a video.

    Args:
        frame: counted from 1.
        box: x, y, width, height in percent and degrees of rotation, as Label Studio has them.
        goes_on: whether the object is there on the frames after it.
    """

    frame: int
    box: tuple[float, float, float, float, float]
    goes_on: bool


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """One object in a video.

    Args:
        label: its class.
        keys: at least one, their frames ascending.
        rate: frames a second; 0 where the region does not say.

    Raises:
        ValueError: there is no key frame, or two are of one frame.
    """

    label: int
    keys: tuple[Key, ...]
    rate: float

    def __post_init__(self) -> None:
        if not self.keys or any(b.frame <= a.frame for a, b in pairwise(self.keys)):
            raise ValueError("a track needs key frames, each of a later frame than the one before")

    def at(self, frame: float) -> tuple[float, float, float, float, float] | None:
        """The box at a frame, counted from 1, also between two; None where the object is not there."""
        before = [each for each in self.keys if each.frame <= frame]
        if not before:
            return None
        last, after = before[-1], next((each for each in self.keys if each.frame > frame), None)
        if last.frame == frame or (last.goes_on and after is None):
            return last.box
        if after is None or not last.goes_on:
            return None
        share = (frame - last.frame) / (after.frame - last.frame)
        x, y, width, height, turn = (a + share * (b - a) for a, b in zip(last.box, after.box, strict=True))
        return x, y, width, height, turn


def read_tracks(
    regions: Sequence[object], names: Sequence[str], subject: str
) -> tuple[list[VideoTrack], list[Rejected]]:
    """The tracks in a result list, and what is none, with the reason.

    Args:
        regions: the items of a result list, as they came over the wire.
        names: class names by index.
        subject: whose they are, for the rejections.
    """
    tracks, _, rejected = gathered(regions, lambda region: _track(region, names), subject)
    return tracks, rejected


def read_export(content: bytes, names: Sequence[str]) -> tuple[dict[str, list[VideoTrack]], list[Rejected]]:
    """The tracks in an export of a video project ("JSON"), by the address of the video.

    Of several annotations of a video the newest counts; one that was skipped is none.

    Args:
        content: of the file.
        names: class names by index.
    """
    try:
        tasks = json.loads(content)
    except (ValueError, RecursionError):
        return {}, [Rejected("the export", "it is no JSON")]
    found: dict[str, list[VideoTrack]] = {}
    rejected: list[Rejected] = []
    for number, task in enumerate(tasks if isinstance(tasks, list) else [tasks]):
        subject = f"task {number} of the export"
        video, said = _video(task), _newest(task)
        if video is None or said is None:
            rejected.append(Rejected(subject, "it names no video, or nobody has annotated it"))
            continue
        found[video], broken = read_tracks(said, names, subject)
        rejected += broken
    return found, rejected


def _video(task: object) -> str | None:
    data = task.get("data") if isinstance(task, Mapping) else None
    video = data.get("video") if isinstance(data, Mapping) else None
    return video if isinstance(video, str) and video else None


def _newest(task: object) -> list[object] | None:
    given = task.get("annotations") if isinstance(task, Mapping) else None
    made = [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []
    counting = [each for each in made if not each.get("was_cancelled") and isinstance(each.get("result"), list)]
    if not counting:
        return None
    newest: list[object] = max(counting, key=lambda each: str(each.get("created_at", "")))["result"]
    return newest


def at_times(tracks: Sequence[VideoTrack], seconds: Sequence[float], size: Size, rate: float = 0.0) -> list[Detections]:
    """What is in each frame of a video; what of a box lies outside is cut off.

    Args:
        tracks: of the video.
        seconds: when the frames are shown, from the video's first frame on.
        size: (width, height) of the video as it is shown, pixels.
        rate: frames a second, for tracks that do not say.

    Raises:
        ValueError: a track does not say how many frames are shown a second, and nobody else does.
    """
    if any(not (each.rate or rate) for each in tracks):
        raise ValueError("a track says nothing of its frames a second: say `rate`")
    return [_frame([(each, each.at(1 + t * (each.rate or rate))) for each in tracks], size) for t in seconds]


def _frame(
    found: Sequence[tuple[VideoTrack, tuple[float, float, float, float, float] | None]], size: Size
) -> Detections:
    there = [(track.label, hull(Box(*box), size)) for track, box in found if box is not None]
    boxes = np.array([box for _, box in there], np.float32).reshape(-1, 4)
    return clean(boxes, np.array([label for label, _ in there], np.int64), np.ones(len(there)), size)


def _track(region: object, names: Sequence[str]) -> VideoTrack:
    if not isinstance(region, Mapping) or region.get("type") != KIND:
        raise Unusable("it is no track of boxes in a video")
    value = region.get("value")
    if not isinstance(value, Mapping):
        raise Unusable("it has no value")
    given = value.get("sequence")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_KEYS:
        raise Unusable(f"its sequence holds no key frame, or more than {MOST_KEYS:,}")
    keys = sorted((_key(each) for each in given), key=lambda each: each.frame)
    if len({each.frame for each in keys}) < len(keys):
        raise Unusable("two of its key frames are of one frame")
    return VideoTrack(_label(value.get("labels"), names), tuple(keys), _rate(value))


def _label(given: object, names: Sequence[str]) -> int:
    if not isinstance(given, list) or len(given) != 1:
        raise Unusable("it needs exactly one class")
    if given[0] not in names:
        raise Unusable(f"the class '{legible(given[0])}' is not in the ontology")
    return list(names).index(given[0])


def _key(given: object) -> Key:
    if not isinstance(given, Mapping):
        raise Unusable("a key frame is none")
    frame = given.get("frame")
    if not isinstance(frame, int) or isinstance(frame, bool) or not 1 <= frame < 1 << 31:
        raise Unusable(f"a key frame has the number {legible(frame)}")
    enabled = given.get("enabled", True)
    if not isinstance(enabled, bool):
        raise Unusable(f"frame {frame} is neither enabled nor not")
    x, y, width, height, turn = (_number(given.get(name, 0 if name == "rotation" else None), frame) for name in FIELDS)
    if max(map(abs, (x, y, width, height))) > PLAUSIBLE or abs(turn) > TURNS or min(width, height) <= 0:
        raise Unusable(f"nobody draws a box like that of frame {frame}")
    return Key(frame, (x, y, width, height, turn), enabled)


def _number(given: object, frame: int) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise Unusable(f"frame {frame} has a box that is no numbers")
    return float(given)


def _rate(value: Mapping[str, object]) -> float:
    """Frames a second, from their number and the duration; 0 where one of them is missing or makes no sense."""
    count, seconds = value.get("framesCount"), value.get("duration")
    if isinstance(count, bool) or isinstance(seconds, bool):
        return 0.0
    if not isinstance(count, int | float) or not isinstance(seconds, int | float):
        return 0.0
    rate = count / seconds if seconds > 0 else 0.0
    return rate if 0 < rate <= 1e4 else 0.0  # noqa: PLR2004 - no camera is quicker
