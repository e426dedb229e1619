"""A source whose videos appear as the frames that are kept of them.

`cam1/line.mp4` becomes `cam1/line.mp4/00012.345.png` and so on: the seconds at which a frame is shown are its name, and
the video is its clip. What was found in a video is remembered under its name, size and stamp, so that it is taken apart
once, not every night; a video that cannot be used is listed as a folder that cannot be looked into, so that its owner
hears of it. Knows no store: whoever opens it says where memories are kept.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import blake2b, sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from nightshift.domain.errors import FrameError
from nightshift.domain.frames import SourceFile
from nightshift.domain.keeping import Keeping, is_video
from nightshift.frames.refusals import Undecided
from nightshift.frames.scan import Source
from nightshift.frames.taking_apart import take_apart

LIMITS = 1  # to be raised when a limit on videos changes, so that what was refused is looked at again
MOST_BYTES = 8 << 30  # of a video
Found = dict[str, Any]
Frames = list[Found]  # a method is called `list`, too
ELSEWHERE = "Nothing to do where the video is gone; else write it anew, under another name."


class Films(Source, Protocol):
    """A source that can also put a file where a decoder can read it."""

    def local(self, name: str, folder: Path) -> Path:
        """Where the file lies on this machine: where it is, or copied into the folder.

        Raises:
            NightshiftError: as `read`.
        """


class Shelf(Protocol):
    """Where memories are kept, for all machines."""

    def recall(self, key: str) -> bytes | None:
        """What was kept under a key."""

    def keep(self, key: str, content: bytes) -> None:
        """Keep it, unless something is there already."""


class FilmSource:
    """A source seen frame by frame.

    Args:
        source: where pictures and videos lie.
        shelf: where is remembered what was found in videos.
        folder: of this machine, for frames until they are registered.
        keeping: which frames are kept.
    """

    def __init__(self, source: Films, shelf: Shelf, folder: Path, keeping: Keeping) -> None:
        self._source, self._shelf, self._folder, self._keeping = source, shelf, folder, keeping
        self._judge = f"limits {LIMITS} and PyAV {version('av')}"
        self._frames: dict[str, tuple[SourceFile, Found]] = {}
        self._refused: dict[str, str] = {}

    def list(self) -> Iterator[SourceFile]:
        """Every file but videos, and every frame kept of these; new videos are taken apart."""
        for each in self._source.list():
            if not is_video(each.name):
                yield each
            else:
                yield from self._appearance(each)

    def read(self, name: str) -> bytes:
        """A file's content, or a frame as PNG.

        Raises:
            FrameError: of a video that cannot be used: why.
            NightshiftError: as the source.
        """
        if name in self._refused:
            raise FrameError(name, self._refused[name], "Repair or remove the file; it is left out until then.")
        if name not in self._frames:
            return self._source.read(name)
        video, frame = self._frames[name]
        path = self._place(video) / frame["name"]
        if not path.is_file():  # another machine took it apart, or this one has been cleared
            self._take_apart(video)
        content = path.read_bytes() if path.is_file() else b""
        if sha256(content).hexdigest() != frame["sha256"]:
            raise FrameError(name, "it is decoded to another picture than when it was found", ELSEWHERE)
        return content

    def uri(self, name: str) -> str | None:
        """The address under which a file may stay; frames of videos have none."""
        return None if name in self._frames or name in self._refused else self._source.uri(name)

    def forget(self) -> None:
        """Remove the frames that this machine holds: those that are registered lie in the store."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _appearance(self, video: SourceFile) -> Iterator[SourceFile]:
        found = self._found(video)
        if "reason" in found:
            name = f"{video.name}/"
            self._refused[name] = found["reason"]
            yield SourceFile(name, video.size, video.stamp)
        for each in found.get("frames", ()):
            name = f"{video.name}/{each['name']}"
            self._frames[name] = (video, each)
            yield SourceFile(name, each["size"], each["sha256"])

    def _found(self, video: SourceFile) -> Found:
        """What is in a video: remembered, or found out now."""
        for judged in (False, True):  # frames hold whoever found them, a refusal only where the same decoder judges
            content = self._shelf.recall(self._key(video, judged=judged))
            if content is not None:
                said: Found = json.loads(content)
                return said
        try:
            return self._remembered(video, {"frames": self._take_apart(video)}, judged=False)
        except Undecided as error:
            return {"reason": error.reason}
        except FrameError as error:
            return self._remembered(video, {"reason": error.reason}, judged=True)

    def _remembered(self, video: SourceFile, found: Found, *, judged: bool) -> Found:
        self._shelf.keep(self._key(video, judged=judged), json.dumps(found, sort_keys=True).encode())
        return found

    def _take_apart(self, video: SourceFile) -> Frames:
        if video.size > MOST_BYTES:
            said = f"it has {video.size / 2**30:,.1f} GiB, and {MOST_BYTES >> 30} are allowed"
            raise FrameError(video.name, said, "Cut it into shorter files.")
        place = self._place(video)
        place.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=place) as copy:
            return take_apart(self._source.local(video.name, Path(copy)), video.name, place, self._keeping)

    def _place(self, video: SourceFile) -> Path:
        return self._folder / self._digest(video)

    def _key(self, video: SourceFile, *, judged: bool) -> str:
        return f"videos/{self._digest(video, self._judge if judged else '')}.json"

    def _digest(self, video: SourceFile, *more: str) -> str:
        said = [video.name, video.size, video.stamp, asdict(self._keeping), *filter(None, more)]
        return blake2b(json.dumps(said).encode(), digest_size=20).hexdigest()
