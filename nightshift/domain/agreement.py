"""How well reviewers agree, per reviewer and class, where several answered the same question.

Everybody is compared with the majority of the others, so nobody agrees with himself. Nobody is known to be right here:
agreement says where people differ, not who is wrong. Frames that one person answered say nothing. Where a model's
boxes were shown, people agree through them: only blind frames (filter the answers by purpose) tell how people draw by
themselves.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from nightshift.domain.consensus import Mark, groups, latest, middle, settled
from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections
from nightshift.domain.review import Answer

DRAWN = 2  # people a question is put to when it is drawn for a second opinion
Z = 1.959964  # standard normal quantile at 0.975: intervals of 95%


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many.

    Args:
        hits: 0 to `of`.
        of: the number it is a share of; 0 says nothing.
    """

    hits: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.of:
            raise ValueError(f"{self.hits} of {self.of} is no share")

    @property
    def value(self) -> float | None:
        """The share itself; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """95% score interval (Wilson 1927); everything from 0 to 1 of nothing.

        It takes the counted things as independent. Boxes of one frame are not quite: it is then too narrow.
        """
        if not self.of:
            return 0.0, 1.0
        p, n, z2 = self.hits / self.of, self.of, Z * Z
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        low = 0.0 if self.hits == 0 else max(0.0, centre - half)
        return low, 1.0 if self.hits == self.of else min(1.0, centre + half)


@dataclass(frozen=True, slots=True)
class Tally:
    """One person's boxes against the others'.

    Args:
        drawn: his boxes.
        confirmed: those that at least half of the others have, with this class.
        due: boxes that more than half of the others have.
        found: those of them that he has, with this class.
        overlap: sum of the IoU of his confirmed boxes with the others' (median) box.
    """

    drawn: int = 0
    confirmed: int = 0
    due: int = 0
    found: int = 0
    overlap: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.drawn + other.drawn,
            self.confirmed + other.confirmed,
            self.due + other.due,
            self.found + other.found,
            self.overlap + other.overlap,
        )

    @property
    def precision(self) -> Share:
        """Of his boxes, those that the others have too."""
        return Share(self.confirmed, self.drawn)

    @property
    def recall(self) -> Share:
        """Of the others' boxes, those that he has too."""
        return Share(self.found, self.due)

    @property
    def mean_iou(self) -> float | None:
        """Of his confirmed boxes; None without any."""
        return self.overlap / self.confirmed if self.confirmed else None


@dataclass(frozen=True, slots=True)
class Reviewer:
    """One person among the others.

    Args:
        annotator: who.
        frames: questions that others answered too.
        classes: class → tally; classes that neither he nor the others drew are missing.
    """

    annotator: str
    frames: int
    classes: Mapping[int, Tally]

    @property
    def total(self) -> Tally:
        """Over all classes."""
        return sum(self.classes.values(), Tally())


@dataclass(frozen=True, slots=True)
class Agreement:
    """What several answers to the same questions say.

    Args:
        reviewers: by name.
        frames: of the questions that several people answered, those answered alike: every box and class the same.
        objects: of the boxes that anybody drew there, those that everybody has with the same class.
    """

    reviewers: tuple[Reviewer, ...] = ()
    frames: Share = field(default_factory=lambda: Share(0, 0))
    objects: Share = field(default_factory=lambda: Share(0, 0))

    @property
    def classes(self) -> dict[int, Tally]:
        """Class → tally of all reviewers."""
        return _sums(row for each in self.reviewers for row in each.classes.items())

    @property
    def figures(self) -> dict[str, float]:
        """Numbers for MLflow; none where nothing was answered twice. How many they rest on always comes with them."""
        found = {"agreement_frames": float(self.frames.of), "agreement_objects": float(self.objects.of)}
        for name, share in (("agreement_frames_alike", self.frames), ("agreement_objects_alike", self.objects)):
            if share.value is not None:
                low, high = share.interval
                found |= {name: share.value, f"{name}_low": low, f"{name}_high": high}
        return found if self.frames.of else {}


def summarise(answers: Iterable[Answer], drawn: int = DRAWN) -> Agreement:
    """Agreement over the questions (frame and round) that at least two people answered.

    Only the first `drawn` people of a question are judged and counted. Whoever was asked later was asked because
    these had differed: he helps to judge them, but sees hard frames only, and would look worse than he is.

    Args:
        answers: of any frames, in any order; skips are not counted.
        drawn: how many people a question drawn for several opinions goes to at first.
    """
    asked = [people for people in by_question(answers).values() if len(people) > 1]
    views = [(a.annotator, _view(a, _others(a, people))) for people in asked for a in people[:drawn]]
    objects = [_alike(people[:drawn]) for people in asked]
    names = sorted({name for name, _ in views})
    return Agreement(
        tuple(_reviewer(name, [view for who, view in views if who == name]) for name in names),
        Share(sum(same == n for same, n in objects), len(objects)),
        Share(sum(same for same, _ in objects), sum(n for _, n in objects)),
    )


def by_question(answers: Iterable[Answer]) -> dict[tuple[str, int], list[Answer]]:
    """(frame, round) → everybody's latest answer that is no skip, whoever answered first first."""
    ordered = sorted(answers, key=lambda a: (a.frame_id, a.round, a.annotation))
    found = {}
    for question, some in groupby(ordered, key=lambda a: (a.frame_id, a.round)):
        given = list(some)
        order = list(dict.fromkeys(a.annotator for a in given))  # an annotation keeps its id when it is changed
        counted = {a.annotator: a for a in latest(given) if not a.skipped}
        found[question] = [counted[name] for name in order if name in counted]
    return found


def _others(answer: Answer, people: Sequence[Answer]) -> list[Answer]:
    return [each for each in people if each.annotator != answer.annotator]


def _reviewer(name: str, views: Sequence[Mapping[int, Tally]]) -> Reviewer:
    return Reviewer(name, len(views), _sums(row for view in views for row in view.items()))


def _alike(people: Sequence[Answer]) -> tuple[int, int]:
    """Objects that all have with one class, and all objects that anybody has."""
    found = groups(people)
    same = [each for each in found if len(each) == len(people) and len({mark.label for mark in each}) == 1]
    return len(same), len(found)


def _view(answer: Answer, others: Sequence[Answer]) -> dict[int, Tally]:
    """One person's boxes against those of the others, by class. A box is of the others when half of them have it."""
    own = _ordered(answer.said)
    shared = sorted((each for each in groups(others) if 2 * len(each) >= len(others)), key=_place)
    boxes = settled(shared, [min(leading(each)) for each in shared])
    pairs = [(i, j, iou) for i, j, iou in _pairs(own, boxes) if int(own.classes[i]) in leading(shared[j])]
    found = {j: int(own.classes[i]) for i, j, _ in pairs}
    rows = [(int(label), Tally(drawn=1)) for label in own.classes]
    rows += [(int(own.classes[i]), Tally(confirmed=1, overlap=iou)) for i, _, iou in pairs]
    rows += [
        (found.get(j, min(leading(each))), Tally(due=1, found=int(j in found)))
        for j, each in enumerate(shared)
        if 2 * len(each) > len(others)
    ]
    return _sums(rows)


def _sums(rows: Iterable[tuple[int, Tally]]) -> dict[int, Tally]:
    """Added up by class."""
    ordered = sorted(rows, key=lambda row: row[0])
    return {label: sum((tally for _, tally in some), Tally()) for label, some in groupby(ordered, lambda row: row[0])}


def leading(group: Sequence[Mark]) -> set[int]:
    """The class that most people give an object; several when they are even."""
    counts = Counter(mark.label for mark in group)
    return {label for label, count in counts.items() if count == max(counts.values())}


def _place(group: Sequence[Mark]) -> tuple[tuple[float, ...], list[int]]:
    return middle(group), sorted(mark.label for mark in group)


def _pairs(own: Detections, others: Detections) -> list[tuple[int, int, float]]:
    """Matched, and the same pairs whichever side is called which."""
    if _content(own) <= _content(others):
        return match(own, others)
    return [(i, j, iou) for j, i, iou in match(others, own)]


def _ordered(said: Detections) -> Detections:
    order = sorted(range(len(said)), key=lambda i: (said.boxes[i].tolist(), int(said.classes[i])))
    return said.take(np.array(order, np.intp))


def _content(said: Detections) -> list[tuple[list[float], int]]:
    return list(zip(said.boxes.tolist(), said.classes.tolist(), strict=True))
