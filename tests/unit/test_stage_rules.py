"""Small rules inside the stages, over tables held in memory."""

from types import SimpleNamespace
from typing import Any

from nightshift.domain.detections import Detections
from tasks.choose import _outstanding
from tasks.score import _shown, blank_value
from tasks.shards import _cut
from tasks.stage import Receipt, in_words

NOTHING = Detections.empty()
BOX = Detections.of([[0, 0, 10, 10]], [0], [0.9])


def _night(
    labels: dict[str, Detections] | None = None,
    corrections: list[dict[str, Any]] | None = None,
    queue: list[dict[str, Any]] | None = None,
    summaries: dict[str, Any] | None = None,
) -> Any:
    """All that these rules ask of a round."""
    tables = {"corrections": corrections or [], "queue": queue or []}
    return SimpleNamespace(
        labels=lambda: labels or {},
        history=lambda name: tables[name],
        autolabels=dict,
        summary=lambda stage: (summaries or {}).get(stage, {}),
        config=SimpleNamespace(triage=SimpleNamespace(trust_above=0.3)),
    )


def _row(annotation: int, change: str, purpose: str = "review", *, skipped: bool = False) -> dict[str, Any]:
    return {"frame_id": "x", "annotation": annotation, "change": change, "purpose": purpose, "skipped": skipped}


def test_a_question_that_nobody_answered_still_costs_and_a_skip_is_an_answer() -> None:
    queue = [{"frame_id": "x", "usd": 1.0}, {"frame_id": "y", "usd": 2.0}]
    assert _outstanding(_night(queue=queue)) == 3.0
    assert _outstanding(_night(queue=queue, corrections=[_row(1, "none", skipped=True)])) == 2.0


def test_blank_frames_that_hid_objects_make_the_next_blank_frame_worth_more() -> None:
    labels = {"x": Detections.of([[0, 0, 9, 9], [9, 9, 19, 19]], [0, 0])}
    unknown = blank_value(_night(labels))
    hid = blank_value(_night(labels, [_row(1, "added"), _row(2, "added")]))
    empty = blank_value(_night(labels, [_row(1, "none"), _row(2, "none")]))
    assert unknown == 1.0
    assert empty < unknown < hid


def test_answers_to_frames_that_showed_boxes_or_were_asked_blind_say_nothing_about_blank_ones() -> None:
    labels = {"x": BOX}
    shown = [_row(1, "kept"), _row(1, "added")]
    blind = [_row(2, "added", purpose) for purpose in ("audit", "golden", "seed")]
    assert blank_value(_night(labels, shown + blind)) == blank_value(_night(labels))


def test_people_see_the_boxes_of_whoever_did_better_on_the_golden_set() -> None:
    teacher, student = ("teacher@1", BOX), ("yolo@2", NOTHING)
    better = _night(summaries={"evaluate": {"teacher_better": True}})
    worse = _night(summaries={"evaluate": {"teacher_better": False}})
    assert _shown(better, teacher, student) == (teacher, student)
    assert _shown(worse, teacher, student) == (student, teacher)


def test_before_the_first_student_the_teacher_is_all_there_is() -> None:
    assert _shown(_night(), ("teacher@1", BOX), None) == (("teacher@1", BOX), None)
    assert _shown(_night(), None, None) == (("", NOTHING), None)


def test_a_champion_that_teaches_is_no_second_opinion_on_itself() -> None:
    student = ("yolo@2", BOX)
    assert _shown(_night(), ("champion/yolo@2", NOTHING), student) == (student, None)


def test_shards_hold_every_frame_once_and_none_is_empty() -> None:
    assert _cut(list("abcde"), 2) == [["a", "b"], ["c", "d"], ["e"]]
    assert _cut([], 2) == []


def test_the_log_tells_short_figures_and_leaves_tables_out() -> None:
    assert in_words(Receipt("train", 1.25, {"epochs": 3, "loss": 0.12345, "why": None, "rows": [1]})) == (
        "epochs 3, loss 0.123, why None, 1.2 s"
    )
