"""Asking a server whether it serves: one short request, never a wait. Knows only addresses."""

import json
import urllib.request
from datetime import datetime

WORK_POOL = "nightshift"
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open  # loopback never goes through a proxy


def answers(url: str) -> bool:
    """Whether a page answers 200; raises OSError while it does not answer at all."""
    with _open(url, timeout=2) as response:
        return int(response.status) == 200  # noqa: PLR2004 - OK


def worker_polls(api: str, born: float) -> bool:
    """Whether the worker has spoken to its pool since its birth: the server still calls a dead one online."""
    request = urllib.request.Request(  # noqa: S310 - the stack's own http address
        f"{api}/work_pools/{WORK_POOL}/workers/filter",
        data=b"{}",
        headers={"Content-Type": "application/json"},
    )
    with _open(request, timeout=2) as response:
        workers = json.load(response)
    return any(datetime.fromisoformat(each["last_heartbeat_time"]).timestamp() > born for each in workers)
