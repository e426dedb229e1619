"""The process that takes videos apart: `python -m nightshift.frames._video_process 3600`.

A decoder that crashes ends this process and no other. It reads a request from standard input, a line of JSON, writes
the kept frames as PNG files into the folder that it names, and answers in a line of JSON. It has no credentials, may
take so many seconds of computing and so much memory, and ends with its input.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from nightshift.domain.errors import FrameError
from nightshift.domain.keeping import Keeping
from nightshift.frames.novelty import kept
from nightshift.frames.video import moments

if sys.platform != "win32":
    import resource

MEMORY = 3 << 30  # bytes of data: an 8K frame as RGB, the decoder's own frames, and the libraries
FRAMES, REASON = "frames", "reason"


def main(seconds: int) -> None:
    """Take one video after the other apart.

    Args:
        seconds: of computing, after which the kernel ends this process.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a decoder prints is no answer
    _limit(seconds)
    for line in sys.stdin:
        answers.write(json.dumps(_one(json.loads(line))) + "\n")
        answers.flush()


def _one(asked: dict[str, Any]) -> dict[str, Any]:
    keeping = Keeping(**asked["keeping"])
    try:
        frames = kept(moments(Path(asked["path"]), asked["name"], keeping.every), keeping)
        return {FRAMES: [_saved(each.seconds, each.image, Path(asked["folder"])) for each in frames]}
    except FrameError as error:
        return {REASON: error.reason}


def _saved(seconds: float, image: Any, folder: Path) -> dict[str, Any]:
    name = f"{seconds:09.3f}.png"
    Pillow.fromarray(image).save(folder / name, format="PNG", compress_level=4)
    content = (folder / name).read_bytes()
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _limit(seconds: int) -> None:
    """Of the processor, not of the wall: a busy machine is slow, not wrong. Of memory on Linux only."""
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    if sys.platform.startswith("linux"):
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


if __name__ == "__main__":
    main(int(sys.argv[1]))
