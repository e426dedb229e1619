"""Several people's answers become one, whichever order they came in."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import with_rectangles

from nightshift.domain.consensus import agree, consensus
from nightshift.domain.detections import Detections, overlap
from nightshift.domain.masks import Masks
from nightshift.domain.review import Answer, Purpose

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def answer(
    annotator: str, said: Detections, *, minute: int = 0, skipped: bool = False, frame: str = "0" * 64
) -> Answer:
    return Answer(
        frame_id=frame, round=1, purpose=Purpose.REVIEW, task=1, annotation=minute, annotator=annotator,
        answered_at=NOW + timedelta(minutes=minute), seconds=3.0, skipped=skipped,
        shown=Detections.empty(), said=said,
    )  # fmt: skip


boxes = st.builds(
    lambda x, y, w, h: (float(x), float(y), float(x + w), float(y + h)),
    st.integers(0, 60), st.integers(0, 60), st.integers(5, 40), st.integers(5, 40),
)  # fmt: skip
said = st.lists(st.tuples(boxes, st.integers(0, 2)), max_size=5).map(
    lambda rows: Detections.of([box for box, _ in rows], np.array([label for _, label in rows], np.int64))
)


def content(detections: Detections) -> list[tuple[list[float], int]]:
    return sorted(zip(detections.boxes.tolist(), detections.classes.tolist(), strict=True))


@settings(deadline=None)  # a busy machine is no failure
@given(said)
def test_a_single_person_is_believed_as_they_are(one: Detections) -> None:
    result = consensus([answer("ada", one)])
    assert result is not None
    assert result.said == one
    assert result.people == 1


@settings(deadline=None)  # a busy machine is no failure
@given(said, st.integers(2, 5))
def test_people_who_agree_are_taken_at_their_word(one: Detections, people: int) -> None:
    result = consensus([answer(f"person {i}", one, minute=i) for i in range(people)])
    assert result is not None
    assert content(result.said) == content(one)
    assert (result.votes == people).all()


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(said, min_size=2, max_size=4), st.data())
def test_neither_the_order_of_answers_nor_of_boxes_matters(all_said: list[Detections], data: st.DataObject) -> None:
    answers = [answer(f"person {i}", each, minute=i) for i, each in enumerate(all_said)]
    mixed = [
        answer(a.annotator, a.said.take(np.array(data.draw(st.permutations(range(len(a.said)))), int)), minute=i)
        for i, a in enumerate(answers)
    ]
    first, second = consensus(answers), consensus(data.draw(st.permutations(mixed)))
    assert first is not None
    assert second is not None
    assert first.said == second.said
    assert (first.votes == second.votes).all()


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(said, min_size=3, max_size=5))
def test_every_kept_box_has_half_of_the_people_behind_it_and_each_person_counts_once(
    all_said: list[Detections],
) -> None:
    result = consensus([answer(f"person {i}", each, minute=i) for i, each in enumerate(all_said)])
    assert result is not None
    assert (2 * result.votes >= len(all_said)).all()
    assert (result.votes <= len(all_said)).all()


@settings(deadline=None)  # a busy machine is no failure
@given(said, said)
def test_of_two_people_it_does_not_matter_who_said_what_but_for_the_class_of_the_last(
    one: Detections, other: Detections
) -> None:
    first = consensus([answer("ada", one), answer("bob", other, minute=1)])
    second = consensus([answer("ada", other), answer("bob", one, minute=1)])
    assert first is not None
    assert second is not None
    assert sorted(first.said.boxes.tolist()) == sorted(second.said.boxes.tolist())


def test_the_sides_are_the_median_so_one_careless_hand_moves_nothing() -> None:
    good, careless = [[10, 10, 50, 50]], [[10, 10, 50, 70]]
    three = [answer("a", Detections.of(good, [0])), answer("b", Detections.of(good, [0]))]
    result = consensus([*three, answer("c", Detections.of(careless, [0]))])
    assert result is not None
    assert result.said.boxes.tolist() == good


def test_a_box_of_one_among_three_is_dropped() -> None:
    one = Detections.of([[0, 0, 9, 9]], [0])
    result = consensus([answer("a", one), answer("b", Detections.empty()), answer("c", Detections.empty())])
    assert result is not None
    assert len(result.said) == 0
    assert result.people == 3


def test_between_two_people_a_tie_keeps_the_box() -> None:
    result = consensus([answer("a", Detections.of([[0, 0, 9, 9]], [0])), answer("b", Detections.empty())])
    assert result is not None
    assert result.votes.tolist() == [1]


def test_the_class_goes_by_majority_and_a_tie_to_the_later_answer() -> None:
    box = [[0, 0, 9, 9]]
    votes = [answer(f"p{i}", Detections.of(box, [label]), minute=i) for i, label in enumerate([1, 0, 1])]
    majority, tie = consensus(votes), consensus(votes[:2])
    assert majority is not None
    assert tie is not None
    assert majority.said.classes.tolist() == [1]
    assert tie.said.classes.tolist() == [0]


def test_of_one_person_only_the_latest_answer_counts() -> None:
    old, new = Detections.of([[0, 0, 9, 9]], [0]), Detections.of([[20, 20, 30, 30]], [1])
    result = consensus([answer("a", new, minute=5), answer("a", old, minute=1)])
    assert result is not None
    assert result.said == new


def test_a_skip_has_no_vote_and_takes_back_what_the_same_person_said() -> None:
    one = Detections.of([[0, 0, 9, 9]], [0])
    skip = answer("a", Detections.empty(), minute=9, skipped=True)
    assert consensus([]) is None
    assert consensus([answer("a", one), skip]) is None
    kept = consensus([skip, answer("b", one)])
    assert kept is not None
    assert kept.people == 1


def test_two_frames_have_no_consensus() -> None:
    other = answer("b", Detections.empty(), frame="1" * 64)
    with pytest.raises(ValueError, match="one frame"):
        consensus([answer("a", Detections.empty()), other])


def test_agreeing_needs_somebody_who_answered() -> None:
    one = Detections.of([[0, 0, 9, 9]], [0])
    assert agree([answer("a", one), answer("b", one)]) == one
    with pytest.raises(ValueError, match="nobody answered"):
        agree([answer("a", one, skipped=True)])


def discs(*radii: float) -> Detections:
    """One disc each, around the same middle for one radius, side by side for several."""
    rows, columns = np.mgrid[:60, :200] + 0.5
    shapes = [(columns - 30 - 50 * i) ** 2 + (rows - 30) ** 2 <= radius**2 for i, radius in enumerate(radii)]
    return Detections.of_masks(Masks.of(shapes, (60, 200)), np.arange(len(radii)))


def test_of_two_people_s_masks_the_outline_halfway_is_taken() -> None:
    result = consensus([answer("ada", discs(15, 20)), answer("ben", discs(19, 20), minute=1)])
    assert result is not None
    assert result.votes.tolist() == [2, 2]
    assert (overlap(result.said, discs(17, 20)).diagonal() > 0.97).all()
    assert result.said.classes.tolist() == [0, 1]


def test_masks_agree_whatever_the_order_of_the_answers() -> None:
    people = [answer("ada", discs(15, 20)), answer("ben", discs(17), minute=0), answer("cy", discs(18, 21), minute=0)]
    first, second = consensus(people), consensus(people[::-1])
    assert first is not None
    assert second is not None
    assert first.said == second.said


def test_where_one_answer_has_no_masks_people_agree_on_boxes() -> None:
    result = consensus([answer("ada", discs(15)), answer("ben", discs(15).unmasked, minute=1)])
    assert result is not None
    assert result.said == discs(15).unmasked


@settings(deadline=None, max_examples=30)
@given(st.lists(said, min_size=2, max_size=3))
def test_rectangular_masks_are_grouped_and_named_as_their_boxes(all_said: list[Detections]) -> None:
    by_boxes = consensus([answer(f"person {i}", each, minute=i) for i, each in enumerate(all_said)])
    drawn = [with_rectangles(each) for each in all_said]
    by_masks = consensus([answer(f"person {i}", each, minute=i) for i, each in enumerate(drawn)])
    assert by_boxes is not None
    assert by_masks is not None
    assert sorted(by_masks.votes.tolist()) == sorted(by_boxes.votes.tolist())
    assert sorted(by_masks.said.classes.tolist()) == sorted(by_boxes.said.classes.tolist())
