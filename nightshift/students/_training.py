"""Runs the training process: sends the request, listens to its lines, keeps its log, ends it whatever happens.

Knows neither Ultralytics nor transformers.
"""

import hashlib
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nightshift
from nightshift.domain.models import Checkpoint, Hyper, Progress
from nightshift.domain.room import room_in
from nightshift.students import _failure
from nightshift.students._protocol import Epoch, Origin, Request, understand

logger = logging.getLogger(__name__)

PROCESS = "nightshift.students._train_process"
LAST_LINES = 40  # of the log, in which the reason of a failure is looked for


@dataclass(frozen=True, slots=True)
class Program:
    """What a training process runs.

    Args:
        module: started with `python -m`.
        leaves: the weights, below the folder that it is given.
    """

    module: str
    leaves: str


ULTRALYTICS = Program(PROCESS, "run/weights/last.pt")


def train(
    data: Path,
    init: Path | None,
    out: Path,
    hyper: Hyper,
    epochs: int,
    progress: Progress,
    program: Program = ULTRALYTICS,
    family: str = "ultralytics",
) -> Checkpoint:
    """Train in a child process.

    Raises:
        ModelError: it failed; the reason ends with the last lines of its log.
        DiskFull: there is no room under `out`.
    """
    request = Request(
        model=hyper.model,
        data=str(data.resolve()),
        out=str(out.resolve()),
        init=str(init.resolve()) if init else None,
        init_sha256=hashlib.sha256(init.read_bytes()).hexdigest() if init else None,
        image_size=hyper.image_size,
        epochs=epochs,
        batch=hyper.batch,
        seed=hyper.seed,
        device=hyper.device,
        parent=os.getpid(),
        family=family,
        steps=hyper.steps,
    )
    with room_in(out):
        path = request.write(out / "request.json")
        command = [sys.executable, "-u", "-m", program.module, str(path.resolve())]
        origin, curves = listen(command, out / "train.log", progress)
    weights = out / program.leaves
    return Checkpoint(weights, hashlib.sha256(weights.read_bytes()).hexdigest(), origin, tuple(curves))


def listen(command: Sequence[str], log: Path, progress: Progress) -> tuple[str, list[dict[str, float]]]:
    """Run a training process to its end; its origin, and the losses of each epoch.

    However this function is left, the process has ended.

    Raises:
        ModelError: its exit code is not 0.
        DiskFull: as `train`.
    """
    killed = _failure.kills_for_memory()
    origin, curves, last = "", [], deque[str](maxlen=LAST_LINES)
    with _run(command) as child, log.open("w", buffering=1, encoding="utf-8") as file:
        for line in child.stdout or ():
            match understand(line):
                case Origin(name, reason):
                    origin = name
                    logger.info("training: %s", reason)
                    file.write(f"{reason}\n")
                case Epoch(done, total, losses):
                    curves.append(losses)
                    progress(done, total)
                case None:
                    file.write(line)
                    last.append(line)
    if child.returncode:
        more = _failure.kills_for_memory() > killed
        raise _failure.explained(child.returncode, list(last), log.parent, kernel_killed=more)
    return origin, curves


@contextmanager
def _run(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    here = str(Path(nightshift.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as child:
        try:
            yield child
            child.wait()
        finally:
            child.kill()  # of one that has ended already, nothing
