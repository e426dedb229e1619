"""Several people's answers about one frame, made one: boxes by majority, classes by majority, sides by median.

Where objects have masks, the outline takes the place of the sides: see `middle_mask`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import SAME_IOU
from nightshift.domain.detections import Detections, on_equal_terms, overlap
from nightshift.domain.masks import Masks, middle_mask
from nightshift.domain.review import Answer

Content = tuple[tuple[float, ...], int, tuple[bytes, ...]]  # box, label, mask


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
class Mark:
    """One person's box.

    Args:
        person: whose, by the order of answering.
        box: xyxy, pixels.
        label: its class.
        mask: its own; None where somebody's answer has boxes only.
    """

    person: int
    box: tuple[float, ...]
    label: int
    mask: Masks | None = None

    @property
    def content(self) -> Content:
        """What was said, whoever said it."""
        return self.box, self.label, self.mask.counts if self.mask else ()


def consensus(answers: Sequence[Answer]) -> Consensus | None:
    """One answer from several about the same frame; None when nobody answered, or all skipped.

    Of one person only the latest answer counts; when that is a skip, the person has taken back what was said
    before. A box is kept when at least half of the people have it. A tie keeps it, because the mistakes do not
    weigh the same: a box too many is seen and deleted in a second, an object left out teaches the student that
    it is background. A tie between classes goes to the one that was said last.

    Everybody's vote weighs the same. Weights learnt from how well people agree would reward those who share a
    habit, and the frames that several people see are too few to learn them from; a tie that matters is better
    settled by asking another person (nightshift.domain.disputes).

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
    kept = [group for group in groups(counted) if 2 * len(group) >= len(counted)]
    kept.sort(key=lambda group: (middle(group), _label(group), len(group), sorted(mark.content for mark in group)))
    said = settled(kept, [_label(group) for group in kept])
    return Consensus(said, np.array([len(group) for group in kept], np.int64), len(counted))


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


def groups(answers: Sequence[Answer]) -> list[list[Mark]]:
    """Boxes of the same object, at most one of each person: nearest pairs join first, one class before two.

    Args:
        answers: one of each person, about one frame.
    """
    group_of: dict[int, list[Mark]] = {}
    (all_said,) = on_equal_terms([answer.said for answer in answers])
    marks = [_marks(person, said) for person, said in enumerate(all_said)]
    for mark in (each for some in marks for each in some):
        group_of[id(mark)] = [mark]
    for first, second in _nearest(marks):
        one, other = group_of[id(first)], group_of[id(second)]
        if {mark.person for mark in one} & {mark.person for mark in other}:
            continue
        joined = one + other
        group_of |= {id(mark): joined for mark in joined}
    return list({id(group): group for group in group_of.values()}.values())


def _marks(person: int, said: Detections) -> list[Mark]:
    masks = said.masks
    alone = [None if masks is None else masks.take(np.array([i])) for i in range(len(said))]
    rows = zip(said.boxes.tolist(), said.classes.tolist(), alone, strict=True)
    return sorted((Mark(person, tuple(box), label, mask) for box, label, mask in rows), key=lambda m: m.content)


def _nearest(marks: Sequence[Sequence[Mark]]) -> Iterator[tuple[Mark, Mark]]:
    """Pairs of two people's boxes that overlap enough, the surest first."""
    pairs = []
    for one, other in combinations(marks, 2):
        overlaps = overlap(_together(one), _together(other))
        for i, j in np.argwhere(overlaps >= SAME_IOU).tolist():
            same = one[i].label == other[j].label
            pairs.append((-float(overlaps[i, j]) - same, one[i], other[j]))
    pairs.sort(key=_rank)
    return ((first, second) for _, first, second in pairs)


def _rank(pair: tuple[float, Mark, Mark]) -> tuple[float, list[Content], int, int]:
    """Best first; ties by what the boxes are, and only then by whose."""
    worth, first, second = pair
    return worth, sorted((first.content, second.content)), first.person, second.person


def _together(marks: Sequence[Mark]) -> Detections:
    boxes, labels = [mark.box for mark in marks], np.array([mark.label for mark in marks], np.int64)
    return Detections.of(boxes, labels, masks=_joined(marks))


def _joined(marks: Sequence[Mark]) -> Masks | None:
    masks = [mark.mask for mark in marks if mark.mask is not None]
    return Masks.joined(masks) if masks else None


def settled(found: Sequence[Sequence[Mark]], labels: Sequence[int]) -> Detections:
    """One box for each group, with the class given: the median of every side, or around the middle of the outlines."""
    classes = np.array(labels, np.int64)
    masks = [middle_mask(joined) for group in found if (joined := _joined(group)) is not None]
    if masks:
        return Detections.of_masks(Masks.joined(masks), classes)
    return Detections.of([middle(group) for group in found], classes)


def middle(group: Sequence[Mark]) -> tuple[float, ...]:
    """The median of every side, pixels."""
    return tuple(np.median(np.array([mark.box for mark in group], np.float64), axis=0).tolist())


def _label(group: Sequence[Mark]) -> int:
    counts = Counter(mark.label for mark in group)
    most = max(counts.values())
    return max((mark for mark in group if counts[mark.label] == most), key=lambda mark: mark.person).label
