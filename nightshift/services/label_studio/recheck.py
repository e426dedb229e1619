"""A second look at what was read before: answers that are gone, and tasks whose answer could not be used then.

What changed is polled by time; neither of these changes a task's time. Knows ids; judges nothing.
"""

from collections.abc import Collection
from typing import Any

from nightshift.services.label_studio.api import Api
from nightshift.services.label_studio.careful import tasks_by_id
from nightshift.services.label_studio.pages import pages
from nightshift.services.label_studio.poll import FIELDS


def gone(api: Api, project: int, taken: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of (task, annotation) that were there once, those that are not there any more; reads ids only."""
    listed = pages(api, project, [], fields="all", include="id,annotations_ids")
    there = {(task["id"], number) for task in listed for number in _numbers(task.get("annotations_ids"))}
    return sorted(set(taken) - there)


def raw_tasks(api: Api, project: int, tasks: Collection[int]) -> list[dict[str, Any]]:
    """Raw tasks by id, as `poll` returns them; those that are not in this project any more are left out."""
    return tasks_by_id(api, project, tasks, fields="all", include=FIELDS)


def _numbers(told: object) -> list[int]:
    """Label Studio tells them as '5,8', or as nothing."""
    return [int(number) for number in str(told or "").split(",") if number.strip().isdecimal()]
