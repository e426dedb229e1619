"""Small rules inside the stages, over tables held in memory."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Sight
from nightshift.policy.night import Sighting
from tasks.again import outstanding_usd, suspected
from tasks.choose import _sighting, mixed
from tasks.score import _row
from tasks.shards import _cut
from tasks.stage import Receipt, in_words

NOTHING = Detections.empty()
BOX = Detections.of([[0, 0, 10, 10]], [0], [0.9])
FRAME = Frame("ab" * 32, "s3://b/a.jpg", 64, 48, "clip", Split.POOL, "a.jpg", 1)
STUDENT, TEACHER = "yolo@2", "teacher@1"


def _night(corrections: list[dict[str, Any]] | None = None, queue: list[dict[str, Any]] | None = None) -> Any:
    """All that these rules ask of a round."""
    tables = {"corrections": corrections or [], "queue": queue or []}
    return SimpleNamespace(
        history=lambda name: tables[name],
        questions=lambda: tables["queue"],
        config=SimpleNamespace(classes=range(3)),
    )


def _asked(frame: str, usd: float, opinions: int = 1) -> dict[str, Any]:
    return {"frame_id": frame, "usd": usd, "opinions": opinions, "key": f"0001-{frame}"}


def _said(frame: str, who: str, round_number: int = 1, *, skipped: bool = False) -> dict[str, Any]:
    return {"frame_id": frame, "annotator": who, "round": round_number, "skipped": skipped}


def test_a_question_that_nobody_answered_still_costs_and_a_skip_is_an_answer() -> None:
    queue = [_asked("x", 1.0), _asked("y", 2.0)]
    assert outstanding_usd(_night(queue=queue)) == 3.0
    assert outstanding_usd(_night([_said("x", "ann", skipped=True)], queue)) == 2.0


def test_each_opinion_that_is_still_missing_costs() -> None:
    queue = [_asked("x", 1.0, opinions=3)]
    assert outstanding_usd(_night(queue=queue)) == 3.0
    assert outstanding_usd(_night([_said("x", "ann"), _said("x", "ann")], queue)) == 2.0
    assert outstanding_usd(_night([_said("x", who) for who in ("ann", "bob", "eve", "joe")], queue)) == 0.0


def test_a_question_that_is_put_to_one_more_person_is_not_paid_twice() -> None:
    again = [_asked("x", 1.0, opinions=2), _asked("x", 1.0, opinions=3)]
    assert outstanding_usd(_night([_said("x", "ann"), _said("x", "bob")], again)) == 1.0


def test_an_answer_to_an_earlier_question_about_the_frame_does_not_settle_this_one() -> None:
    assert outstanding_usd(_night([_said("x", "ann", round_number=0)], [_asked("x", 1.0)])) == 1.0


def _seen(auto: tuple[str, Detections] | None, student: Detections | None, *, teacher_better: bool = False) -> Sighting:
    vector = np.ones(4, np.float32)
    sight = None if student is None else Sight(student, np.tile(student.scores[:, None], (1, 3)), vector)
    row = _row(FRAME, "" if student is None else STUDENT, sight, 0.1)
    return _sighting(_night(), FRAME, auto, row, teacher_better=teacher_better)


def test_people_see_the_boxes_of_whoever_did_better_on_the_golden_set() -> None:
    better = _seen((TEACHER, BOX), NOTHING, teacher_better=True)
    worse = _seen((TEACHER, BOX), NOTHING)
    assert (better.model, better.shown, better.second) == (TEACHER, BOX, NOTHING)
    assert (worse.model, worse.shown, worse.second) == (STUDENT, NOTHING, BOX)
    assert better.teacher == worse.teacher == BOX
    assert better.student == worse.student == NOTHING


def test_before_the_first_student_the_teacher_is_all_there_is() -> None:
    only, nobody = _seen((TEACHER, BOX), None), _seen(None, None)
    assert (only.model, only.shown, only.second, only.student) == (TEACHER, BOX, None, None)
    assert (nobody.model, nobody.shown, nobody.second, nobody.teacher) == ("", NOTHING, None, None)


@pytest.mark.parametrize("teacher_better", [True, False])
def test_a_champion_that_teaches_is_no_second_opinion_on_itself(teacher_better: bool) -> None:
    seen = _seen((f"champion/{STUDENT}", NOTHING), BOX, teacher_better=teacher_better)
    assert (seen.model, seen.shown, seen.second) == (STUDENT, BOX, None)


def test_a_frame_that_no_teacher_has_labelled_has_no_second_opinion() -> None:
    assert _seen(None, BOX, teacher_better=True).second is None


def test_faint_boxes_are_left_out_of_the_table_with_their_class_scores() -> None:
    two = Detections.of([[0, 0, 10, 10], [20, 20, 30, 30]], [0, 1], [0.05, 0.5])
    chances = np.array([[0.05, 0.01, 0.0], [0.25, 0.5, 0.125]], np.float32)
    row = _row(FRAME, STUDENT, Sight(two, chances, np.ones(2, np.float32)), 0.1)
    assert (row["scores"], row["classes"], row["probabilities"]) == ([0.5], [1], [0.25, 0.5, 0.125])


def test_shards_hold_every_frame_once_and_none_is_empty() -> None:
    assert _cut(list("abcde"), 2) == [["a", "b"], ["c", "d"], ["e"]]
    assert _cut([], 2) == []


def test_the_log_tells_short_figures_and_leaves_tables_out() -> None:
    assert in_words(Receipt("train", 1.25, {"epochs": 3, "loss": 0.12345, "why": None, "rows": [1]})) == (
        "epochs 3, loss 0.123, why None, 1.2 s"
    )


# -- answers that the teacher contradicts ------------------------------------------------------------------------------

THREE = Detections.of([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], [0, 0, 0], [0.9, 0.9, 0.9])
ONE = Detections.of([[0, 0, 10, 10]], [0])


def _labelled_night(auto: dict[str, tuple[str, Detections]], people: list[str], usd: float = 0.2) -> Any:
    """Two frames were asked of one person each; 'a' was given one box where the teacher sees three."""
    queue = [_asked("a", usd), _asked("b", usd)]
    corrections = [_said("a", people[0]), _said("b", people[-1])]
    tables = {"corrections": corrections, "queue": queue}
    config = SimpleNamespace(
        classes=range(3),
        budget=SimpleNamespace(usd_per_night=10.0),
        review=SimpleNamespace(recheck_share=0.05),
    )
    return SimpleNamespace(
        history=lambda name: tables[name],
        questions=lambda: queue,
        labels=lambda: {"a": ONE, "b": THREE},
        autolabels=lambda: auto,
        rng=lambda _: np.random.default_rng(0),
        config=config,
    )


def test_an_answer_that_misses_what_the_teacher_is_sure_of_is_put_to_a_second_person() -> None:
    night = _labelled_night({"a": (TEACHER, THREE), "b": (TEACHER, THREE)}, ["x", "y"])
    (again,) = suspected(night)
    assert (again["frame_id"], again["opinions"]) == ("a", 2)
    assert "look again: 1.8 boxes" in again["reason"]


@pytest.mark.parametrize(
    ("auto", "people", "usd"),
    [
        ({"a": ("champion/yolo@2", THREE)}, ["x", "y"], 0.2),  # it was trained on this very answer
        ({"a": (TEACHER, THREE)}, ["x", "x"], 0.2),  # there is nobody else
        ({"a": (TEACHER, THREE)}, ["x", "y"], 0.6),  # dearer than the night allows
        ({"a": (TEACHER, ONE)}, ["x", "y"], 0.2),  # it agrees
        ({}, ["x", "y"], 0.2),
    ],
)
def test_nobody_is_asked_again_without_an_independent_word_somebody_else_and_the_dollars(
    auto: dict[str, tuple[str, Detections]], people: list[str], usd: float
) -> None:
    assert suspected(_labelled_night(auto, people, usd)) == []


@pytest.mark.parametrize(("asked", "again"), [(0, 0), (0, 3), (5, 0), (9, 2), (2, 9)])
def test_questions_put_again_stand_between_the_others_which_keep_their_order_and_their_first(
    asked: int, again: int
) -> None:
    queue, more = [{"q": i} for i in range(asked)], [{"a": i} for i in range(again)]
    found = mixed(queue, more)
    assert [each for each in found if "q" in each] == queue
    assert [each for each in found if "a" in each] == more
    assert not queue or found[0] == queue[0]
    if asked > again > 0:
        assert found[-1] == queue[-1]
