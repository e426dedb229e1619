"""How many people a task is put to: Label Studio's `overlap`, task by task.

Its label stream gives a task to that many different people, never twice to one of them, and to each without the
others' answers. The import ignores the field, so it is set afterwards; it is only ever raised, which also reopens a
task that had been finished. The project's own `maximum_annotations` stays 1: with more, half answered tasks would come
first and at random, and changing it writes over every task's overlap.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nightshift.services.label_studio.api import Api
from nightshift.services.label_studio.push import LOOKUP, Tasks, lookup

COLUMNS = {"fields": "all", "include": "id,data,overlap,annotations,completed_by,was_cancelled"}
FOLLOWS = ("reason", "priority")  # of a question that is asked again


def widen(api: Api, project: int, tasks: Tasks, opinions: Mapping[str, int]) -> int:
    """Put tasks that are there to as many people as wanted; returns how many were put to fewer before.

    Args:
        api: the connection.
        project: its id.
        tasks: key → task as imported: a widened task takes its reason and priority.
        opinions: key → people.

    Raises:
        ReviewError: Label Studio refused a change, or did not confirm it to the end of our patience.
        ServiceDown: it does not answer any more.
    """
    several = [key for key, number in opinions.items() if number > 1]
    changed = 0
    for start in range(0, len(several), LOOKUP):
        for task in _first_of_each(lookup(api, project, several[start : start + LOOKUP], **COLUMNS)):
            key = task["data"]["key"]
            if int(task["overlap"]) < opinions[key]:
                api.patch(f"api/tasks/{task['id']}/", _change(task, tasks[key]["data"], opinions[key]))
                changed += 1
    return changed


def wanted(task: Mapping[str, Any]) -> int:
    """How many more people a raw task is waiting for; one who skipped it is not asked again."""
    return max(0, int(task.get("overlap", 1)) - len(people(task)))


def people(task: Mapping[str, Any], *, skipped: bool = True) -> set[int]:
    """User ids of those who answered a raw task, or skipped it. A user who was deleted since is not among them."""
    given = [each for each in task.get("annotations") or [] if skipped or not each.get("was_cancelled")]
    return {_user(each["completed_by"]) for each in given if each.get("completed_by") is not None}


def _user(by: Any) -> int:
    return int(by["id"] if isinstance(by, Mapping) else by)


def _change(task: Mapping[str, Any], data: Mapping[str, Any], number: int) -> dict[str, Any]:
    follows = {field: data[field] for field in FOLLOWS}
    return {
        "overlap": number,
        "is_labeled": len(people(task, skipped=False)) >= number,  # the server counts again only at an answer
        "data": {**task["data"], **follows},
    }


def _first_of_each(found: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """A key that has two tasks, both answered, is asked further in the older one only."""
    return iter({task["data"]["key"]: task for task in reversed(found)}.values())
