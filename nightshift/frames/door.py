"""The door that unknown pictures come through: each is decoded once in a process that may crash.

Decoders are C code that reads what strangers wrote; one wrong byte must cost one picture and not the night. What has
passed here is known by its digest, and is later decoded in the house itself.
"""

import json
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import nightshift
from nightshift.domain.errors import FrameError, NightshiftError
from nightshift.frames._door_process import NEEDS, READY, REASON, SIZE
from nightshift.frames.allowance import Allowance
from nightshift.frames.decode import MOST_MEMORY, REMEDY
from nightshift.frames.refusals import Undecided

SECONDS = 120  # of computing; the largest pictures take a tenth of it
TRIES = 2  # a process may also be ended by others, such as a kernel that is out of memory
KEPT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")  # of the environment: no credentials
CRASHES = frozenset(-each for each in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL))
ALONE = {  # no threads beside the one that decodes; what is freed goes back at once instead of being kept for later
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": "1048576",
}


class Door:
    """Processes that look at pictures, as many as are asked at once; a context, after which they are gone.

    Args:
        seconds: of computing that one picture may take.
        most: bytes that all may hold together.
    """

    def __init__(self, seconds: int = SECONDS, most: int = MOST_MEMORY) -> None:
        self._seconds, self._shared = seconds, Allowance(most)
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while not self._idle.empty():
            self._idle.get().end()

    def look(self, data: bytes, name: str) -> tuple[int, int]:
        """(width, height) of a picture that can be decoded. Several threads may ask.

        Raises:
            FrameError: it cannot, takes too much, or crashed the process that tried.
            Undecided: the process was ended by something else.
            NightshiftError: no process can be started here at all.
        """
        for _ in range(TRIES):
            with self._process() as process:
                said = process.ask(data, self._shared)
            if REASON in said:
                raise FrameError(name, str(said[REASON]), REMEDY)
            if SIZE in said:
                width, height = said[SIZE]
                return int(width), int(height)
            if process.ended == -signal.SIGXCPU:
                raise FrameError(name, f"decoding it takes more than {self._seconds} s", REMEDY)
        kind = FrameError if process.ended in CRASHES else Undecided
        raise kind(name, f"decoding it ends the process that tries: {_signal(process.ended)}", REMEDY)

    @contextmanager
    def _process(self) -> Iterator["_Process"]:
        try:
            process = self._idle.get_nowait()
        except queue.Empty:
            process = _Process(self._seconds)
        try:
            yield process
        except BaseException:
            process.end()
            raise
        if process.ended is None:
            self._idle.put(process)


class _Process:
    """One process, which one thread asks at a time."""

    def __init__(self, seconds: int) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "nightshift.frames._door_process", str(seconds)],
            env=surroundings(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders complain there of every damaged file
        )
        self.ended: int | None = None
        if READY not in self._answer():
            remedy = "Run `python -m nightshift.frames._door_process 120` to see why."
            raise NightshiftError("the process that decodes new pictures", "it does not start", remedy)

    def ask(self, data: bytes, shared: Allowance) -> dict[str, Any]:
        """What it says of a picture in the end; nothing when it died over it, which `ended` tells."""
        said = self._tell(len(data).to_bytes(8), data)
        if NEEDS not in said:
            return said
        with shared.hold(int(said[NEEDS])):
            return self._tell(b"+")

    def end(self) -> None:
        """Let it go; how it ended is kept."""
        self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                _close(pipe)
        self.ended = self._child.wait()

    def _tell(self, *parts: bytes) -> dict[str, Any]:
        assert self._child.stdin is not None  # noqa: S101 - for mypy: it was asked for
        try:
            for part in parts:
                self._child.stdin.write(part)
            self._child.stdin.flush()
        except OSError:  # it is gone: its answer says how
            return self._lost()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout is not None  # noqa: S101 - for mypy: it was asked for
        line = self._child.stdout.readline()
        if not line.endswith(b"\n"):
            return self._lost()
        said: dict[str, Any] = json.loads(line)
        return said

    def _lost(self) -> dict[str, Any]:
        self._child.wait()
        self.end()
        return {}


def surroundings() -> dict[str, str]:
    """The environment of a process that looks at what strangers wrote: what it needs to run, and no credentials."""
    here = str(Path(nightshift.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": paths, **ALONE}


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was not sent cannot be
        return


def _signal(ended: int | None) -> str:
    if ended is None or ended >= 0:
        return f"exit status {ended}"
    return signal.Signals(-ended).name
