"""What Label Studio holds for the next round: questions that are still open, and answers that wait to be taken in.

Asks, and changes nothing there: it makes no project that is gone.
"""

from dataclasses import dataclass
from datetime import datetime

from nightshift.domain.errors import ReviewError
from nightshift.domain.intake import new_answers
from nightshift.round import OpenRound
from nightshift.services.label_studio.answers import read
from nightshift.services.label_studio.desk import ReviewDesk
from nightshift.services.store import rows

GONE = "Run a round, or `nightshift fsck --rebuild label-studio`: the latter puts every open question back."


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits.

    Args:
        open: questions that somebody is still to answer.
        answers: given since the last round took some in.
        url: where reviewers start.
    """

    open: int
    answers: int
    url: str


def read_inbox(desk: ReviewDesk, night: OpenRound) -> Inbox:
    """Ask Label Studio about the newest round's project.

    Args:
        desk: connected.
        night: the newest round.

    Raises:
        ReviewError: it is away, or the project is gone.
    """
    title = night.config.review.project or night.config.project
    project = desk.find_project(title)
    if project is None:
        raise ReviewError(f"Label Studio project '{title}'", "it is not there", GONE)
    answers = _new_answers(desk, project, night, night.summary("ingest") or night.parent_summary("ingest"))
    return Inbox(len(desk.waiting(project)), answers, f"{desk.api.url}/projects/{project}/data")


def _new_answers(desk: ReviewDesk, project: int, night: OpenRound, told: dict[str, object]) -> int:
    since = told.get("watermark")
    polled = desk.poll(project, datetime.fromisoformat(str(since)) if since else None)
    answers, _ = read(polled.tasks, night.config.classes, night.config.prices.lead_time_cap_seconds)
    return len(new_answers(answers, rows.answers_from_rows(night.history("corrections"))))
