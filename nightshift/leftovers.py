"""Working folders on this machine, and what killed rounds left of them: a folder goes when its owner is dead.

Knows the cache folder; knows nothing of what is worked on.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nightshift.domain.room import room_in
from nightshift.services.store.owner import is_gone, this_process

OWNER = "owner"  # names the process that works in a folder
PARTS = "frames/*/.*.part"  # of downloads
OLD = 86_400.0  # seconds after which a download that still has no name is nobody's


@contextmanager
def working_folder(cache: Path, prefix: str) -> Iterator[Path]:
    """A new folder in the cache, gone afterwards; if this process is killed, the next `sweep` removes it.

    Raises:
        DiskFull: there is no room for it, or for what is written inside.
    """
    with room_in(cache):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=cache))
        try:
            (folder / OWNER).write_text(this_process(), encoding="utf-8")
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(cache: Path, now: float | None = None) -> int:
    """Remove what dead processes left in the cache; returns how many things.

    Args:
        cache: the project's folder on this machine.
        now: seconds since 1970.
    """
    dead = [each.parent for each in cache.glob(f"*/{OWNER}") if is_gone(each.read_text(encoding="utf-8"))]
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    limit = (time.time() if now is None else now) - OLD
    parts = [each for each in cache.glob(PARTS) if each.stat().st_mtime < limit]
    for part in parts:
        part.unlink(missing_ok=True)
    return len(dead) + len(parts)
