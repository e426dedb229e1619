"""Raw tasks become answers; what is hostile, foreign or broken is rejected with its reason."""

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.corrections import Change, compare
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.domain.review import Answer, Purpose, Question
from nightshift.services.label_studio.answers import read
from nightshift.services.label_studio.percent import to_regions
from nightshift.services.label_studio.questions import BLIND_REASON, FIRST_PRIORITY, priority, task_of

CLASSES = Ontology((ObjectClass("bolt", ("bolt",), "#ff0000"), ObjectClass("nut", ("nut",), "#00ff00")))
FRAME = Frame("ab" * 32, "s3://frames/a.png", 400, 300, "clip 1", Split.POOL, "a.png", 2)
SHOWN = Detections.of([[10, 10, 60, 60], [100, 100, 180, 160]], [0, 1], [0.9, 0.4])
CAP = 300.0


def question(purpose: Purpose = Purpose.REVIEW, shown: Detections | None = SHOWN) -> Question:
    return Question(FRAME, 3, purpose, 0, 1.5, 12.0, 0.06, "student and teacher disagree", shown, "yolo11n@abc")


def annotation(said: Detections = SHOWN, **changes: Any) -> dict[str, Any]:
    regions = to_regions(said, CLASSES.names, (FRAME.width, FRAME.height))
    return {
        "id": 5, "result": regions, "was_cancelled": False, "lead_time": 7.5, "completed_by": 2,
        "created_username": "Ada ada@example.org, 2", "updated_at": "2026-01-05T08:00:00.250000Z", **changes,
    }  # fmt: skip


def raw(*annotations: object, asked: Question | None = None, **data: Any) -> dict[str, Any]:
    task = task_of(asked or question(), CLASSES)
    return {"id": 11, "annotations": list(annotations), **task, "data": {**task["data"], **data}}


def only(task: object) -> Answer:
    answers, rejected = read([task], CLASSES, CAP)
    assert rejected == []
    assert len(answers) == 1
    return answers[0]


def test_an_answer_carries_who_when_how_long_and_about_what() -> None:
    answer = only(raw(annotation()))
    assert (answer.frame_id, answer.round, answer.purpose) == (FRAME.id, 3, Purpose.REVIEW)
    assert (answer.task, answer.annotation, answer.annotator) == (11, 5, "ada@example.org")
    assert answer.answered_at == datetime(2026, 1, 5, 8, 0, 0, 250000, UTC)
    assert (answer.seconds, answer.skipped) == (7.5, False)


def test_accepting_is_an_answer_in_which_every_box_is_kept() -> None:
    answer = only(raw(annotation()))
    assert [each.change for each in compare(answer.shown, answer.said)] == [Change.KEPT, Change.KEPT]
    assert answer.said.scores.tolist() == [1.0, 1.0]
    assert np.allclose(answer.shown.scores, SHOWN.scores)


def test_moving_relabelling_adding_and_deleting_are_seen_as_such() -> None:
    said = Detections.of([[10, 10, 60, 80], [100, 100, 180, 160], [300, 200, 350, 250]], [0, 0, 1])
    answer = only(raw(annotation(said)))
    changes = sorted(each.change.value for each in compare(answer.shown, answer.said))
    assert changes == ["added", "moved", "relabelled"]
    nothing = only(raw(annotation(Detections.empty())))
    assert [each.change for each in compare(nothing.shown, nothing.said)] == [Change.DELETED, Change.DELETED]
    assert not nothing.skipped


def test_a_skip_is_an_answer_that_says_nothing() -> None:
    answer = only(raw(annotation(was_cancelled=True)))
    assert answer.skipped
    assert len(answer.said) == 0


def test_two_people_give_two_answers() -> None:
    other = annotation(id=6, created_username="Ben ben@example.org, 4")
    answers, _ = read([raw(annotation(), other)], CLASSES, CAP)
    assert [each.annotator for each in answers] == ["ada@example.org", "ben@example.org"]


def test_a_prediction_or_a_draft_alone_is_no_answer() -> None:
    unanswered = raw() | {"drafts": [{"result": annotation()["result"]}]}
    assert unanswered["predictions"]
    assert read([unanswered], CLASSES, CAP) == ([], [])


@pytest.mark.parametrize("purpose", [Purpose.AUDIT, Purpose.GOLDEN])
def test_a_blind_frame_showed_nothing_even_if_somebody_added_a_prediction(purpose: Purpose) -> None:
    blind = raw(annotation(), asked=question(purpose, None)) | {"predictions": raw()["predictions"]}
    assert len(only(blind).shown) == 0


def test_a_prediction_of_another_model_was_not_ours_to_show() -> None:
    foreign = raw(annotation())
    foreign["predictions"][0]["model_version"] = "somebody else's"
    assert len(only(foreign).shown) == 0


def test_a_blind_task_tells_the_reviewer_neither_boxes_nor_reason() -> None:
    task = task_of(question(Purpose.AUDIT, None), CLASSES)
    assert "predictions" not in task
    assert task["data"]["reason"] == BLIND_REASON
    assert task["data"]["purpose"] == "audit"


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(0, 80_000), st.integers(0, 80_000))
def test_an_earlier_position_has_the_greater_priority_as_number_and_as_text(first: int, second: int) -> None:
    earlier, later = sorted((first, second))
    assert (priority(earlier) > priority(later)) == (earlier < later)
    assert (str(priority(earlier)) > str(priority(later))) == (earlier < later)
    assert priority(0) == FIRST_PRIORITY


def test_an_idle_tab_costs_the_cap_and_no_more() -> None:
    assert only(raw(annotation(lead_time=86_400))).seconds == CAP


@pytest.mark.parametrize("lead_time", [None, -1, math.nan, math.inf, "7", True])
def test_a_lead_time_that_is_none_is_told_and_the_answer_still_counts(lead_time: object) -> None:
    answers, rejected = read([raw(annotation(lead_time=lead_time))], CLASSES, CAP)
    assert [each.seconds for each in answers] == [0.0]
    assert [each.subject for each in rejected] == ["task 11, annotation 5, lead time"]


def test_one_broken_region_costs_neither_the_answer_nor_the_other_boxes() -> None:
    bad = annotation()
    bad["result"][0]["value"]["rectanglelabels"] = ["cat"]
    answers, rejected = read([raw(bad)], CLASSES, CAP)
    assert [len(each.said) for each in answers] == [1]
    assert "not in the ontology" in rejected[0].reason


BROKEN_TASKS = {
    "foreign": {"id": 1, "data": {"image": "s3://b/x.png"}, "annotations": [annotation()]},
    "no data": {"id": 1},
    "no mapping": [1],
    "key of another frame": raw(annotation(), key="0003-" + "cd" * 32),
    "round of another type": raw(annotation(), round="3"),
    "negative round": raw(annotation(), round=-3),
    "unknown purpose": raw(annotation(), purpose="fun"),
    "purpose of another type": raw(annotation(), purpose=[]),
    "frame that is no digest": raw(annotation(), frame_id="x", key="0003-x"),
    "no width": raw(annotation(), width=0),
    "absurd height": raw(annotation(), height=10**9),
    "no id": raw(annotation()) | {"id": None},
}


@pytest.mark.parametrize("task", BROKEN_TASKS.values(), ids=BROKEN_TASKS.keys())
def test_a_task_that_is_not_ours_or_was_changed_is_rejected(task: object) -> None:
    answers, rejected = read([task], CLASSES, CAP)
    assert answers == []
    assert len(rejected) == 1


BROKEN_ANNOTATIONS = {
    "no mapping": 3,
    "no id": annotation(id=None),
    "nobody": annotation(completed_by=None, created_username=None),
    "no time": annotation(updated_at=None),
    "no timezone": annotation(updated_at="2026-01-05T08:00:00"),
    "result is text": annotation(result="[]"),
    "result is missing": annotation(result=None),
    "a script": annotation(result=[{}] * 1001),
}


@pytest.mark.parametrize("broken", BROKEN_ANNOTATIONS.values(), ids=BROKEN_ANNOTATIONS.keys())
def test_a_broken_annotation_is_rejected_and_its_neighbour_counts(broken: object) -> None:
    answers, rejected = read([raw(broken, annotation(id=8))], CLASSES, CAP)
    assert [each.annotation for each in answers] == [8]
    assert len(rejected) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)  # a busy machine is no failure
@given(st.dictionaries(st.sampled_from(sorted(annotation())), json_values))
def test_whatever_an_annotation_says_it_becomes_an_answer_or_is_rejected(changes: dict[str, Any]) -> None:
    answers, rejected = read([raw(annotation(**changes))], CLASSES, CAP)
    assert len(answers) == 1 or len(rejected) >= 1
    assert all(0 <= each.seconds <= CAP for each in answers)


@settings(deadline=None)  # a busy machine is no failure
@given(st.dictionaries(st.sampled_from(sorted(raw()["data"])), json_values, min_size=1))
def test_whatever_a_tasks_data_says_reading_never_fails(changes: dict[str, Any]) -> None:
    answers, rejected = read([raw(annotation(), **changes)], CLASSES, CAP)
    assert len(answers) + len(rejected) >= 1


@settings(deadline=None)  # a busy machine is no failure
@given(json_values)
def test_whatever_comes_as_predictions_is_at_most_rejected(predictions: object) -> None:
    answers, _ = read([raw(annotation()) | {"predictions": predictions}], CLASSES, CAP)
    assert len(answers) == 1
