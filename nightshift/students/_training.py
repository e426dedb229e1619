"""Runs the training process: sends the request, listens to its lines, keeps its log, ends it whatever happens.

Knows nothing of Ultralytics.
"""

import hashlib
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nightshift
from nightshift.domain.errors import ModelError
from nightshift.domain.models import Checkpoint, Hyper, Progress
from nightshift.students._protocol import Epoch, Origin, Request, understand

logger = logging.getLogger(__name__)

PROCESS = "nightshift.students._train_process"
LAST_LINES = 12  # of the log, in the error of a failed training


def train(data: Path, init: Path | None, out: Path, hyper: Hyper, epochs: int, progress: Progress) -> Checkpoint:
    """Train in a child process.

    Raises:
        ModelError: it failed; the reason ends with the last lines of its log, which is out/train.log.
    """
    request = Request(
        model=hyper.model,
        data=str(data.resolve()),
        out=str(out.resolve()),
        init=str(init.resolve()) if init else None,
        image_size=hyper.image_size,
        epochs=epochs,
        batch=hyper.batch,
        seed=hyper.seed,
        device=hyper.device,
        parent=os.getpid(),
    ).write(out / "request.json")
    origin, curves = _listen(request, out / "train.log", progress)
    weights = out / "run" / "weights" / "last.pt"
    return Checkpoint(weights, hashlib.sha256(weights.read_bytes()).hexdigest(), origin, tuple(curves))


def _listen(request: Path, log: Path, progress: Progress) -> tuple[str, list[dict[str, float]]]:
    origin, curves, last = "", [], deque[str](maxlen=LAST_LINES)
    with _start(request) as child, log.open("w", buffering=1, encoding="utf-8") as file, _ended(child):
        for line in child.stdout or ():
            match understand(line):
                case Origin(name, reason):
                    origin = name
                    logger.info("training %s", reason)
                    file.write(f"{reason}\n")
                case Epoch(done, total, losses):
                    curves.append(losses)
                    progress(done, total)
                case None:
                    file.write(line)
                    last.append(line)
    if child.returncode:
        raise ModelError(f"training {request.parent}", _why(child.returncode, last), f"The whole log: {log}.")
    return origin, curves


def _start(request: Path) -> subprocess.Popen[str]:
    here = str(Path(nightshift.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-u", "-m", PROCESS, str(request)],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


@contextmanager
def _ended(child: subprocess.Popen[str]) -> Iterator[None]:
    """Leave no process behind when the parent stops listening: cancelled, interrupted, or a failing progress."""
    try:
        yield
        child.wait()
    finally:
        child.kill()  # does nothing to one that has ended


def _why(code: int, last: deque[str]) -> str:
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return f"the process failed ({how}); it ended with\n{''.join(last)}"
