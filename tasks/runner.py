"""How a flow runs: what the run is called, and whether threads or a Ray cluster run its shards.

NIGHTSHIFT_TASK_RUNNER says `threads` (the default) or `ray`; Prefect wants to know when a flow is defined, so it is
read when the flows are imported. Ray needs `pip install nightshift[ray]`, a cluster whose machines have the
environment variables of this one, and nightshift.yaml under the same path.
"""

import os
from datetime import UTC, datetime
from typing import Any

from prefect.runtime import flow_run
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from nightshift.domain.errors import UnknownName

VARIABLE = "NIGHTSHIFT_TASK_RUNNER"
THREADS = 2  # models take turns on one machine; the second thread reads and writes meanwhile


def run_name() -> str:
    """What a run is called in Prefect: the flow and the moment it began, such as 'nightly 2026-11-21 01:00'."""
    return f"{flow_run.flow_name} {datetime.now(UTC):%Y-%m-%d %H:%M}"


def runner(name: str | None = None) -> TaskRunner[Any]:
    """The task runner by its name; the environment's when left out.

    Raises:
        UnknownName: there is none of that name.
    """
    chosen = name or os.environ.get(VARIABLE, "threads")
    if chosen == "threads":
        return ThreadPoolTaskRunner(max_workers=THREADS)
    if chosen == "ray":
        from prefect_ray import RayTaskRunner  # noqa: PLC0415 - an extra

        ray: TaskRunner[Any] = RayTaskRunner(address="auto")  # prefect-ray warns against ray:// addresses
        return ray
    raise UnknownName(f"{VARIABLE}={chosen}", "there is no such task runner", "Known: ray, threads.")


def side_by_side() -> TaskRunner[Any]:
    """A runner with a thread per core, for tasks that each train in a process of their own with a single thread."""
    return ThreadPoolTaskRunner(max_workers=os.cpu_count() or 1)
