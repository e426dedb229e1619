"""A disk without room, told as what it is: which folder, how much is free, what to do.

Knows the files of this machine; knows nothing of what is written into them.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightshift.domain.errors import DiskFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
REMEDY = (
    "Free space there, or set NIGHTSHIFT_CACHE to a folder on a larger disk (all of it can be had again from the "
    "store); then run the round again: it goes on where it stopped."
)


@contextmanager
def room_in(folder: Path) -> Iterator[None]:
    """Writing into a folder of this machine.

    Raises:
        DiskFull: something inside failed because there is no room; any other OSError stays what it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise no_room(folder) from error


def no_room(folder: Path) -> DiskFull:
    """The error for a folder without room; it, or its parents, may not exist."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    space, files = shutil.disk_usage(there), os.statvfs(there).f_favail
    free = f"{space.free / 2**20:.1f} MiB of {space.total / 2**20:.1f} MiB are free"
    return DiskFull(
        str(folder), f"the disk has no room left ({free}{'' if files else ', for no further file'})", REMEDY
    )
