"""Which answers are new, what they cost and which count: by question, annotation and time, never by a number alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nightshift.domain.detections import Detections
from nightshift.domain.intake import counting, new_answers, owed_seconds
from nightshift.domain.review import Answer, Purpose
from nightshift.services.store import rows

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def answer(
    annotation: int = 5, minutes: int = 0, frame: str = "x", task: int = 1, by: str = "ada", seconds: float = 10.0
) -> Answer:
    return Answer(
        frame, 2, Purpose.REVIEW, task, annotation, by, NOON + timedelta(minutes=minutes), seconds, skipped=False,
        shown=Detections.empty(), said=Detections.of([[0, 0, 10 + minutes, 10]], [0]),
    )  # fmt: skip


answers = st.lists(
    st.builds(
        answer,
        annotation=st.integers(1, 3),
        minutes=st.integers(0, 3),
        frame=st.sampled_from("xy"),
        by=st.sampled_from(["ada", "ben"]),
        seconds=st.integers(0, 9).map(float),
    ),
    max_size=8,
)


@given(answers, answers)
def test_what_was_taken_in_is_not_new_again_and_costs_nothing_again(before: list[Answer], read: list[Answer]) -> None:
    new = new_answers(read, before)
    assert new_answers(read, [*before, *new]) == []
    assert owed_seconds([], before) == 0
    assert 0 <= owed_seconds(new, before) <= sum(each.seconds for each in new)


def test_the_same_answer_read_twice_is_one() -> None:
    assert new_answers([answer(), answer()], []) == [answer()]


def test_an_answer_that_was_changed_costs_only_the_rest_of_its_time() -> None:
    first, changed, again = answer(seconds=10), answer(minutes=1, seconds=14), answer(minutes=2, seconds=15)
    assert owed_seconds([changed], [first]) == 4
    assert owed_seconds([again], [first, changed]) == 1


def test_a_number_that_a_restored_database_gives_out_again_is_another_answer_and_is_paid() -> None:
    lost, other, same_frame = answer(frame="x"), answer(frame="y", minutes=9, seconds=8), answer(by="ben", minutes=9)
    assert new_answers([other, same_frame], [lost]) == [other, same_frame]
    assert owed_seconds([other, same_frame], [lost]) == 18


def test_answers_with_one_number_and_one_time_stay_apart_in_the_table() -> None:
    both = [answer(frame="x"), answer(frame="y")]
    again = rows.answers_from_rows([row for each in both for row in rows.correction_rows(each)])
    assert [(each.frame_id, len(each.said)) for each in again] == [("x", 1), ("y", 1)]


def test_what_a_task_no_longer_says_does_not_count_once_it_says_something_else() -> None:
    deleted, elsewhere, new = answer(1), answer(2, task=8, by="cyd"), answer(3, minutes=5, by="ben")
    assert counting([new], [deleted, elsewhere]) == [elsewhere, new]


def test_a_changed_answer_counts_as_it_is_now() -> None:
    assert counting([answer(minutes=1)], [answer()]) == [answer(minutes=1)]
