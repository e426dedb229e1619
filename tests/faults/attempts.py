"""Nights as processes that can be killed: a process that has imported everything forks one for each attempt.

A fresh process would spend most of its time on imports. The one that forks has started no thread and opened no
connection before, so what it forks is as good as fresh. Run as a script, this file is that process.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from nightshift.students._train_process import end_with_parent

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended: `figures` when it returned some, `error` when it raised, neither when it was killed.

    `seconds` are of the wall, `cpu` of it and its trainings on all cores.
    """

    status: int
    seconds: float
    cpu: float
    figures: dict[str, Any] | None
    error: str

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it, and not because it hung."""
        return not self.error and os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL


@dataclass
class Attempt:
    """A night that runs in a process group of its own.

    Args:
        pid: of its process.
        outcome: the file in which it says how it ended.
    """

    pid: int
    outcome: Path
    began: float = field(default_factory=time.monotonic)
    hung: bool = False
    _over: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def kill(self, *, alone: bool = False) -> None:
        """SIGKILL, now: the whole group, or the process alone, as the kernel does when memory runs out."""
        with self._lock:
            if not self._over:
                self._over = True
                os.kill(self.pid, signal.SIGKILL) if alone else os.killpg(self.pid, signal.SIGKILL)

    def give_up(self) -> None:
        """It takes longer than any night may."""
        self.hung = not self._over
        self.kill()

    def over(self) -> None:
        """Its process is about to be collected: nobody may signal that number any more."""
        with self._lock:
            self._over = True


class Forge:
    """Starts attempts.

    Args:
        process: this file as a script, with pipes.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def start(self, flow: str, config: Path, environment: Mapping[str, str]) -> Attempt:
        """Run a flow over a configuration, in a new process.

        Args:
            flow: nightly or backfill.
            config: nightshift.yaml; the log and the outcome are kept beside it.
            environment: variables on top of those that the servers of Prefect need.
        """
        outcome = config.parent / f"outcome-{time.monotonic_ns()}.json"
        order = {"flow": flow, "config": str(config), "environment": dict(environment), "outcome": str(outcome)}
        return Attempt(int(self._ask({"start": order})["pid"]), outcome)

    def wait(self, attempt: Attempt) -> Ended:
        """Wait until it has ended, however it does."""
        self._ask({"watch": attempt.pid})  # it lies there as a zombie: its number is still its own
        seconds = time.monotonic() - attempt.began
        attempt.over()
        collected = self._ask({"collect": attempt.pid})
        told = "it hung" if attempt.hung else ""
        said = json.loads(attempt.outcome.read_text()) if attempt.outcome.exists() else {}
        attempt.outcome.unlink(missing_ok=True)
        return Ended(collected["status"], seconds, collected["cpu"], said.get("figures"), said.get("error", told))

    def _ask(self, order: object) -> dict[str, Any]:
        to, back = _pipes(self._process)
        to.write(json.dumps(order) + "\n")
        to.flush()
        line = back.readline()
        if not line:
            raise RuntimeError("the process that forks nights has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


@contextmanager
def forge(environment: Mapping[str, str], log: Path) -> Iterator[Forge]:
    """Something to start attempts with, for one lane: it waits for one at a time.

    Args:
        environment: all variables; PREFECT_API_URL must be among them, as Prefect reads it at import.
        log: what it and its nights print.
    """
    variables = {**environment, "OMP_NUM_THREADS": "1", "PREFECT_LOGGING_LEVEL": "WARNING"}
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.attempts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file,
            text=True, env=variables, cwd=ROOT,
        )  # fmt: skip
    try:
        _pipes(process)[1].readline()  # it says when everything is imported
        yield Forge(process)
    finally:
        _pipes(process)[0].close()
        process.wait(60)
        _pipes(process)[1].close()


# -- the process that forks ---------------------------------------------------------------------------------------


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever prints must not talk in between
    flows = _import_everything()
    assert threading.active_count() == 1, f"threads would not survive a fork: {threading.enumerate()}"
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        reply: dict[str, Any] = {}
        if "start" in order:
            reply = {"pid": _fork(order["start"], flows)}
        elif "watch" in order:
            os.waitid(os.P_PID, order["watch"], os.WEXITED | os.WNOWAIT)
        else:
            _, status, used = os.wait4(order["collect"], 0)
            reply = {"status": status, "cpu": used.ru_utime + used.ru_stime}
        print(json.dumps(reply), file=answers, flush=True)


def _import_everything() -> dict[str, Any]:
    """What nights import when they need it; Ultralytics only after it was told to be quiet."""
    from transformers import Owlv2ForObjectDetection, Owlv2Processor  # noqa: F401, PLC0415

    from flows.backfill import backfill  # noqa: PLC0415
    from flows.nightly import nightly  # noqa: PLC0415
    from nightshift.yolo import quiet  # noqa: PLC0415

    quiet.silence()
    from ultralytics.nn import tasks  # noqa: F401, PLC0415

    from nightshift.students import _detector  # noqa: F401, PLC0415

    return {"backfill": backfill, "nightly": nightly}


def _fork(order: Mapping[str, Any], flows: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _night(order, flows[order["flow"]])
        finally:
            os._exit(1)
    with suppress(OSError):
        os.setpgid(pid, pid)  # also here: whoever kills the group must find it
    return pid


def _night(order: Mapping[str, Any], flow: Any) -> None:
    end_with_parent()
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    random.seed()
    os.environ.update(order["environment"])
    said: dict[str, Any]
    try:
        said = {"figures": _plain(flow(Path(order["config"])))}
    except BaseException as error:  # noqa: BLE001 - whatever it is, the rig wants to know
        traceback.print_exc()
        said = {"error": f"{type(error).__name__}: {error}"[:2000]}
    sys.stderr.flush()
    beside = Path(order["outcome"]).with_suffix(".new")
    beside.write_text(json.dumps(said, default=str))
    beside.replace(order["outcome"])
    os._exit(1 if "error" in said else 0)


def _plain(figures: Any) -> Any:
    return figures if isinstance(figures, dict) else {"state": str(figures)}


if __name__ == "__main__":
    _serve()
