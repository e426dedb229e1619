"""Hostile answers: set aside with a reason or used rightly, never lost, never in the training set."""

import pytest

from nightshift.services.label_studio.answers import held, read
from tests.faults.hostile_answers import CAP, Outcome, ingest, judge, over_the_wire, run
from tests.faults.hostile_cases import CLASSES, COLLECTED, HELD, TASK, record, valid


@pytest.mark.parametrize("name", COLLECTED)
def test_a_collected_hostile_answer_becomes_what_it_should(name: str) -> None:
    task = valid()
    change, expected = COLLECTED[name]
    change(task)
    raw = over_the_wire(task)
    fate = judge(raw, ingest([raw]), expected)
    assert fate == ("quarantined" if expected in {HELD, TASK} else "used")


def test_without_change_it_is_used_whole() -> None:
    raw = over_the_wire(valid())
    outcome = ingest([raw])
    assert (judge(raw, outcome, 3), outcome.rejected) == ("used", [])


@pytest.mark.slow
def test_500_hostile_answers_are_all_accounted_for() -> None:
    found = run(500, seed=0)
    assert (found["hostile_answers"], found["crashes"], found["lost"], found["wrong"]) == (500, 0, 0, 0)
    assert found["quarantined"] + found["used"] == 500


def test_the_judge_notices_an_answer_that_vanishes() -> None:
    raw = over_the_wire(valid())
    outcome = ingest([raw])
    assert judge(raw, Outcome(outcome.answers[1:], [], outcome.taught), None) == "lost"


def test_a_frame_whose_only_answer_is_set_aside_teaches_nothing() -> None:
    task = valid()
    COLLECTED["every label renamed"][0](task)
    del task["annotations"][1]
    outcome = ingest([over_the_wire(task)])
    assert outcome.taught == {}
    assert "3 of its 3 boxes cannot be used" in outcome.rejected[0].reason


def test_what_is_set_aside_is_read_again_and_counts_once_it_is_mended() -> None:
    task = valid()
    COLLECTED["every label renamed"][0](task)
    _, rejected = read([task], CLASSES, CAP, record())
    assert held(rejected) == [11]
    assert held(read([valid()], CLASSES, CAP, record())[1]) == []
