"""Where people differ so that the majority decides nothing: another person is asked; and who is asked twice at all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.agreement import by_question, leading
from nightshift.domain.consensus import groups
from nightshift.domain.review import Answer, Purpose

MOST_PEOPLE = 3  # after so many answers the majority stands


@dataclass(frozen=True, slots=True)
class Dispute:
    """A question whose answers leave something open.

    Args:
        frame_id: the frame.
        round: the round that asked; with the frame it is the key of the task, which goes to one more person.
        purpose: why it was asked.
        people: who answered, the first first.
        boxes: boxes that as many people have as have not.
        classes: boxes for which two classes have as many votes.
    """

    frame_id: str
    round: int
    purpose: Purpose
    people: tuple[str, ...]
    boxes: int
    classes: int

    @property
    def opinions(self) -> int:
        """How many people must be asked to have one more."""
        return len(self.people) + 1

    @property
    def reason(self) -> str:
        """One line for the next reviewer: '2 people differ: 1 box, class of 2 boxes'."""
        said = [_boxes(self.boxes)] if self.boxes else []
        said += [f"class of {_boxes(self.classes)}"] if self.classes else []
        return f"{len(self.people)} people differ: {', '.join(said)}"


def disputes(
    answers: Iterable[Answer],
    asked: Mapping[tuple[str, int], int],
    reviewers: Collection[str],
    most: int = MOST_PEOPLE,
) -> list[Dispute]:
    """Questions to put to one more person, those that leave most open first.

    A question is left alone while somebody who was asked has not answered; when nobody is left to ask; and when
    `most` people have answered: then the majority stands, and its ties fall as `consensus` says.

    Args:
        answers: of any frames, in any order.
        asked: (frame, round) → how many people it was put to so far; 1 where it is missing.
        reviewers: everybody who has ever answered.
        most: at least 2.
    """
    found = []
    for question, people in by_question(answers).items():
        names = {each.annotator for each in people}
        if asked.get(question, 1) <= len(people) < most and set(reviewers) - names:
            open_ = dispute(people)
            found += [open_] if open_ else []
    return sorted(found, key=lambda each: (-each.boxes - each.classes, each.frame_id, each.round))


def dispute(people: Sequence[Answer]) -> Dispute | None:
    """What the answers to one question leave open; None when the majority decides everything, or one person answered.

    With two people that is every box that only one of them has, and every box with two classes. Sides that differ
    are no dispute: their median is taken.

    Args:
        people: one answer of each person, no skips.
    """
    if len(people) < 2:  # noqa: PLR2004 - one person cannot differ
        return None
    found = groups(people)
    boxes = sum(2 * len(each) == len(people) for each in found)
    classes = sum(2 * len(each) > len(people) and len(leading(each)) > 1 for each in found)
    if boxes + classes == 0:
        return None
    first, names = people[0], tuple(each.annotator for each in people)
    return Dispute(first.frame_id, first.round, first.purpose, names, boxes, classes)


def second_opinions(
    questions: int, share: float, reviewers: int, rng: np.random.Generator, opinions: int = 2
) -> NDArray[np.int64]:
    """How many people each question goes to. (questions,) int64, 1 or `opinions`.

    Drawn at random over the whole queue, whatever a question's purpose or worth: what is measured then holds for the
    queue. With fewer than two known reviewers nobody could give a second opinion, and the task would stay open.

    Args:
        questions: length of the queue.
        share: of it that several people answer, in [0, 1].
        reviewers: how many people are known to answer.
        rng: draws.
        opinions: people per drawn question, at most `reviewers` are asked.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share lies in [0, 1], not at {share}")
    asked = np.ones(questions, np.int64)
    number = min(int(share * questions + rng.random()), questions)  # a short queue has its share on average
    asked[rng.permutation(questions)[:number]] = max(1, min(opinions, reviewers))
    return asked


def _boxes(number: int) -> str:
    return "1 box" if number == 1 else f"{number} boxes"
