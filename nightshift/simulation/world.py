"""A labelled data set as a backtest sees it: pictures made small, bursts held together, a share kept for testing.

Pictures are shrunk once to the side that the student sees, boxes with them: every training and every look reads the
small copy. Nothing of the truth is in a frame; whoever needs it asks for it by the frame's id.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import cv2
import numpy as np

from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.frames import Frame, Split, frame_id, golden_rank
from nightshift.domain.models import Image, Progress, no_progress
from nightshift.frames.alike import group_alike, look_hash
from nightshift.frames.datasets import Dataset
from nightshift.frames.decode import decode

LEAST_FRAMES = 20  # below it there is nothing to compare
QUALITY = 95  # of the small JPEG copies


@dataclass(frozen=True, slots=True)
class World:
    """What a backtest replays.

    Args:
        name: of the data set.
        names: classes by index.
        frames: every usable picture, in the order of the ids; its clip is its burst, its split pool or golden.
        truth: frame id → every object, in the pixels of the small copy.
        folder: of the small copies.
    """

    name: str
    names: tuple[str, ...]
    frames: tuple[Frame, ...]
    truth: Mapping[str, Detections]
    folder: Path

    @property
    def pool(self) -> list[Frame]:
        """Frames that may be asked and trained on."""
        return [each for each in self.frames if each.split is Split.POOL]

    @property
    def golden(self) -> list[Frame]:
        """Frames that only test."""
        return [each for each in self.frames if each.split is Split.GOLDEN]

    def path(self, frame: Frame) -> Path:
        """The small copy of a frame."""
        return self.folder / f"{frame.id}.jpg"

    def images(self, frames: Sequence[Frame]) -> list[Image]:
        """Their pixels, (height, width, 3) uint8 RGB."""
        return [decode(self.path(each).read_bytes(), each.name) for each in frames]


def build(
    name: str,
    source: Path,
    labels: Dataset,
    folder: Path,
    side: int,
    golden_share: float,
    seed: int,
    clip_pattern: str = "",
    progress: Progress = no_progress,
) -> World:
    """Shrink the pictures of a data set and group them.

    Args:
        name: of the data set.
        source: its folder.
        labels: its labels.
        folder: gets the small copies; those that are there already are not made again.
        side: longest side of a copy, pixels; smaller pictures stay as they are.
        golden_share: of the bursts, kept for testing.
        seed: of the draw of golden bursts.
        clip_pattern: regular expression on a picture's name; its group 'clip' names the clip. Pictures that look alike
            are held together in any case.
        progress: told after each picture.

    Raises:
        ConfigError: there are too few pictures or bursts.
    """
    if len(labels.samples) < LEAST_FRAMES:
        reason = f"it has {len(labels.samples)} labelled pictures, a backtest needs {LEAST_FRAMES}"
        raise ConfigError(str(source), reason, "Give a larger labelled data set.")
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(labels.samples)
    with ThreadPoolExecutor(4) as helpers:
        small = helpers.map(lambda each: _shrink(source / each, each, folder, side), names)
        made = [_told(progress, i, len(names), each) for i, each in enumerate(small, 1)]
    clips = group_alike([bits for _, _, _, bits in made], named=[_clip(clip_pattern, each) for each in names])
    golden = _golden(clips, golden_share, seed)
    _refuse_one_sided(source, clips, golden)
    frames, truth = {}, {}
    for each, (ident, size, scale, _), clip in zip(names, made, clips, strict=True):
        split = Split.GOLDEN if clip in golden else Split.POOL
        frames[ident] = Frame(ident, (folder / f"{ident}.jpg").as_uri(), *size, names[clip], split, each, 0)
        truth[ident] = _scaled(labels.samples[each], scale)
    return World(name, labels.names, tuple(frames[key] for key in sorted(frames)), truth, folder)


def _clip(pattern: str, name: str) -> str:
    found = re.search(pattern, name) if pattern else None
    return found["clip"] if found else ""


def _told(progress: Progress, done: int, total: int, made: "_Made") -> "_Made":
    progress(done, total)
    return made


_Made = tuple[str, tuple[int, int], float, "np.typing.NDArray[np.uint8]"]  # id, (width, height), scale, look


def _shrink(path: Path, name: str, folder: Path, side: int) -> _Made:
    content = path.read_bytes()
    ident = frame_id(content)
    image = decode(content, name)
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = image if scale == 1.0 else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    target = folder / f"{ident}.jpg"
    if not target.exists():
        _write(target, np.asarray(small, np.uint8))
    return ident, size, scale, look_hash(np.asarray(small, np.uint8))


def _write(target: Path, image: Image) -> None:
    done, coded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ConfigError(str(target), "a small copy cannot be written", "Check the disk.")
    with NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as part:  # a data set may hold it twice
        part.write(coded.tobytes())
    Path(part.name).replace(target)


def _scaled(labels: Detections, scale: float) -> Detections:
    return Detections(labels.boxes * np.float32(scale), labels.classes, labels.scores)


def _golden(clips: Sequence[int], share: float, seed: int) -> set[int]:
    """Whole bursts in the order of their rank, until the share of the frames is reached."""
    sizes, chosen, frames = Counter(clips), set[int](), 0
    for clip in sorted(sizes, key=lambda each: golden_rank(str(each), seed)):
        if frames + sizes[clip] / 2 > share * len(clips):
            if chosen:
                break
            continue  # a burst as large as that is left in the pool: without test frames nothing can be compared
        chosen.add(clip)
        frames += sizes[clip]
    return chosen


def _refuse_one_sided(source: Path, clips: Sequence[int], golden: set[int]) -> None:
    bursts = set(clips)
    if golden and golden != bursts:
        return
    found = "a single burst" if len(bursts) == 1 else f"{len(bursts)} bursts"
    missing = "ask about" if golden else "test on"
    reason = f"its {len(clips)} pictures are {found}, bursts are not divided, and none is left to {missing}"
    raise ConfigError(str(source), reason, "Give pictures of more scenes, or shorter clips.")
