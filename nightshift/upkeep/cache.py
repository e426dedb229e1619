"""What this machine keeps copies of, and which of them nobody has used for long.

All of it can be had again from the store.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree

from nightshift.upkeep.removals import Removal

TRAINING = re.compile(r"\d{4,}-.+")
UNUSED = "a copy that was not used for {days:g} days; it comes back from the store when it is needed"
KILLED = "left by a training that was killed on this machine"
BROKEN_OFF = "left by a download that was broken off"


def spare(workspace: Path, days: float, now: datetime) -> Iterator[Removal]:
    """Files and folders of a workspace that may go, in the order of their paths.

    Args:
        workspace: of a project on this machine.
        days: copies used within so many days stay.
        now: the time.
    """
    for each in sorted(workspace.iterdir()):
        if each.is_dir() and TRAINING.fullmatch(each.name):
            yield Removal(str(each), sum(_size(file) for file in each.rglob("*")), KILLED)
        elif each.is_dir():
            yield from _copies(each, days, now)


def remove(going: Removal) -> None:
    """Let go of a file or a folder; nothing happens when it is gone already."""
    path = Path(going.key)
    if path.is_dir():
        rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _copies(folder: Path, days: float, now: datetime) -> Iterator[Removal]:
    limit = now - timedelta(days=days)
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        if path.suffix == ".part":
            yield Removal(str(path), _size(path), BROKEN_OFF)
        elif _used(path, now) < limit:
            yield Removal(str(path), _size(path), UNUSED.format(days=days))


def _size(path: Path) -> int:
    return path.lstat().st_size


def _used(path: Path, now: datetime) -> datetime:
    """When it was last read or written, as far as the file system tells."""
    told = path.stat()
    return datetime.fromtimestamp(max(told.st_atime, told.st_mtime), now.tzinfo)
