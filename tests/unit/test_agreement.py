"""How far people agree, where they do not, and who is asked then."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.agreement import Agreement, Share, Tally, summarise
from nightshift.domain.detections import Detections
from nightshift.domain.disputes import dispute, disputes, second_opinions
from nightshift.domain.review import Answer, Purpose

NOW = datetime(2026, 1, 5, tzinfo=UTC)
FRAME = "0" * 64
A, B, C = [0.0, 0, 20, 20], [40.0, 0, 60, 20], [80.0, 0, 100, 20]  # far apart
few = settings(deadline=None, max_examples=30)


def answer(
    annotator: str, said: Detections, annotation: int = 0, *, frame: str = FRAME, skipped: bool = False, number: int = 1
) -> Answer:
    return Answer(
        frame_id=frame, round=number, purpose=Purpose.REVIEW, task=1, annotation=annotation, annotator=annotator,
        answered_at=NOW + timedelta(minutes=annotation), seconds=3.0, skipped=skipped,
        shown=Detections.empty(), said=said,
    )  # fmt: skip


def people(*all_said: Detections) -> list[Answer]:
    """Answers of ada, bob, cyd, dan to one question, in this order."""
    names = ("ada", "bob", "cyd", "dan")
    return [answer(name, said, i) for i, (name, said) in enumerate(zip(names, all_said, strict=False))]


def boxes(*rows: tuple[list[float], int]) -> Detections:
    return Detections.of([box for box, _ in rows], np.array([label for _, label in rows], np.int64))


crowded = st.builds(
    lambda x, y, w, h: [float(x), float(y), float(x + w), float(y + h)],
    st.integers(0, 12), st.integers(0, 12), st.integers(5, 20), st.integers(5, 20),
)  # fmt: skip
said = st.lists(st.tuples(crowded, st.integers(0, 2)), max_size=5).map(lambda rows: boxes(*rows))


def shuffled(data: st.DataObject, answers: Sequence[Answer]) -> list[Answer]:
    def mixed(one: Detections) -> Detections:
        return one.take(np.array(data.draw(st.permutations(range(len(one)))), np.intp))

    return data.draw(
        st.permutations([answer(a.annotator, mixed(a.said), a.annotation, frame=a.frame_id) for a in answers])
    )


# -- agreement ------------------------------------------------------------------------------------------------------


@few
@given(said)
def test_one_person_has_nobody_to_agree_with(one: Detections) -> None:
    assert summarise([answer("ada", one, 0), answer("ada", one, 1)]) == Agreement()
    assert summarise([]).figures == {}


@few
@given(said, st.integers(2, 4))
def test_identical_answers_agree_wholly(one: Detections, number: int) -> None:
    together = summarise(people(*[one] * number), drawn=number)
    assert together.frames == Share(1, 1)
    assert together.objects == Share(len(one), len(one))
    for each in together.reviewers:
        assert (each.total.precision, each.total.recall) == (Share(len(one), len(one)), Share(len(one), len(one)))
        assert each.total.mean_iou == (pytest.approx(1.0) if len(one) else None)


@few
@given(st.lists(said, min_size=2, max_size=4), st.data())
def test_neither_the_order_of_answers_nor_of_boxes_changes_the_agreement(
    all_said: list[Detections], data: st.DataObject
) -> None:
    answers = people(*all_said)
    assert summarise(shuffled(data, answers), drawn=4) == summarise(answers, drawn=4)


@few
@given(said, said)
def test_of_two_people_one_finds_what_the_other_has_confirmed(one: Detections, other: Detections) -> None:
    ada, bob = summarise(people(one, other)).reviewers
    assert ada.total.precision == bob.total.recall
    assert ada.total.recall == bob.total.precision
    assert ada.total.mean_iou == bob.total.mean_iou
    for label in {*ada.classes, *bob.classes}:
        assert ada.classes.get(label, Tally()).confirmed == bob.classes.get(label, Tally()).confirmed


@few
@given(st.lists(said, min_size=2, max_size=4))
def test_every_box_is_counted_once_and_no_share_exceeds_one(all_said: list[Detections]) -> None:
    together = summarise(people(*all_said), drawn=4)
    assert [each.total.drawn for each in together.reviewers] == [len(each) for each in all_said]
    for each in together.reviewers:
        assert each.total.found <= each.total.confirmed <= each.total.drawn
        assert each.total.found <= each.total.due
        assert all(tally.overlap <= tally.confirmed + 1e-9 for tally in each.classes.values())


def test_what_each_missed_and_added_is_told_by_class() -> None:
    together = summarise(people(boxes((A, 0), (B, 1)), boxes((A, 0), (C, 2)), boxes((A, 0), (B, 1))), drawn=3)
    ada, bob, _ = together.reviewers
    assert {label: (t.drawn, t.confirmed, t.due, t.found) for label, t in ada.classes.items()} == {
        0: (1, 1, 1, 1),
        1: (1, 1, 0, 0),  # bob and cyd are divided: that is held neither against her nor against anybody else
    }
    assert {label: (t.drawn, t.confirmed, t.due, t.found) for label, t in bob.classes.items()} == {
        0: (1, 1, 1, 1),
        1: (0, 0, 1, 0),
        2: (1, 0, 0, 0),
    }
    assert together.classes[1].recall == Share(0, 1)
    assert (together.frames, together.objects) == (Share(0, 1), Share(1, 3))


def test_another_class_is_a_box_that_is_not_confirmed_and_one_that_is_missed() -> None:
    ada = summarise(people(boxes((A, 0)), boxes((A, 1)))).reviewers[0]
    assert ada.classes == {0: Tally(drawn=1), 1: Tally(due=1)}


def test_the_others_even_votes_on_a_class_are_held_against_nobody() -> None:
    """Whichever of bob and cyd answered last: ada has one of the two classes that they are divided about."""
    for first, second in ((0, 1), (1, 0)):
        judged = summarise(people(boxes((A, 0)), boxes((A, first)), boxes((A, second))), drawn=3).reviewers[0]
        assert judged.classes == {0: Tally(1, 1, 1, 1, 1.0)}


def test_who_was_called_because_others_differed_judges_and_is_not_judged() -> None:
    together = summarise(people(boxes((A, 0)), boxes((A, 1)), boxes((A, 0))))
    ada, bob = together.reviewers
    assert (ada.annotator, bob.annotator) == ("ada", "bob")
    assert ada.total.precision == Share(1, 1)
    assert bob.total.precision == Share(0, 1)
    assert together.objects == Share(0, 1)


def test_a_skip_is_no_opinion_and_rounds_are_not_mixed() -> None:
    skip = answer("bob", Detections.empty(), 1, skipped=True)
    assert summarise([answer("ada", boxes((A, 0)), 0), skip]) == Agreement()
    apart = [answer("ada", boxes((A, 0)), 0, number=1), answer("bob", boxes((A, 0)), 1, number=2)]
    assert summarise(apart) == Agreement()


def test_the_figures_always_say_how_many_they_rest_on() -> None:
    figures = summarise(people(boxes((A, 0)), boxes((A, 0), (B, 1)))).figures
    assert figures["agreement_frames"] == 1
    assert figures["agreement_objects"] == 2
    assert figures["agreement_objects_alike"] == 0.5
    assert figures["agreement_objects_alike_low"] < 0.15
    assert figures["agreement_objects_alike_high"] > 0.85


@few
@given(st.integers(0, 400), st.integers(0, 400))
def test_an_interval_holds_its_share_and_narrows_with_more_of_the_same(hits: int, misses: int) -> None:
    one, more = Share(hits, hits + misses), Share(4 * hits, 4 * (hits + misses))
    low, high = one.interval
    assert 0 <= low <= high <= 1
    if one.value is not None:
        assert low <= one.value <= high
        assert more.interval[1] - more.interval[0] < high - low


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    for truth in (0.7, 0.95):
        drawn = rng.binomial(60, truth, 2000)
        covered = [low <= truth <= high for low, high in (Share(int(hits), 60).interval for hits in drawn)]
        assert np.mean(covered) > 0.93


# -- disputes -------------------------------------------------------------------------------------------------------


@few
@given(said, st.integers(1, 4))
def test_people_who_say_the_same_dispute_nothing(one: Detections, number: int) -> None:
    assert dispute(people(*[one] * number)) is None


@few
@given(said, said)
def test_two_people_dispute_the_same_whoever_said_which(one: Detections, other: Detections) -> None:
    first, second = dispute(people(one, other)), dispute(people(other, one))
    assert first == second


@few
@given(st.lists(said, min_size=2, max_size=4), st.data())
def test_neither_the_order_of_answers_nor_of_boxes_changes_what_is_disputed(
    all_said: list[Detections], data: st.DataObject
) -> None:
    asked, known = {(FRAME, 1): 2}, {"zoe"}
    answers = people(*all_said)
    assert disputes(shuffled(data, answers), asked, known, most=9) == disputes(answers, asked, known, most=9)


@few
@given(st.lists(said, min_size=3, max_size=3))
def test_three_people_never_dispute_whether_a_box_is_there(all_said: list[Detections]) -> None:
    found = dispute(people(*all_said))
    assert found is None or found.boxes == 0


def test_the_reason_says_what_is_open() -> None:
    found = dispute(people(boxes((A, 0), (B, 1), (C, 1)), boxes((A, 2))))
    assert found is not None
    assert (found.boxes, found.classes, found.opinions) == (2, 1, 3)
    assert found.reason == "2 people differ: 2 boxes, class of 1 box"


def test_a_frame_goes_to_one_more_person_only_if_all_asked_have_answered_and_somebody_is_left() -> None:
    answers, question = people(boxes((A, 0)), boxes()), (FRAME, 1)
    crew = {"ada", "bob", "cyd"}
    assert [each.opinions for each in disputes(answers, {question: 2}, crew)] == [3]
    assert disputes(answers, {question: 3}, crew) == []  # one of three is still expected
    assert disputes(answers, {question: 2}, {"ada", "bob"}) == []
    assert disputes(answers[:1], {question: 2}, crew) == []


def test_after_three_people_the_majority_stands() -> None:
    answers = people(boxes((A, 0)), boxes((A, 1)), boxes((A, 2)))
    crew = {"ada", "bob", "cyd", "dan"}
    assert disputes(answers, {(FRAME, 1): 3}, crew) == []
    assert [each.classes for each in disputes(answers, {(FRAME, 1): 3}, crew, most=4)] == [1]


def test_what_leaves_most_open_is_asked_first() -> None:
    small = people(boxes((A, 0)), boxes())
    large = [answer(a.annotator, a.said, a.annotation, frame="1" * 64) for a in people(boxes((A, 0), (B, 0)), boxes())]
    asked = {("0" * 64, 1): 2, ("1" * 64, 1): 2}
    assert [each.frame_id[0] for each in disputes([*small, *large], asked, {"zoe"})] == ["1", "0"]


# -- who is asked twice ---------------------------------------------------------------------------------------------


def test_a_share_of_the_queue_goes_to_several_people_on_average_exactly() -> None:
    rng = np.random.default_rng(3)
    drawn = [second_opinions(7, 0.1, 3, rng) for _ in range(4000)]
    assert {int(n) for each in drawn for n in each} == {1, 2}
    assert np.mean([each == 2 for each in drawn]) == pytest.approx(0.1, abs=0.01)
    assert np.ptp(np.mean([each == 2 for each in drawn], axis=0)) < 0.03  # every place in the queue alike


@few
@given(st.integers(0, 50), st.floats(0, 1), st.integers(0, 5), st.integers(2, 4))
def test_nobody_is_expected_who_is_not_there(questions: int, share: float, reviewers: int, opinions: int) -> None:
    asked = second_opinions(questions, share, reviewers, np.random.default_rng(0), opinions)
    assert asked.shape == (questions,)
    assert ((asked >= 1) & (asked <= max(1, min(opinions, reviewers)))).all()


def test_a_share_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        second_opinions(3, 1.5, 2, np.random.default_rng(0))
