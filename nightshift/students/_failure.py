"""Why a training process failed, from how it ended and what it said, and what to do about it.

Knows what Linux and PyTorch say when memory or a disk is full; knows nothing of training itself.
"""

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from nightshift.domain.errors import ModelError, NightshiftError
from nightshift.domain.room import no_room

KILLS = Path("/proc/vmstat")  # counts what the kernel has killed for want of memory, on all of the machine
MEMORY = re.compile(
    r"MemoryError|OutOfMemoryError|out of memory|can't allocate memory|[Cc]annot allocate memory|bad_alloc"
    r"|failed to map segment|is killed by signal: (Killed|Bus error)"
)
ROOM = re.compile(r"No space left on device|Disk quota exceeded|File too large|PytorchStreamWriter failed")
SMALLER = (
    "Make student.batch smaller in nightshift.yaml, or free memory; then run the round again: it goes on with the "
    "training, in the smaller batches. A smaller student.image_size counts from the next round on."
)
OTHER = "Mend what it names, then run the round again: it goes on with the training."
LOG_LINES = 12  # of the log, in the error


def kills_for_memory() -> int:
    """How many processes this machine's kernel has killed for want of memory so far; 0 where it does not say."""
    if not KILLS.exists():
        return 0
    counted = dict(line.split() for line in KILLS.read_text(encoding="ascii").splitlines())
    return int(counted.get("oom_kill", 0))


def explained(code: int, said: Sequence[str], out: Path, *, kernel_killed: bool) -> NightshiftError:
    """The error for a training process that failed.

    Args:
        code: its exit code; negative is the signal that ended it.
        said: the last lines of its log.
        out: the folder in which it wrote.
        kernel_killed: the kernel killed some process for want of memory meanwhile.
    """
    text = "".join(said)
    if ROOM.search(text):
        return no_room(out)
    if MEMORY.search(text):
        return ModelError("training", f"the memory did not suffice; it ended with\n{_end(said)}", SMALLER)
    if code == -signal.SIGKILL:
        because = "because memory ran out"
        why = f"the kernel killed it {because}" if kernel_killed else f"it was killed (signal 9), most likely {because}"
        return ModelError("training", why, SMALLER)
    how = f"killed by {_signal(-code)}" if code < 0 else f"exit code {code}"
    return ModelError("training", f"the process failed ({how}); it ended with\n{_end(said)}", OTHER)


def _end(said: Sequence[str]) -> str:
    return "".join(list(said)[-LOG_LINES:]).rstrip()


def _signal(number: int) -> str:
    return signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
