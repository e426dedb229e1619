"""Where pictures come from: a folder here; buckets are in services.

A source lists and reads; it decides nothing. What must not be read is listed all the same, and refused when read,
so that its owner hears of it.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from nightshift.domain.errors import ConfigError, FrameError
from nightshift.domain.frames import SourceFile

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pnm", ".gif"}
)


class Source(Protocol):
    """A place that pictures come from."""

    def list(self) -> Iterator[SourceFile]:
        """Every file, pictures or not."""

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            NightshiftError: it cannot or must not be read.
        """

    def uri(self, name: str) -> str | None:
        """The address under which the file may stay; None where it has to be copied into the store."""


class FolderSource:
    """The files under a folder; hidden ones are left out.

    Raises:
        ConfigError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise ConfigError(f"frames.source {root}", "it is no folder", "Create it, or name another.")
        self._root = root.resolve()

    def list(self) -> Iterator[SourceFile]:
        """Every file, in the order of the names; a linked folder is one entry that cannot be read."""
        for folder, subfolders, files in os.walk(self._root):
            subfolders[:] = sorted(each for each in subfolders if not each.startswith("."))
            for name in (each for each in subfolders if (Path(folder) / each).is_symlink()):
                yield SourceFile((Path(folder) / name).relative_to(self._root).as_posix() + "/", 0, "link")
            for name in sorted(each for each in files if not each.startswith(".")):
                yield self._file(Path(folder) / name)

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            FrameError: it is gone, unreadable, no plain file, or reached by a link that leaves the folder.
        """
        path = (self._root / name).resolve()
        if name.endswith("/"):
            raise FrameError(printable(name), "it is a link to a folder", "Copy or mount the folder itself.")
        if not path.is_relative_to(self._root):
            raise FrameError(printable(name), "it is a link that leaves the folder", "Copy the file itself.")
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
                raise FrameError(printable(name), "it is no plain file", "Remove it.")
            return path.read_bytes()
        except OSError as error:
            raise FrameError(printable(name), f"it cannot be read: {error.strerror}", "Check it.") from error

    def uri(self, name: str) -> None:  # noqa: ARG002 - a folder has an address for none
        """Nobody else can reach a folder of this machine."""
        return

    def _file(self, path: Path) -> SourceFile:
        try:
            status = path.stat()
        except OSError:  # a link to nothing: reading it will say so
            status = path.lstat()
        return SourceFile(path.relative_to(self._root).as_posix(), status.st_size, str(status.st_mtime_ns))


def is_picture(name: str) -> bool:
    """Whether a name promises a picture, or a linked folder that may hide some."""
    return name.endswith("/") or PurePosixPath(name).suffix.lower() in SUFFIXES


def printable(name: str) -> str:
    """A name that UTF-8 can say: bytes that it cannot are written as escapes."""
    return name.encode("utf-8", "backslashreplace").decode()
