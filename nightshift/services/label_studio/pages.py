"""All tasks of a project that fit some conditions, page by page, as raw JSON.

Knows the Data Manager's filters and paging; knows no question.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nightshift.services.label_studio.api import Api

PAGE = 200
Condition = Mapping[str, Any]


def condition(column: str, operator: str, kind: str, value: object) -> Condition:
    """A filter of the Data Manager."""
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


# Completed is what as many people have answered as it was put to: a task with one of two opinions is open.
OPEN = condition("completed_at", "empty", "Datetime", value=True)


def pages(api: Api, project: int, conditions: Sequence[Condition], **columns: str) -> Iterator[dict[str, Any]]:
    """Tasks by id, not by page number: a task that leaves the list meanwhile must not hide another.

    Args:
        api: the connection.
        project: its id.
        conditions: all must hold.
        columns: the Data Manager's own `include` and `fields`: what to tell of a task.
    """
    last = 0
    while True:
        after = condition("id", "greater", "Number", last)
        query = {"filters": {"conjunction": "and", "items": [*conditions, after]}, "ordering": ["tasks:id"]}
        asked = {"project": project, "query": json.dumps(query), "page_size": PAGE, "resolve_uri": "false"}
        page = list(api.get("api/tasks", asked | columns)["tasks"])
        yield from page
        if len(page) < PAGE:
            return
        last = max(int(task["id"]) for task in page)
