"""Which phrase finds what people draw."""

import pytest
from hypothesis import given, settings
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.domain.ontology import ObjectClass, Ontology
from nightshift.evaluation.prompts import PromptRow, prompt_advice, prompt_table

RING, WASHER, BOLT = 0, 1, 2
ONTOLOGY = Ontology(
    (ObjectClass("washer", ("metal ring", "washer"), "#112233"), ObjectClass("bolt", ("bolt",), "#445566"))
)
A, B, C, NOWHERE = [0, 0, 20, 20], [50, 0, 70, 20], [100, 0, 120, 20], [300, 300, 320, 320]
WASHERS = Detections.of([A, B, C], [0, 0, 0])


def auto(*found: tuple[list[int], int]) -> Detections:
    where, which = [box for box, _ in found], [prompt for _, prompt in found]
    return Detections.of(where, [0 if p < BOLT else 1 for p in which], [0.5] * len(found), which)


def row(prompt: str, pairs: list[tuple[Detections, Detections]]) -> PromptRow:
    return next(each for each in prompt_table(pairs, ONTOLOGY) if each.prompt == prompt)


def test_a_prompt_is_right_where_a_person_drew_its_class() -> None:
    found = row("metal ring", [(auto((A, RING), (NOWHERE, RING)), WASHERS)])
    assert (found.found, found.right, found.objects) == (2, 1, 3)
    assert found.precision == pytest.approx(1 / 2)
    assert found.recall == found.only == pytest.approx(1 / 3)


def test_an_object_that_another_prompt_of_the_class_found_as_well_is_not_its_alone() -> None:
    near = [2, 0, 24, 20]
    found = auto((A, RING), (near, WASHER), (B, RING))
    table = {each.prompt: each for each in prompt_table([(found, WASHERS)], ONTOLOGY)}
    assert (table["metal ring"].right, table["metal ring"].alone) == (2, 1)
    assert (table["washer"].found, table["washer"].right) == (1, 0)  # one box an object


def test_a_box_over_an_object_of_another_class_is_wrong() -> None:
    assert row("bolt", [(auto((A, BOLT)), WASHERS)]).right == 0


def test_rows_come_by_class_and_what_finds_most_first() -> None:
    pairs = [(auto((A, WASHER), (B, WASHER), (C, RING)), WASHERS)]
    assert [each.prompt for each in prompt_table(pairs, ONTOLOGY)] == ["washer", "metal ring", "bolt"]


def test_without_frames_nothing_is_known_and_nothing_is_said() -> None:
    rows = prompt_table([], ONTOLOGY)
    assert [(each.precision, each.recall) for each in rows] == [(None, None)] * 3
    assert prompt_advice(rows) == []


@settings(deadline=None, max_examples=25)
@given(detections(classes=2), detections(classes=2))
def test_no_prompt_is_right_more_often_than_it_finds_or_there_are(found: Detections, said: Detections) -> None:
    told = Detections(found.boxes, found.classes, found.scores, found.classes * 2)
    rows = prompt_table([(told, said)], ONTOLOGY)
    assert sum(each.found for each in rows) == len(found)
    assert all(0 <= each.alone <= each.right <= min(each.found, each.objects) for each in rows)
    unknown = prompt_table([(found, said)], ONTOLOGY)
    assert all(each.found == 0 for each in unknown)


def test_prompts_of_another_ontology_are_refused() -> None:
    with pytest.raises(ValueError, match="prompt 7; the ontology has 3"):
        prompt_table([(Detections.of([A], [0], [0.5], [7]), WASHERS)], ONTOLOGY)
    with pytest.raises(ValueError, match="another class"):
        prompt_table([(Detections.of([A], [1], [0.5], [RING]), WASHERS)], ONTOLOGY)


def test_a_prompt_that_is_mostly_wrong_and_finds_nothing_of_its_own_is_to_be_dropped() -> None:
    rows = [PromptRow("washer", "washer", 90, 85, 100, 60), PromptRow("metal ring", "washer", 80, 31, 100, 2)]
    (line,) = prompt_advice(rows)
    assert line.startswith("'metal ring' finds 31% of the 'washer' people drew and is right in 39% of its 80 boxes;")
    assert line.endswith("drop it: at most 2% would be lost.")


def test_a_prompt_that_is_mostly_wrong_but_alone_with_much_is_to_be_narrowed() -> None:
    rows = [PromptRow("washer", "washer", 50, 45, 100, 40), PromptRow("metal ring", "washer", 80, 31, 100, 25)]
    assert "it alone finds 25%, so say it more narrowly" in prompt_advice(rows)[0]


def test_a_phrase_that_finds_nothing_and_a_class_that_is_hardly_found_are_named() -> None:
    advice = prompt_advice([PromptRow("bolt", "bolt", 0, 0, 40, 0)])
    assert advice[0] == "'bolt' found none of the 40 'bolt' people drew; say it otherwise."
    assert advice[1].startswith("'bolt': its prompt finds 0% of the 40 objects people drew; add a phrase")
