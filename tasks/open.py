"""Open the round: take the lease, read HEAD, write plan.json, or take up the round that was left unsealed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from prefect import task
from prefect.logging import get_run_logger

from nightshift.domain.errors import StoreError
from nightshift.domain.rounds import Plan
from nightshift.project import Project
from nightshift.services.store import state
from nightshift.services.store.lease import Lease
from nightshift.services.store.owner import is_gone, this_process
from nightshift.services.store.probe import probe_conditional_writes
from tasks.stage import RoundRef

DECIDING = ("nightshift", "torch", "ultralytics", "transformers", "numpy", "scipy", "faster-coco-eval")


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
        yield lease.token


@task(name="open")
def open_round(config: Path, kind: Literal["nightly", "backfill"], token: int) -> RoundRef:
    """The next round, or the one that was left unsealed."""
    project = Project.load(config)
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
