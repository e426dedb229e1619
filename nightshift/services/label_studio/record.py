"""What we know ourselves of what was asked: a task is held against it, for its data can be edited, copied and moved.

The keys of two projects can be the same, so a task of ours is one that says all that the round's own queue table says.
Knows no server and no table.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from nightshift.domain.review import Question
from nightshift.services.label_studio.evidence import legible
from nightshift.services.label_studio.percent import IMAGE, Unusable
from nightshift.services.label_studio.questions import data_of

SAME = ("round", "frame_id", "purpose", "width", "height", "model")
NEAR = {"value": 0.01, "usd": 0.001}  # they are rounded on their way
FAR = 1e12  # beyond it an integer may not fit a float
SKEW = timedelta(days=1)  # a clock that is further off is wrong, and with it which answer is the latest


@dataclass(frozen=True, slots=True)
class Record:
    """Every question that was put, by its key.

    Args:
        questions: key → question, as it was put first.
        asked_at: round → when it opened.
        images: frame → further addresses at which its picture lies now.
        read_at: when the answers were read, UTC.
    """

    questions: Mapping[str, Question]
    asked_at: Mapping[int, datetime]
    read_at: datetime
    images: Mapping[str, Collection[str]] = field(default_factory=dict)

    def question(self, data: Mapping[str, Any]) -> Question:
        """The question that a task's data is about.

        Raises:
            Unusable: it was never asked, or says something else than what was asked.
        """
        key = data.get("key")
        found = self.questions.get(key) if isinstance(key, str) else None
        if found is None:
            raise Unusable(f"no round of this project has asked '{legible(key, 20)}'")
        changed = [name for name in (IMAGE, *SAME, *NEAR) if not self._same(name, data.get(name), found)]
        if changed:
            raise Unusable(
                f"its {' and '.join(changed)} are not what was asked: it was edited, or is another project's"
            )
        return found

    def check_time(self, number: int, moment: datetime) -> None:
        """That an answer to a round's question was given after it and before it was read.

        Raises:
            Unusable: a clock is wrong.
        """
        if moment > self.read_at + SKEW:
            raise Unusable(f"it is dated {moment:%Y-%m-%d %H:%M} UTC, in the future: a clock is wrong")
        asked = self.asked_at.get(number)
        if asked and moment < asked - SKEW:
            raise Unusable(f"it is dated {moment:%Y-%m-%d %H:%M} UTC, before it was asked: a clock is wrong")

    def _same(self, name: str, told: object, asked: Question) -> bool:
        wanted = data_of(asked)[name]
        if name in NEAR:
            return _near(told, wanted, NEAR[name])
        if name == IMAGE and told in self.images.get(asked.frame.id, ()):
            return True
        return type(told) is type(wanted) and told == wanted


def _near(told: object, wanted: float, tolerance: float) -> bool:
    if isinstance(told, bool) or not isinstance(told, int | float) or abs(told) > FAR:
        return False
    return math.isclose(told, wanted, abs_tol=tolerance)
