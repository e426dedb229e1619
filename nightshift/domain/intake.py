"""Which answers are new, what they cost, and which of them count for a frame's label.

An answer is known by its question (frame and round), its annotation and its time. Label Studio's own numbers do not
suffice: a database that was restored from a backup gives them out a second time. Knows no table and no server.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from nightshift.domain.review import Answer

Identity = tuple[str, int, int, datetime]


def identity(answer: Answer) -> Identity:
    """Two answers with the same one are the same answer."""
    return answer.frame_id, answer.round, answer.annotation, answer.answered_at


def new_answers(read: Iterable[Answer], before: Iterable[Answer]) -> list[Answer]:
    """What was read and not taken in before, each once."""
    known = {identity(each) for each in before}
    found = {identity(each): each for each in read}
    return [each for key, each in found.items() if key not in known]


def owed_seconds(new: Sequence[Answer], before: Iterable[Answer]) -> float:
    """Seconds to pay for: an answer that was changed later tells all of its time again, and costs only the rest."""
    paid: dict[tuple[str, int, int, str], float] = {}
    owed = 0.0
    for each in before:
        paid[_one(each)] = max(paid.get(_one(each), 0.0), each.seconds)
    for each in sorted(new, key=lambda answer: answer.answered_at):
        owed += max(0.0, each.seconds - paid.get(_one(each), 0.0))
        paid[_one(each)] = max(paid.get(_one(each), 0.0), each.seconds)
    return owed


def counting(read: Iterable[Answer], before: Iterable[Answer]) -> list[Answer]:
    """What counts for a frame's label: what its tasks say now, and what tasks that were not read now said last.

    An answer that was deleted while its task got another one does not count any more.

    Args:
        read: answers about one frame as they stand now, with all others of their tasks.
        before: answers about it that were taken in earlier, oldest first.
    """
    now = {_version(each): each for each in read}
    looked = {each.task for each in now.values()}
    left = {_version(each): each for each in before if each.task not in looked}
    return list((left | now).values())


def _one(answer: Answer) -> tuple[str, int, int, str]:
    return answer.frame_id, answer.round, answer.annotation, answer.annotator


def _version(answer: Answer) -> tuple[int, int, int]:
    return answer.round, answer.task, answer.annotation
