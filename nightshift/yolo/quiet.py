"""Ultralytics without its side effects: no analytics, no experiment loggers, no settings of the user's touched.

Nor does it install packages: at import it replaces Pillow's `open` by one that, for any file Pillow cannot read, has
pip fetch a decoder. Both are undone, as other parts of this process open pictures too.

Nor does it decide for our child processes how many threads they may use: at import it writes OMP_NUM_THREADS=1 into
the environment when that is not set, and nobody could tell any more whether the user had asked for it.

Ultralytics reads its environment once, at its first import, so `silence` has to come before that.
Knows nothing of models or data.
"""

import os
import stat
import tempfile
from pathlib import Path

from PIL import Image

PILLOWS_OWN_OPEN = Image.open
THREADS = "OMP_NUM_THREADS"
LOGGERS = ("clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb")


def silence(folder: Path | None = None) -> None:
    """Make Ultralytics keep its settings in `folder`, send nothing, log nowhere and load weights safely.

    Args:
        folder: for its settings file; a folder of this user's under the temporary directory when left out.
    """
    os.environ["YOLO_CONFIG_DIR"] = str(folder or _own_folder())
    os.environ["ULTRALYTICS_SAFE_LOAD"] = "true"  # its default unpickles whatever a file contains
    os.environ["YOLO_AUTOINSTALL"] = "false"
    os.environ.setdefault("YOLO_VERBOSE", "false")
    chosen = os.environ.get(THREADS)
    from ultralytics.utils import SETTINGS  # noqa: PLC0415 - reads the lines above at import

    if not chosen:
        os.environ.pop(THREADS, None)
    Image.open = PILLOWS_OWN_OPEN
    off = dict.fromkeys(("sync", *LOGGERS), False)
    if any(SETTINGS[key] for key in off):  # each update rewrites the file
        SETTINGS.update(off)  # type: ignore[no-untyped-call]


def threads() -> int:
    """How many threads to train with on the CPU: what the user set OMP_NUM_THREADS to, else one per core.

    Several trainings side by side want one thread each: threads that outnumber the cores wait for each other, and on a
    busy machine a step with two took three times as long as with one.
    """
    chosen = os.environ.get(THREADS, "").split(",", maxsplit=1)[0].strip()  # a list is for nested regions
    return max(1, int(chosen)) if chosen.isdecimal() else os.cpu_count() or 1


def _own_folder() -> Path:
    """Of this user alone: on a shared machine somebody else may have made a folder of that name before."""
    folder = Path(tempfile.gettempdir()) / f"nightshift-ultralytics-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    return folder if ours else Path(tempfile.mkdtemp(prefix="nightshift-ultralytics-"))
