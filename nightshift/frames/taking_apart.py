"""A video taken apart into the frames that are kept, by a process that may crash. Light to import.

One process a video: what it held of memory goes with it, and it has no credentials.
"""

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nightshift.domain.errors import FrameError
from nightshift.domain.keeping import Keeping
from nightshift.frames.door import CRASHES, surroundings
from nightshift.frames.refusals import Undecided

SECONDS = 4 * 3600  # of computing that one video may take
REMEDY = "Repair or remove the file; it is left out until then."


def take_apart(path: Path, name: str, folder: Path, keeping: Keeping, seconds: int = SECONDS) -> list[dict[str, Any]]:
    """Write the kept frames of a video as PNG files; returns name, size and sha-256 of each.

    Args:
        path: of the video.
        name: what to call it in an error.
        folder: where to write.
        keeping: which frames are kept.
        seconds: of computing that it may take.

    Raises:
        FrameError: it cannot be decoded, takes too much, or crashed the process that tried.
        Undecided: the process was ended by something else.
    """
    asked = {"path": str(path.resolve()), "name": name, "folder": str(folder.resolve()), "keeping": asdict(keeping)}
    done = subprocess.run(
        [sys.executable, "-m", "nightshift.frames._video_process", str(seconds)],
        input=json.dumps(asked) + "\n",
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # decoders complain there of every damaged file
        text=True,
        check=False,
    )
    if not done.stdout.endswith("\n"):
        raise _ended(name, done.returncode, seconds)
    said: dict[str, Any] = json.loads(done.stdout)
    if "reason" in said:
        raise FrameError(name, said["reason"], REMEDY)
    frames: list[dict[str, Any]] = said["frames"]
    return frames


def _ended(name: str, status: int, seconds: int) -> FrameError:
    if status == -signal.SIGXCPU:
        return FrameError(name, f"decoding it takes more than {seconds} s", REMEDY)
    kind = FrameError if status in CRASHES else Undecided
    how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return kind(name, f"decoding it ends the process that tries: {how}", REMEDY)
