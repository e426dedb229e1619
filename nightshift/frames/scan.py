"""Where pictures come from: a folder here; buckets are in services.

A source lists and reads; it decides nothing. What must not be read is listed all the same, and refused when read,
so that its owner hears of it. Names are handed on as they are: `names` makes them fit to be shown.
"""

import errno
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

MOST_BYTES = 128 << 20  # of a file: 45 megapixels uncompressed; several are held at once
OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)  # never waits, follows no late link


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
        closed: list[OSError] = []
        for folder, subfolders, files in os.walk(self._root, onerror=closed.append):
            subfolders[:] = sorted(each for each in subfolders if not each.startswith("."))
            for name in (each for each in subfolders if (Path(folder) / each).is_symlink()):
                yield SourceFile((Path(folder) / name).relative_to(self._root).as_posix() + "/", 0, "link")
            for name in sorted(each for each in files if not each.startswith(".")):
                yield self._file(Path(folder) / name)
        for each in closed:
            yield SourceFile(Path(each.filename).relative_to(self._root).as_posix() + "/", 0, "closed")

    def read(self, name: str) -> bytes:
        """A file's content.

        Raises:
            FrameError: it is gone, unreadable, too large, no plain file, reached by a link that leaves the folder, or
                it changes meanwhile.
        """
        return read_file(self._path(name), name)

    def local(self, name: str, folder: Path) -> Path:  # noqa: ARG002 - nothing need be copied
        """Where a file lies, for decoders that read it bit by bit.

        Raises:
            FrameError: it is gone, no plain file, or reached by a link that leaves the folder.
        """
        path = self._path(name)
        if not path.is_file():
            raise FrameError(name, "it is no plain file", "Remove it.")
        return path

    def uri(self, name: str) -> None:  # noqa: ARG002 - a folder has an address for none
        """Nobody else can reach a folder of this machine."""
        return

    def _path(self, name: str) -> Path:
        if name.endswith("/"):
            raise FrameError(name, "it is a folder that cannot be looked into, or a link to one", "Copy or mount it.")
        try:
            path = (self._root / name).resolve()
        except (OSError, ValueError, RuntimeError) as error:  # links in a circle; no name of a file
            raise FrameError(name, "it is a link that leads nowhere", "Remove it.") from error
        if not path.is_relative_to(self._root):
            raise FrameError(name, "it is a link that leaves the folder", "Copy the file itself.")
        return path

    def _file(self, path: Path) -> SourceFile:
        try:
            status = path.stat()
        except OSError:  # a link to nothing: reading it will say so
            status = path.lstat()
        return SourceFile(path.relative_to(self._root).as_posix(), status.st_size, str(status.st_mtime_ns))


def read_file(path: Path, name: str, most: int = MOST_BYTES) -> bytes:
    """A plain file's content, with a limit, whatever its owner does to it meanwhile.

    Args:
        path: of the file.
        name: what to call it in an error.
        most: bytes.

    Raises:
        FrameError: it is gone, unreadable, no plain file, too large, or it changes while it is read.
    """
    try:
        with os.fdopen(os.open(path, OPEN), "rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):  # reading a pipe would wait for ever
                raise FrameError(name, "it is no plain file", "Remove it.")
            check_bytes(name, before.st_size, most)
            content = file.read(most + 1)
            after = os.fstat(file.fileno())
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise FrameError(name, "it is no plain file", "Remove it.") from error
        raise FrameError(name, f"it cannot be read: {error.strerror}", "Check it.") from error
    if len(content) != before.st_size or (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise FrameError(name, "it changes while it is read", "Nothing to do: it is read again next night.")
    return content


def check_bytes(name: str, size: int, most: int = MOST_BYTES) -> None:
    """Refuse a file by its size, before it is read.

    Raises:
        FrameError: it is too large.
    """
    if size > most:
        said = f"it has {size / 2**20:,.0f} MiB, and {most / 2**20:,.0f} are allowed"
        raise FrameError(name, said, "Make it smaller, or remove it.")


def is_picture(name: str) -> bool:
    """Whether a name promises a picture, or a linked folder that may hide some."""
    return name.endswith("/") or PurePosixPath(name).suffix.lower() in SUFFIXES
