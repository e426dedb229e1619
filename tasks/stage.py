"""What every stage shares: it is skipped once its receipt exists, it is timed, and it leaves a receipt.

A stage reads what the plan and earlier stages published and writes its own output once; so a round that died is
continued by running it again. Prefect only shows it: progress, log lines, retries.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.logging import get_run_logger
from pydantic import BaseModel

from nightshift.domain.errors import ConfigError, LeaseLost, ServiceDown
from nightshift.domain.models import Progress
from nightshift.domain.room import room_in
from nightshift.domain.rounds import Receipt
from nightshift.project import Project
from nightshift.round import OpenRound
from nightshift.services.store import state

if TYPE_CHECKING:
    from uuid import UUID

Body = Callable[[OpenRound, Progress], dict[str, Any]]
HOPELESS = (ConfigError, LeaseLost, ServiceDown)  # another attempt would find the same
SAY_EVERY = 5.0  # seconds between two lines of progress


class RoundRef(BaseModel):
    """Which round of which project: all that stages are handed."""

    config: Path
    number: int
    token: int

    def open(self) -> OpenRound:
        """The round with its services."""
        project = _project(self.config)
        return OpenRound(project, state.read_plan(project.store, self.number), self.token)


@lru_cache(maxsize=4)
def _project(config: Path) -> Project:
    return Project.load(config)


def worth_retrying(task: Any, run: Any, state: Any) -> bool:  # noqa: ARG001 - Prefect's signature
    """Whether Prefect should try a failed stage again: not where the error says that it would only fail again."""
    return not isinstance(state.result(raise_on_failure=False), HOPELESS)


def run_stage(ref: RoundRef, stage: str, body: Body) -> Receipt:
    """Run a stage unless it is done already.

    Args:
        ref: the round.
        stage: its name in the store and in every figure.
        body: (round, progress) → summary.
    """
    night, log = ref.open(), get_run_logger()
    done = night.receipt(stage)
    if done:
        log.info("%s: already done", stage)
        return done
    night.check_lease()
    began = time.monotonic()
    with room_in(night.project.workspace):
        summary = body(night, shown_progress(stage))
    receipt = night.finish(Receipt(stage, time.monotonic() - began, summary))
    log.info("%s: %s", stage, in_words(receipt))
    return receipt


def shown_progress(stage: str) -> Progress:
    """A progress bar in Prefect and a line in the log every few seconds."""
    log, said = get_run_logger(), [time.monotonic()]
    bar = cast("UUID", create_progress_artifact(progress=0.0, description=stage))  # a flow's tasks are not async

    def show(done: int, total: int) -> None:
        last = done >= total
        if not last and time.monotonic() - said[0] < SAY_EVERY:
            return
        said[0] = time.monotonic()
        update_progress_artifact(artifact_id=bar, progress=100.0 * done / max(total, 1))
        log.info("%s: %d of %d", stage, done, total)

    return show


def in_words(receipt: Receipt) -> str:
    """One line for the log: the short figures of the summary, and the seconds."""
    figures = [f"{k} {_short(v)}" for k, v in receipt.summary.items() if isinstance(v, int | float | str | None)]
    return ", ".join([*figures, f"{receipt.seconds:.1f} s"])


def _short(value: float | str | None) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
