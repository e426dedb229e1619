"""Answers that a program gives, through the same API and in the same form as a person's in the browser.

For simulated reviewers, who have users of their own and are called simulated wherever their names appear.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nightshift.domain.detections import Detections
from nightshift.domain.ontology import Ontology
from nightshift.services.label_studio.answers import asked_of
from nightshift.services.label_studio.api import Api, Taken
from nightshift.services.label_studio.regions import regions_of

DOMAIN = "nightshift.invalid"  # a top-level domain that never resolves (RFC 2606)
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, DOMAIN)


@dataclass(frozen=True, slots=True)
class SimulatedReviewer:
    """A user that no person stands behind."""

    number: int
    user: int

    @property
    def email(self) -> str:
        """simulated-reviewer-1@nightshift.invalid."""
        return address(self.number)


def address(number: int) -> str:
    """The e-mail address of a simulated reviewer."""
    return f"simulated-reviewer-{number}@{DOMAIN}"


def ensure_reviewer(api: Api, number: int) -> SimulatedReviewer:
    """The user of a simulated reviewer, made when it is missing."""

    def look() -> int | None:
        return next((int(each["id"]) for each in api.get("api/users/") if each["email"] == address(number)), None)

    found = look()
    if found is None:
        made = api.make("api/users/", lambda: _user(number), look)  # addresses are unique there
        found = made if isinstance(made, int) else int(made["id"])
    return SimulatedReviewer(number, found)


def _user(number: int) -> dict[str, str]:
    return {
        "email": address(number),
        "username": f"simulated-reviewer-{number}",
        "first_name": "Simulated",
        "last_name": f"reviewer {number}",
    }


def submit(
    api: Api,
    task: Mapping[str, Any],
    said: Detections | None,
    seconds: float,
    reviewer: SimulatedReviewer,
    ontology: Ontology,
) -> bool:
    """Answer a task; None skips it. False when this reviewer had answered it before: once is enough.

    Args:
        api: the connection.
        task: raw, as `poll` or `unanswered` returned it.
        said: boxes in pixels of the frame; None to skip.
        seconds: lead time.
        reviewer: who answers.
        ontology: the classes.
    """
    asked, _ = asked_of(task, ontology)
    regions = [] if said is None else regions_of(said, ontology, asked.size)
    body = {
        "result": [{key: value for key, value in each.items() if key != "score"} for each in regions],
        "was_cancelled": said is None,
        "lead_time": seconds,
        "completed_by": reviewer.user,
        "unique_id": str(uuid.uuid5(NAMESPACE, f"{asked.task} {reviewer.email}")),
    }
    try:
        # The server takes an answer of this id once, so there is nothing to look for in between.
        api.make(f"api/tasks/{asked.task}/annotations/", lambda: body, lambda: None)
    except Taken:
        return False
    return True
