"""A server that a test starts as a process of its own, waits for, and ends. Knows processes; knows no server."""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPException
from itertools import islice
from pathlib import Path
from socket import create_connection
from urllib.request import urlopen

from infra.local.endpoints import PORTS, is_free

Server = subprocess.Popen[bytes]
PAUSE = 0.1  # seconds between two looks whether it is ready
ENDING = 30.0  # seconds that a server may take to end
LAST_WORDS = 2000  # characters of the logs of a server that never came up


@contextmanager
def running(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, *, abruptly: bool = False
) -> Iterator[Server]:
    """The server inside `with`, in its log's folder.

    Args:
        command: starts it in the foreground.
        log: what it says; a new file.
        environment: all of its variables; ours when left out.
        abruptly: end it by SIGKILL: nothing of it is kept.
    """
    with log.open("wb") as output:
        server = subprocess.Popen(command, cwd=log.parent, env=environment, stdout=output, stderr=output)
        try:
            yield server
        finally:
            server.kill() if abruptly else server.terminate()
            server.wait(ENDING)


@contextmanager
def serving(
    command: Sequence[str], log: Path, health: str, environment: Mapping[str, str] | None = None, seconds: float = 60
) -> Iterator[None]:
    """A server over HTTP inside `with`, once it is well.

    Args:
        command: starts it in the foreground.
        log: what it says; a new file.
        health: URL that it answers with success as soon as it serves.
        environment: variables on top of ours.
        seconds: that it may take.
    """
    with running(command, log, {**os.environ, **(environment or {})}) as server:
        wait_until(lambda: is_well(health), server, [log], seconds)
        yield


def wait_until(ready: Callable[[], bool], server: Server, logs: Sequence[Path], seconds: float) -> None:
    """Until it is ready.

    Raises:
        RuntimeError: it ended, or took too long; with the end of its logs.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        if ready():
            return
        time.sleep(PAUSE)
    said = "\n".join(each.read_text(errors="replace")[-LAST_WORDS:] for each in logs)
    raise RuntimeError(f"{server.args!r} never came up:\n{said}")


def is_well(url: str) -> bool:
    """Whether an address answers with success."""
    try:
        with urlopen(url, timeout=5):  # noqa: S310 - loopback
            return True
    except (OSError, HTTPException):
        return False


def listens(port: int) -> bool:
    """Whether something on loopback takes connections there."""
    try:
        with create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def free_ports(count: int = 1) -> list[int]:
    """Ports of loopback on which nobody listens, and which no outgoing connection takes meanwhile."""
    candidates = filter(is_free, random.SystemRandom().sample(PORTS, len(PORTS)))
    return list(islice(candidates, count))
