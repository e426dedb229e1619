"""What changed in a project, read page by page. Raw JSON goes out: `answers` judges it.

Webhooks are sent once and their errors swallowed, so the truth is polled. Knows paging and time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nightshift.services.label_studio.api import Api
from nightshift.services.label_studio.overlap import wanted

PAGE = 200
OVERLAP = timedelta(seconds=60)  # a task's time is taken before its transaction commits
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"  # any other form is answered with 500
# `include` also thins out what is nested: fields of tasks, annotations and predictions, all in one list.
FIELDS = (
    "id,data,annotations,predictions,updated_at,overlap,"
    "result,was_cancelled,lead_time,completed_by,created_username,model_version,score"
)


@dataclass(frozen=True, slots=True)
class Polled:
    """What changed.

    Args:
        tasks: raw tasks with their annotations and predictions.
        watermark: give it to the next poll; some tasks will come again, so take an answer in by its annotation
            and time.
    """

    tasks: list[dict[str, Any]]
    watermark: datetime | None


def poll(api: Api, project: int, since: datetime | None) -> Polled:
    """Tasks changed since the watermark, those without an answer left out.

    Raises:
        ValueError: `since` has no timezone.
    """
    tasks = list(_pages(api, project, _changed(since)))
    seen = [_moment(task["updated_at"]) for task in tasks] + ([since] if since else [])
    return Polled([task for task in tasks if task.get("annotations")], max(seen, default=None))


def unanswered(api: Api, project: int, limit: int | None = None) -> list[dict[str, Any]]:
    """Raw tasks of ours that nobody has answered or skipped, most valuable first."""
    empty = [_filter(name, "equal", "Number", 0) for name in ("total_annotations", "cancelled_annotations")]
    return _ours(_pages(api, project, empty))[:limit]


def waiting(api: Api, project: int, limit: int | None = None) -> list[dict[str, Any]]:
    """Raw tasks of ours that fewer people have answered or skipped than they were put to, most valuable first."""
    open_ = _filter("completed_at", "empty", "Datetime", value=True)
    return _ours(task for task in _pages(api, project, [open_]) if wanted(task))[:limit]


def _ours(tasks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    ours = [task for task in tasks if isinstance(task["data"].get("priority"), int)]
    return sorted(ours, key=lambda task: (-task["data"]["priority"], task["id"]))


def _changed(since: datetime | None) -> list[dict[str, Any]]:
    if since is None:
        return []
    if since.tzinfo is None:
        raise ValueError("the watermark needs a timezone")
    return [_filter("updated_at", "greater", "Datetime", (since.astimezone(UTC) - OVERLAP).strftime(MOMENT))]


def _pages(api: Api, project: int, filters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Pages by id, not by number: a task that leaves the list meanwhile must not hide another."""
    last = 0
    while True:
        after = _filter("id", "greater", "Number", last)
        query = {"filters": {"conjunction": "and", "items": [*filters, after]}, "ordering": ["tasks:id"]}
        page = _page(api, project, query)
        yield from page
        if len(page) < PAGE:
            return
        last = max(int(task["id"]) for task in page)


def _page(api: Api, project: int, query: Mapping[str, Any]) -> list[dict[str, Any]]:
    asked = {"project": project, "query": json.dumps(query), "fields": "all", "include": FIELDS}
    listed = api.get("api/tasks", asked | {"page_size": PAGE, "resolve_uri": "false"})
    return list(listed["tasks"])


def _filter(column: str, operator: str, kind: str, value: object) -> dict[str, Any]:
    return {"filter": f"filter:tasks:{column}", "operator": operator, "type": kind, "value": value}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
