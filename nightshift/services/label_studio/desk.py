"""The review desk: questions go out to people, answers come back. Everything else here serves it.

Knows which calls belong together; knows no round.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from nightshift.domain.models import Progress, no_progress
from nightshift.domain.ontology import Ontology
from nightshift.domain.review import Question
from nightshift.services.label_studio import overlap, poll, push, recheck, setup
from nightshift.services.label_studio.api import Api, named
from nightshift.services.label_studio.poll import Polled
from nightshift.services.label_studio.push import PushReport
from nightshift.services.label_studio.questions import task_of
from nightshift.services.label_studio.setup import BucketAccess
from nightshift.services.patience import Patience


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    """A Label Studio server as the place where frames are reviewed.

    All errors are ReviewError, and ServiceDown when the server does not answer any more.

    Args:
        api: the connection.
    """

    api: Api

    @classmethod
    def connect(cls, url: str, token: str, patience: Patience | None = None) -> "ReviewDesk":
        """With a personal access token or a legacy token. Asks nothing yet; `whoami` does.

        Args:
            url: of the server.
            token: its owner's.
            patience: with the server; a night's when left out.

        Raises:
            ReviewError: the token has expired.
        """
        return cls(Api(url, token, patience=patience or Patience(named(url))))

    def whoami(self) -> str:
        """The e-mail address that the token belongs to: proves that server and token work."""
        return str(self.api.get("api/current-user/whoami")["email"])

    def find_project(self, title: str) -> int | None:
        """The id of our project with this title; None where there is none. Makes nothing."""
        found = setup.find_project(self.api, title)
        return int(found["id"]) if found else None

    def ensure_project(self, title: str, ontology: Ontology) -> int:
        """The id of our project with this title; made, or brought up to date with the ontology."""
        return setup.ensure_project(self.api, title, ontology)

    def ensure_storage(self, project: int, access: BucketAccess) -> int:
        """The id of the storage through which Label Studio shows the pictures of a bucket."""
        return setup.ensure_storage(self.api, project, access)

    def push(
        self,
        project: int,
        questions: Sequence[Question],
        ontology: Ontology,
        progress: Progress = no_progress,
    ) -> PushReport:
        """Put questions into the queue, most valuable first.

        One that is there already is left alone, unless it is now put to more people than before: then the same task
        goes to somebody who has not answered it, with the new reason and place in the queue.
        """
        ordered = sorted(questions, key=lambda question: (question.round, question.position))
        tasks = {q.key: task_of(q, ontology) for q in ordered}
        report = push.push(self.api, project, tasks, progress)
        widened = overlap.widen(self.api, project, tasks, {q.key: q.opinions for q in ordered})
        return replace(report, widened=widened)

    def poll(self, project: int, since: datetime | None = None) -> Polled:
        """Tasks with answers that changed since the watermark; `answers.read` makes Answers of them."""
        return poll.poll(self.api, project, since)

    def gone(self, project: int, taken: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
        """Of (task, annotation) that were taken in, those that are not there any more."""
        return recheck.gone(self.api, project, taken) if taken else []

    def raw_tasks(self, project: int, tasks: Sequence[int]) -> list[dict[str, Any]]:
        """Raw tasks by id, as `poll` returns them."""
        return recheck.raw_tasks(self.api, project, tasks)

    def interface(self, project: int) -> str:
        """The label interface that reviewers see now, as XML."""
        return str(self.api.get(f"api/projects/{project}/").get("label_config"))

    def unanswered(self, project: int, limit: int | None = None) -> list[dict[str, Any]]:
        """Raw tasks that nobody has answered or skipped, most valuable first."""
        return poll.unanswered(self.api, project, limit)

    def waiting(self, project: int, limit: int | None = None) -> list[dict[str, Any]]:
        """Raw tasks that wait for somebody, with the answers they have, most valuable first; see `overlap.wanted`."""
        return poll.waiting(self.api, project, limit)

    def queue_url(self, project: int) -> str:
        """Where a reviewer starts: the open frames, most valuable first."""
        return f"{self.api.url}/projects/{project}/data?tab={setup.queue_tab(self.api, project)}"
