"""Questions into tasks, each once: whatever the network does, and however often it is asked.

Label Studio takes no key of ours, so the key lies in the task's data: a batch is looked up before it is sent, and
again after unless the server has said that it took all of it. What is missing is sent again. A batch that commits
after we gave up on it can still double tasks: of a key that is there twice counts the task that somebody answered or
began, else the one with the lowest id, and the others are removed, now or on a later night.
Knows tasks and keys; knows no geometry.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightshift.domain.models import Progress, no_progress
from nightshift.services.label_studio.api import Api, Gone
from nightshift.services.label_studio.pages import OPEN, condition, pages

BATCH = 100  # tasks in a request; never two requests at once: SQLite makes 8 parallel imports 200 times slower
LOOKUP = 40  # keys in a question to the Data Manager: they travel in the URL, and proxies stop at 8 KB
OURS = re.compile(r"[0-9]{4,}-[0-9a-f]{64}")  # keys of questions
COUNTS = "id,data,total_annotations,cancelled_annotations"

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


def push(api: Api, project: int, tasks: Tasks, progress: Progress = no_progress) -> PushReport:
    """Make the tasks that are not there yet, in the order given.

    Raises:
        ReviewError: Label Studio refused a batch, or did not say to the end of our patience that it took it.
        ServiceDown: it does not answer any more.
    """
    created = present = 0
    for keys in _in_turn(list(tasks), BATCH):
        known = present_keys(api, project, keys)
        _send(api, project, {key: tasks[key] for key in keys if key not in known})
        created, present = created + len(keys) - len(known), present + len(known)
        progress(created + present, len(tasks))
    tidy(api, project)
    return PushReport(created, present)


def tidy(api: Api, project: int) -> None:
    """Leave one task of each open question: an import may have committed long after we gave up on it, on any night."""
    waiting = [str(task["data"].get("key")) for task in pages(api, project, [OPEN], include="id,data")]
    ours = [key for key in dict.fromkeys(waiting) if OURS.fullmatch(key)]  # people may keep tasks of theirs there
    for keys in _in_turn(ours, BATCH):
        present_keys(api, project, keys)


def present_keys(api: Api, project: int, keys: Sequence[str]) -> set[str]:
    """Which of the keys have a task; where one has several, all but one are removed."""
    found = defaultdict(list)
    for some in _in_turn(keys, LOOKUP):
        for task in lookup(api, project, some, include=COUNTS):
            found[task["data"]["key"]].append(task)
    for same in found.values():
        for spare in _spare(same):
            _remove(api, spare)
    return set(found)


def _send(api: Api, project: int, tasks: Tasks) -> None:
    if not tasks:
        return
    missing = dict(tasks)

    def look() -> Tasks | None:
        for key in present_keys(api, project, list(missing)):
            del missing[key]
        return None if missing else tasks

    def whole(answer: Any) -> bool:
        return isinstance(answer, Mapping) and answer.get("task_count") == len(missing)

    api.make(f"api/projects/{project}/import", lambda: list(missing.values()), look, whole)


def _remove(api: Api, spare: int) -> None:
    """Unless somebody has answered it, or begun to, since it was listed."""
    try:
        task = api.get(f"api/tasks/{spare}/")
    except Gone:
        return
    if not task.get("annotations") and not task.get("drafts"):
        api.delete(f"api/tasks/{spare}/")


def lookup(api: Api, project: int, keys: Sequence[str], **columns: str) -> list[dict[str, Any]]:
    """Raw tasks with these keys (at most LOOKUP), oldest first.

    Args:
        api: the connection.
        project: its id.
        keys: to look for.
        columns: the Data Manager's own `include` and `fields`: what to tell of a task.
    """
    wanted = condition("data.key", "in_list", "List", list(keys))
    return list(pages(api, project, [wanted], **columns))


def _in_turn(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def _spare(same: Sequence[Mapping[str, Any]]) -> list[int]:
    """Ids of the tasks of one key that nobody needs: not the first, and not one that somebody answered."""
    ordered = sorted(same, key=lambda task: (not _answered(task), task["id"]))
    return [int(task["id"]) for task in ordered[1:] if not _answered(task)]


def _answered(task: Mapping[str, Any]) -> bool:
    return bool(task["total_annotations"] or task["cancelled_annotations"])
