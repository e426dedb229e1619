"""Who runs the shards: threads of this machine, or a Ray cluster. Nothing else changes.

NIGHTSHIFT_TASK_RUNNER says `threads` (the default) or `ray`; Prefect wants to know when a flow is defined, so it is
read when the flows are imported. Ray needs `pip install nightshift[ray]`, a cluster whose machines have the
environment variables of this one, and nightshift.yaml under the same path.
"""

import os
from typing import Any

from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from nightshift.domain.errors import UnknownName

VARIABLE = "NIGHTSHIFT_TASK_RUNNER"
THREADS = 2  # models take turns on one machine; the second thread reads and writes meanwhile


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
