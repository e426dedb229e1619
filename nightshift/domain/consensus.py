"""Several people's answers about one frame, made one: boxes by majority, classes by majority, sides by median."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import SAME_IOU
from nightshift.domain.detections import Detections, iou_matrix
from nightshift.domain.review import Answer


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What people said together.

    Args:
        said: the boxes.
        votes: (n,) int64: how many people have each box.
        people: how many answered without skipping.
    """

    said: Detections
    votes: NDArray[np.int64]
    people: int


@dataclass(frozen=True, slots=True)
class _Mark:
    """One person's box: whose (by order of answering), and what."""

    person: int
    box: tuple[float, ...]
    label: int


def consensus(answers: Sequence[Answer]) -> Consensus | None:
    """One answer from several about the same frame; None when nobody answered, or all skipped.

    Of one person only the latest answer counts; when that is a skip, the person has taken back what was said
    before. A box is kept when at least half of the people have it. A tie keeps it, because the mistakes do not
    weigh the same: a box too many is seen and deleted in a second, an object left out teaches the student that
    it is background. A tie between classes goes to the one that was said last.

    The result does not depend on the order of the answers, nor on the order of boxes within one; with a single
    person it is that answer as it is.

    Raises:
        ValueError: the answers are about different frames.
    """
    if len({answer.frame_id for answer in answers}) > 1:
        raise ValueError("a consensus is about one frame")
    counted = [answer for answer in latest(answers) if not answer.skipped]
    if len(counted) <= 1:
        return _alone(counted[0].said) if counted else None
    groups = [group for group in _groups(counted) if 2 * len(group) >= len(counted)]
    said = sorted((_middle(group), _label(group), len(group)) for group in groups)
    boxes, labels, votes = zip(*said, strict=True) if said else ((), (), ())
    return Consensus(Detections.of(boxes, np.array(labels, np.int64)), np.array(votes, np.int64), len(counted))


def agree(answers: Sequence[Answer]) -> Detections:
    """The boxes of the consensus.

    Raises:
        ValueError: nobody answered, all skipped, or the answers are about different frames.
    """
    together = consensus(answers)
    if together is None:
        raise ValueError("nobody answered, so there is nothing to agree on")
    return together.said


def latest(answers: Sequence[Answer]) -> list[Answer]:
    """The last answer of each person, in the order in which they were given."""
    ordered = sorted(answers, key=lambda answer: (answer.answered_at, answer.annotation))
    return sorted(
        {answer.annotator: answer for answer in ordered}.values(),
        key=lambda answer: (answer.answered_at, answer.annotation),
    )


def _alone(said: Detections) -> Consensus:
    return Consensus(said, np.ones(len(said), np.int64), 1)


def _groups(answers: Sequence[Answer]) -> list[list[_Mark]]:
    """Boxes of the same object, at most one of each person: nearest pairs join first, one class before two."""
    group_of: dict[int, list[_Mark]] = {}
    marks = [_marks(person, answer.said) for person, answer in enumerate(answers)]
    for mark in (each for some in marks for each in some):
        group_of[id(mark)] = [mark]
    for first, second in _nearest(marks):
        one, other = group_of[id(first)], group_of[id(second)]
        if {mark.person for mark in one} & {mark.person for mark in other}:
            continue
        joined = one + other
        group_of |= {id(mark): joined for mark in joined}
    return list({id(group): group for group in group_of.values()}.values())


def _marks(person: int, said: Detections) -> list[_Mark]:
    rows = zip(said.boxes.tolist(), said.classes.tolist(), strict=True)
    return sorted((_Mark(person, tuple(box), label) for box, label in rows), key=lambda m: (m.box, m.label))


def _nearest(marks: Sequence[Sequence[_Mark]]) -> Iterator[tuple[_Mark, _Mark]]:
    """Pairs of two people's boxes that overlap enough, the surest first."""
    pairs = []
    for one, other in combinations(marks, 2):
        overlaps = iou_matrix(_boxes(one), _boxes(other))
        for i, j in np.argwhere(overlaps >= SAME_IOU).tolist():
            same = one[i].label == other[j].label
            pairs.append((-float(overlaps[i, j]) - same, one[i], other[j]))
    pairs.sort(key=lambda pair: (pair[0], pair[1].person, pair[1].box, pair[2].person, pair[2].box))
    return ((first, second) for _, first, second in pairs)


def _boxes(marks: Sequence[_Mark]) -> NDArray[np.float32]:
    return np.array([mark.box for mark in marks], np.float32).reshape(-1, 4)


def _middle(group: Sequence[_Mark]) -> tuple[float, ...]:
    return tuple(np.median(np.array([mark.box for mark in group], np.float64), axis=0).tolist())


def _label(group: Sequence[_Mark]) -> int:
    counts = Counter(mark.label for mark in group)
    most = max(counts.values())
    return max((mark for mark in group if counts[mark.label] == most), key=lambda mark: mark.person).label
