"""Which questions are still open by what the store says, and how they come back into Label Studio.

A question is open while nobody has answered or skipped it, its frame is still there and nobody has labelled that in
another way. What was answered is never put again: the answers lie in the store.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from nightshift.domain.frames import Frame
from nightshift.domain.models import Progress, no_progress
from nightshift.domain.review import Question
from nightshift.round import OpenRound, Row
from nightshift.services.label_studio.push import PushReport
from nightshift.services.store import rows

Key = tuple[str, int]  # a question: its frame, and the round that first asked


@dataclass(frozen=True, slots=True)
class OpenQuestions:
    """The questions of the whole lineage.

    Args:
        waiting: those that nobody has answered, in the order in which they were put.
        answered: how many have an answer or a skip.
        partly: how many of those were put to more people than have answered.
        dropped: how many are open, but about a frame that is gone or labelled since.
    """

    waiting: tuple[Question, ...]
    answered: int
    partly: int
    dropped: int


def open_questions(night: OpenRound) -> OpenQuestions:
    """What people still have to answer.

    Args:
        night: the newest round, sealed or not.
    """
    asked = _asked(night)
    people = _people(night)
    frames = {each.id: each for each in night.frames or _parents_frames(night)}
    labelled = set(night.labels())
    silent = {key: row for key, row in asked.items() if key not in people}
    useful = {key: row for key, row in silent.items() if key[0] in frames and key[0] not in labelled}
    waiting = [rows.question_from_row(row, frames[key[0]]) for key, row in useful.items()]
    return OpenQuestions(
        tuple(sorted(waiting, key=lambda each: (each.round, each.position))),
        answered=len(asked) - len(silent),
        partly=sum(len(people[key]) < row["opinions"] for key, row in asked.items() if key in people),
        dropped=len(silent) - len(useful),
    )


def rebuild_desk(night: OpenRound, open_: OpenQuestions, progress: Progress = no_progress) -> PushReport:
    """The project, its storage, its tabs and a task for every open question. Doing it twice makes nothing twice.

    Raises:
        ReviewError: Label Studio refused, or is not there.
    """
    config, desk = night.config, night.project.desk
    project = desk.ensure_project(config.review.project or config.project, config.classes)
    night.project.attach_storage(project)
    return desk.push(project, open_.waiting, config.classes, progress)


def _asked(night: OpenRound) -> dict[Key, Row]:
    """Every question by its last row: one that is put again keeps its key."""
    return {(row["frame_id"], rows.asked_in(row)): row for row in night.questions()}


def _people(night: OpenRound) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = {}
    for row in night.history("corrections"):
        found.setdefault((row["frame_id"], row["round"]), set()).add(row["annotator"])
    return found


def _parents_frames(night: OpenRound) -> Iterator[Frame]:
    """Before the open round has registered."""
    return (rows.frame_from_row(row) for row in night.parent_table("frames"))
