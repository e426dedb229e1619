"""A labelled set into a folder, in any known form: whole, or not at all.

Everything is written beside the folder first, and takes its name when it is complete. Knows no round and no store.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nightshift.domain.errors import ConfigError
from nightshift.domain.models import Progress, no_progress
from nightshift.domain.room import room_in
from nightshift.frames.formats import open_form
from nightshift.frames.labelled import Labelled, LabelledSet

UNFINISHED = ".unfinished"  # how such a folder's name ends


def write_dataset(
    dataset: LabelledSet,
    form: str,
    out: Path,
    picture: Callable[[Labelled], Path] | None = None,
    progress: Progress = no_progress,
) -> None:
    """Write a data set.

    Args:
        dataset: the labels.
        form: one of `known_forms`.
        out: new, or empty.
        picture: where a frame's file lies on this machine; without it no picture is copied.
        progress: told of every picture.

    Raises:
        ConfigError: the folder is in use, or there is nothing to write.
        UnknownName: there is no such form.
        DiskFull: there is no room.
    """
    write = open_form(form).write
    check_folder(out)
    if not dataset.frames:
        raise ConfigError(f"export to {out}", "no frame has a label", "Label some first, or export more with --what.")
    with _whole(out) as folder:
        places = write(dataset, folder)
        for done, (frame, place) in enumerate(zip(dataset.frames, places, strict=True), 1):
            if picture:
                (folder / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(picture(frame), folder / place)
                progress(done, len(dataset.frames))


def check_folder(out: Path) -> None:
    """Refuse a folder that has something in it, before anything is fetched for it.

    Raises:
        ConfigError: it has, or it is no folder.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise ConfigError(str(out), "it is no folder", "Name a new one.")
    if out.is_dir() and any(out.iterdir()):
        raise ConfigError(str(out), "the folder is not empty", "Name a new one: nothing is written over.")


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """A folder that gets its name at the end; until then nothing could be mistaken for the data set."""
    out = out.absolute()
    with room_in(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=UNFINISHED, dir=out.parent))
        try:
            yield folder
            folder.chmod(0o755)  # mkdtemp's are for nobody else
            if out.exists():
                out.rmdir()  # fails where somebody has put something into it meanwhile
            folder.rename(out)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
