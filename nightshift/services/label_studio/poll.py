"""What changed in a project, read page by page. Raw JSON goes out: `answers` judges it.

Webhooks are sent once and their errors swallowed, so the truth is polled. Knows time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from nightshift.services.label_studio.api import Api
from nightshift.services.label_studio.careful import careful_pages
from nightshift.services.label_studio.evidence import UNTOLD
from nightshift.services.label_studio.overlap import wanted
from nightshift.services.label_studio.pages import OPEN, Condition, condition, pages

OVERLAP = timedelta(seconds=60)  # a task's time is taken before its transaction commits
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"  # any other form is answered with 500
# `include` also thins out what is nested: fields of tasks, annotations and predictions, all in one list.
FIELDS = (
    "id,data,annotations,predictions,updated_at,overlap,"
    "result,was_cancelled,lead_time,completed_by,created_username,parent_prediction,model_version,score"
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
    tasks = careful_pages(api, project, _changed(since), fields="all", include=FIELDS)
    seen = [_moment(task["updated_at"]) for task in tasks] + ([since] if since else [])
    return Polled([task for task in tasks if task.get("annotations") or UNTOLD in task], max(seen, default=None))


def unanswered(api: Api, project: int, limit: int | None = None) -> list[dict[str, Any]]:
    """Raw tasks of ours that nobody has answered or skipped, most valuable first."""
    empty = [condition(name, "equal", "Number", 0) for name in ("total_annotations", "cancelled_annotations")]
    return _ours(_pages(api, project, empty))[:limit]


def waiting(api: Api, project: int, limit: int | None = None) -> list[dict[str, Any]]:
    """Raw tasks of ours that fewer people have answered or skipped than they were put to, most valuable first."""
    return _ours(task for task in _pages(api, project, [OPEN]) if wanted(task))[:limit]


def _ours(tasks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    ours = [task for task in tasks if isinstance(task["data"].get("priority"), int)]
    return sorted(ours, key=lambda task: (-task["data"]["priority"], task["id"]))


def _changed(since: datetime | None) -> list[Condition]:
    if since is None:
        return []
    if since.tzinfo is None:
        raise ValueError("the watermark needs a timezone")
    return [condition("updated_at", "greater", "Datetime", (since.astimezone(UTC) - OVERLAP).strftime(MOMENT))]


def _pages(api: Api, project: int, conditions: list[Condition]) -> Iterator[dict[str, Any]]:
    return pages(api, project, conditions, fields="all", include=FIELDS)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
