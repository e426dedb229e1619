"""Questions into tasks, each once: whatever the network does, and however often it is asked.

Label Studio takes no key of ours, so the key lies in the task's data: a batch is looked up before it is sent, and
again after unless the server has said that it took all of it. What is missing is sent again; what is there twice
is reduced to one.
Knows tasks and keys; knows no geometry.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightshift.domain.errors import ReviewError
from nightshift.domain.models import Progress, no_progress
from nightshift.services.label_studio.api import Api, Unsure

BATCH = 100  # tasks in a request; never two requests at once: SQLite makes 8 parallel imports 200 times slower
LOOKUP = 40  # keys in a question to the Data Manager: they travel in the URL, and proxies stop at 8 KB
ATTEMPTS = 5
PAUSE = 1.0  # seconds after the first attempt that failed; doubles

Tasks = Mapping[str, Mapping[str, Any]]  # key → task to import


@dataclass(frozen=True, slots=True)
class PushReport:
    """What became of the questions.

    Args:
        created: tasks that were made.
        present: tasks that were there already.
        widened: tasks, of either kind, that are put to more people than before.
    """

    created: int
    present: int
    widened: int = 0


def push(
    api: Api,
    project: int,
    tasks: Tasks,
    progress: Progress = no_progress,
    sleep: Callable[[float], None] = time.sleep,
) -> PushReport:
    """Make the tasks that are not there yet, in the order given.

    Raises:
        ReviewError: Label Studio refused a batch, or did not take it in ATTEMPTS attempts.
    """
    created = present = 0
    for keys in _in_turn(list(tasks), BATCH):
        known = present_keys(api, project, keys)
        _send(api, project, {key: tasks[key] for key in keys if key not in known}, sleep)
        created, present = created + len(keys) - len(known), present + len(known)
        progress(created + present, len(tasks))
    return PushReport(created, present)


def present_keys(api: Api, project: int, keys: Sequence[str]) -> set[str]:
    """Which of the keys have a task; where one has several, all but one are removed."""
    found = defaultdict(list)
    for some in _in_turn(keys, LOOKUP):
        for task in lookup(api, project, some, include="id,data,total_annotations,cancelled_annotations"):
            found[task["data"]["key"]].append(task)
    for same in found.values():
        for spare in _spare(same):
            api.delete(f"api/tasks/{spare}/")
    return set(found)


def _send(api: Api, project: int, tasks: Tasks, sleep: Callable[[float], None]) -> None:
    missing, doubt = dict(tasks), None
    for attempt in range(ATTEMPTS):
        if not missing:
            return
        try:
            made = api.post(f"api/projects/{project}/import", list(missing.values()))
            if made.get("task_count") == len(missing):
                return  # a batch is taken whole or not at all
        except Unsure as problem:
            doubt = problem
            sleep(PAUSE * 2**attempt)  # it may still be committing: look after the pause, not before
        known = present_keys(api, project, list(missing))
        missing = {key: task for key, task in missing.items() if key not in known}
    if missing:
        subject = f"{len(missing)} of {len(tasks)} questions"
        raise ReviewError(subject, "Label Studio did not take them", "Run it again: none is made twice.") from doubt


def lookup(api: Api, project: int, keys: Sequence[str], **columns: str) -> list[dict[str, Any]]:
    """Raw tasks with these keys (at most LOOKUP), oldest first.

    Args:
        api: the connection.
        project: its id.
        keys: to look for.
        columns: the Data Manager's own `include` and `fields`: what to tell of a task.
    """
    wanted = {"filter": "filter:tasks:data.key", "operator": "in_list", "type": "List", "value": list(keys)}
    query = {"filters": {"conjunction": "and", "items": [wanted]}, "ordering": ["tasks:id"]}
    page = {"page_size": 100 * LOOKUP, "resolve_uri": "false"}
    listed = api.get("api/tasks", {"project": project, "query": json.dumps(query), **page, **columns})
    return list(listed["tasks"])


def _in_turn(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _spare(same: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of the tasks of one key that nobody needs: not the first, and not one that somebody answered."""
    ordered = sorted(same, key=lambda task: (not _answered(task), task["id"]))
    return [int(task["id"]) for task in ordered[1:] if not _answered(task)]


def _answered(task: Mapping[str, Any]) -> bool:
    return bool(task["total_annotations"] or task["cancelled_annotations"])
