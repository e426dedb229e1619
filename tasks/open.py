"""Open the round: take the lease, read HEAD, write plan.json, or take up the round that was left unsealed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

from prefect import task
from prefect.logging import get_run_logger
from prefect.states import Completed

from nightshift.domain.errors import LeaseHeld, StoreError
from nightshift.domain.figures import SKIPPED
from nightshift.domain.rounds import Plan
from nightshift.leftovers import sweep
from nightshift.project import Project
from nightshift.services.store import state
from nightshift.services.store.lease import Lease
from nightshift.services.store.owner import is_gone, this_process
from nightshift.services.store.probe import probe_conditional_writes
from tasks.stage import RoundRef

DECIDING = ("nightshift", "torch", "ultralytics", "transformers", "numpy", "scipy", "faster-coco-eval")
Figures = dict[str, Any]


def one_at_a_time(flow: Callable[[Path], Figures]) -> Callable[[Path], Figures]:
    """Let a flow that finds another round running end as Skipped, with the reason, instead of as failed."""

    @wraps(flow)
    def run(config: Path) -> Figures:
        try:
            return flow(config)
        except LeaseHeld as held:
            get_run_logger().warning("%s", held)
            return cast("Figures", Completed(name="Skipped", message=str(held), data={SKIPPED: str(held)}))

    return run


@contextmanager
def round_lease(config: Path) -> Iterator[int]:
    """Hold the project's lease; yields the fencing token.

    Raises:
        LeaseHeld: another round is running.
        StoreUnfit: the bucket ignores conditional writes.
    """
    project = Project.load(config)
    probe_conditional_writes(project.store)
    with Lease(project.store, owner=this_process(), gone=is_gone) as lease:
        sweep(project.workspace)
        yield lease.token


@task(name="open")
def open_round(config: Path, kind: Literal["nightly", "backfill"], token: int) -> RoundRef:
    """The next round, or the one that was left unsealed.

    Raises:
        TrackingError: MLflow does not answer; better said now than after the training.
    """
    project = Project.load(config)
    _ = project.tracking
    head = state.read_head(project.store)
    number = 0 if head is None else head + 1
    plan = _plan(project, number, head, kind)
    if not state.create_plan(project.store, plan):
        plan = state.read_plan(project.store, number)
        get_run_logger().info("round %04d was left unsealed: it goes on where it stopped", number)
    if kind == "backfill" and plan.kind == "nightly":
        raise StoreError(
            plan.keys.folder,
            "a nightly round was left unsealed there",
            "Run `nightshift round` first: it goes on with it.",
        )
    if plan.config_digest != project.config.digest:
        get_run_logger().warning("round %04d goes on under the configuration it was opened with", number)
    return RoundRef(config=config.resolve(), number=number, token=token)


def _plan(project: Project, number: int, head: int | None, kind: Literal["nightly", "backfill"]) -> Plan:
    parent = None if head is None else state.read_sealed(project.store, head)
    return Plan(
        number=number,
        parent=head,
        kind=kind,
        opened_at=datetime.now(UTC),
        config=project.config.model_dump(mode="json"),
        config_digest=project.config.digest,
        champion=parent.champion if parent else None,
        seed=project.config.seed + number,
        versions={name: version(name) for name in DECIDING},
    )
