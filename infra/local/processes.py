"""Processes that outlive the command that started them: start, find again, stop with all their descendants.

Every process is born in a session of its own with a mark in its environment; children inherit the mark, so that
even those whose parents died are found. Knows nothing of what they serve.
"""

import contextlib
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import psutil

MARK = "NIGHTSHIFT_STACK_PROCESS"


def start(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path, mark: str
) -> subprocess.Popen[bytes]:
    """Start a process that survives its parent and the terminal; its output is appended to a log."""
    folder.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        return subprocess.Popen(
            command,
            env={**environment, MARK: mark},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,  # databases and logs are for their owner's eyes
        )


def identity(pid: int) -> tuple[int, float] | None:
    """A process id with its time of birth, which tells it from a later process of the same number."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else (pid, process.create_time())
    except psutil.NoSuchProcess:
        return None


def is_alive(known: tuple[int, float] | None) -> bool:
    """Whether the process once seen with `identity` still runs."""
    return known is not None and identity(known[0]) == known


def marked(mark: str) -> list[psutil.Process]:
    """Every living process that carries a mark, or one that begins with it, and all descendants of those."""
    carriers = [each for each in psutil.process_iter() if _mark(each).startswith(mark)]
    found = {each.pid: each for each in carriers}
    for each in carriers:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.update({child.pid: child for child in each.children(recursive=True)})
    found.pop(os.getpid(), None)
    return list(found.values())


def _mark(process: psutil.Process) -> str:
    try:
        return str(process.environ().get(MARK, ""))
    except (psutil.Error, OSError):  # not ours to read, or gone
        return ""


def stop(mark: str, patience: float = 10) -> list[int]:
    """End every process with a mark: politely, then by force.

    Args:
        mark: the beginning of the mark.
        patience: seconds between the two.

    Returns:
        The ids of processes that even force did not end.
    """
    _signal(processes := marked(mark), force=False)
    psutil.wait_procs(processes, timeout=patience)
    _signal(rest := marked(mark), force=True)  # looked up again: children may have been born meanwhile
    psutil.wait_procs(rest, timeout=patience)
    return [each.pid for each in marked(mark)]


def _signal(processes: Iterable[psutil.Process], *, force: bool) -> None:
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill() if force else each.terminate()


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log; empty when there is none."""
    if not log.is_file():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
