"""The process that looks at pictures nobody has looked at yet: `python -m nightshift.frames._door_process 120`.

A decoder that crashes ends this process and no other. It reads a picture from standard input (8 bytes of length, then
the file), says in a line of JSON how much memory it will take, waits for a byte that allows it, decodes, and says in
another line what came of it. It has no credentials, and ends with its input.
"""

import json
import os
import sys
from typing import Any

from nightshift.domain.errors import FrameError
from nightshift.frames.decode import decode, memory, opened

if sys.platform != "win32":
    import resource

SLACK = 64 << 20  # bytes a decoder may take beyond what was told, for its tables and lines
COPIES = 2  # of the file, that decoders make
READY, NEEDS, SIZE, REASON = "ready", "needs", "size", "reason"


def main(seconds: int) -> None:
    """Look at one picture after the other.

    Args:
        seconds: of computing, after which the kernel ends this process.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a decoder prints is no answer
    _say(answers, {READY: True})
    while header := sys.stdin.buffer.read(8):
        data = sys.stdin.buffer.read(int.from_bytes(header))
        _say(answers, _one(data, answers, seconds))


def _one(data: bytes, answers: Any, seconds: int) -> dict[str, Any]:
    _limit_time(seconds)
    try:
        with opened(data, "") as image:
            needed = memory(image)
        _say(answers, {NEEDS: needed})
        if not sys.stdin.buffer.read(1):
            raise SystemExit
        _limit_memory(needed + COPIES * len(data) + SLACK)
        height, width, _ = decode(data).shape
    except FrameError as error:
        return {REASON: error.reason}
    finally:
        _limit_memory(None)
    return {SIZE: [width, height]}


def _say(answers: Any, word: dict[str, Any]) -> None:
    answers.write(json.dumps(word) + "\n")
    answers.flush()


def _limit_time(seconds: int) -> None:
    """Of the processor, not of the wall: a busy machine is slow, not wrong."""
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_SELF)
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, resource.RLIM_INFINITY))


def _limit_memory(more: int | None) -> None:
    """What may be taken beyond what is held already; the kernel refuses the rest. Linux only, elsewhere nothing."""
    if sys.platform.startswith("linux"):
        limit = resource.RLIM_INFINITY if more is None else _held() + more
        resource.setrlimit(resource.RLIMIT_DATA, (limit, resource.RLIM_INFINITY))


def _held() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - not a file of ours
        return int(file.read().split()[5]) * resource.getpagesize()


if __name__ == "__main__":
    main(int(sys.argv[1]))
