"""Reading raw tasks although one of them cannot be read: Label Studio answers a whole page with 500 for its sake.

It takes text that is no UTF-8 into an answer and fails at telling it, every night again. Knows ids; judges nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from nightshift.services.label_studio.api import Api, Unsure
from nightshift.services.label_studio.evidence import UNTOLD
from nightshift.services.label_studio.pages import Condition, condition, pages

TOGETHER = 100  # ids in one question: they travel in the URL, and proxies stop at 8 KB

Task = dict[str, Any]


def careful_pages(api: Api, project: int, conditions: Sequence[Condition], **columns: str) -> list[Task]:
    """As `pages`; a task that the server cannot tell comes with its id, its time and UNTOLD.

    Raises:
        Unsure: the server does not even tell ids: it is not one task that is at fault.
    """
    try:
        return list(pages(api, project, conditions, **columns))
    except Unsure:
        listed = list(pages(api, project, conditions, include="id,updated_at"))
    return [task for some in _in_turn(listed) for task in _together(api, project, some, columns)]


def tasks_by_id(api: Api, project: int, numbers: Collection[int], **columns: str) -> list[Task]:
    """Raw tasks, as `careful_pages`; those that are not in the project are left out."""
    some = [{"id": number} for number in sorted(numbers)]
    return [task for part in _in_turn(some) for task in _together(api, project, part, columns)]


def _together(api: Api, project: int, listed: Sequence[Task], columns: dict[str, str]) -> list[Task]:
    wanted = condition("id", "in_list", "List", [task["id"] for task in listed])
    try:
        return list(pages(api, project, [wanted], **columns))
    except Unsure as problem:
        there = list(pages(api, project, [wanted], include="id,updated_at"))  # it is there, and the server is alive
        if len(listed) == 1:
            return [task | {UNTOLD: problem.reason} for task in there]
    return [task for each in there for task in _together(api, project, [each], columns)]


def _in_turn(listed: Sequence[Task]) -> Iterator[Sequence[Task]]:
    return (listed[start : start + TOGETHER] for start in range(0, len(listed), TOGETHER))
