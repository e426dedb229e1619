"""The correction ledger counts every box of every answer once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import MODEL, MONDAY, drawn_box, entry, shown_box
from strategies import detections

from nightshift.domain.corrections import Change
from nightshift.domain.detections import Detections
from nightshift.domain.ledger import Asked, BoxEntry, Entry, Ledger, confidence_bin
from nightshift.domain.review import Answer, Purpose
from nightshift.evaluation.ledger import entries_from_rows, tally
from nightshift.services.store import rows

QUIET = settings(deadline=None, max_examples=25)
SHOWN = Detections.of([[0, 0, 10, 10], [50, 50, 60, 60]], [0, 1], [0.9, 0.3])
SAID = Detections.of([[0, 0, 10, 10], [100, 100, 120, 120]], [0, 2])


def answer(number: int, shown: Detections, said: Detections, **changed: Any) -> Answer:
    plain = Answer(f"frame {number}", 3, Purpose.REVIEW, number, number, "ann", MONDAY, 12.0, False, shown, said)  # noqa: FBT003 - as the type has it
    return replace(plain, **changed)


def read(answers: list[Answer], asked: dict[tuple[int, str], Asked] | None = None) -> list[Entry]:
    return entries_from_rows([row for each in answers for row in rows.correction_rows(each)], asked)


def test_rows_of_an_answer_become_one_entry_with_a_box_each() -> None:
    (only,) = read([answer(1, SHOWN, SAID)], {(3, "frame 1"): Asked(MODEL, 0.4)})
    assert only.boxes == (
        BoxEntry(Change.KEPT, 0, 0, float(np.float32(0.9)), 1.0),
        BoxEntry(Change.DELETED, 1, -1, float(np.float32(0.3)), 0.0),
        BoxEntry(Change.ADDED, -1, 2, 0.0, 0.0),
    )
    assert (only.shown, only.objects, only.seconds, only.asked.model, only.blind) == (2, 2, 12.0, MODEL, False)


def test_an_answer_without_any_box_is_an_entry_and_a_skipped_one_is_not() -> None:
    nothing = Detections.empty()
    found = read([answer(1, nothing, nothing), answer(2, SHOWN, nothing, skipped=True)])
    assert [(each.annotation, each.boxes) for each in found] == [(1, ())]


def test_a_later_word_about_the_same_annotation_replaces_the_earlier() -> None:
    first = answer(1, SHOWN, SAID)
    later = replace(first, said=SHOWN, answered_at=MONDAY + timedelta(hours=1), seconds=20.0)
    assert read([later, first]) == read([later])
    taken_back = replace(later, skipped=True, said=Detections.empty())
    assert read([first, taken_back]) == []


def test_answers_of_two_people_about_one_frame_both_count() -> None:
    twice = [answer(1, SHOWN, SAID), answer(2, SHOWN, SHOWN, frame_id="frame 1", annotator="bob")]
    assert tally(read(twice)).answers == 2


@pytest.mark.parametrize("purpose", [Purpose.AUDIT, Purpose.GOLDEN, Purpose.SEED])
def test_frames_asked_without_boxes_are_blind(purpose: Purpose) -> None:
    (only,) = read([answer(1, Detections.empty(), SAID, purpose=purpose)])
    assert only.blind
    assert tally([only]).added == ((0, 0, 1), (2, 0, 1))


def test_the_tallies_are_those_counted_by_hand() -> None:
    one = entry([shown_box(Change.KEPT, 0.95), shown_box(Change.DELETED, 0.95), shown_box(Change.RELABELLED, 0.12, 1)])
    two = entry([shown_box(Change.MOVED, 1.0), drawn_box(2)], 1)
    ledger = tally([one, two])
    assert [(t.label, t.bin, t.kept, t.moved, t.relabelled, t.deleted) for t in ledger.tallies] == [
        (0, 9, 1, 1, 0, 1),
        (1, 1, 0, 0, 1, 0),
    ]
    assert ledger.tallies[0].right == pytest.approx(2 / 3)
    assert ledger.tallies[0].iou == pytest.approx(0.9)
    assert ledger.relabels == ((1, 2, 1),)
    assert ledger.added == ((2, 1, 0),)
    assert ledger.seconds == 20.0


@QUIET
@given(st.lists(st.tuples(detections(), detections()), max_size=5))
def test_no_box_is_lost_or_counted_twice(pairs: list[tuple[Detections, Detections]]) -> None:
    entries = read([answer(i, *pair) for i, pair in enumerate(pairs)])
    ledger = tally(entries)
    shown, said = (sum(len(pair[side]) for pair in pairs) for side in (0, 1))
    deleted = sum(each.deleted for each in ledger.tallies)
    assert sum(each.shown for each in ledger.tallies) == shown
    assert sum(n + m for _, n, m in ledger.added) == said - (shown - deleted)
    assert sum(n for *_, n in ledger.relabels) == sum(each.relabelled for each in ledger.tallies)


@QUIET
@given(st.lists(st.tuples(detections(), detections()), max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_answers_does_not_matter(pairs: list[tuple[Detections, Detections]], chance: Any) -> None:
    table = [row for i, pair in enumerate(pairs) for row in rows.correction_rows(answer(i, *pair))]
    mixed = chance.sample(table, len(table))
    assert tally(entries_from_rows(mixed)) == tally(entries_from_rows(table))


@QUIET
@given(st.lists(st.tuples(detections(), detections()), max_size=3))
def test_a_ledger_survives_a_receipt(pairs: list[tuple[Detections, Detections]]) -> None:
    ledger = tally(read([answer(i, *pair) for i, pair in enumerate(pairs)]))
    assert Ledger.from_dict(ledger.as_dict()) == ledger


def test_the_surest_box_belongs_to_the_last_bin() -> None:
    assert confidence_bin(np.array([0, 0.1, 0.999, 1])).tolist() == [0, 1, 9, 9]


@pytest.mark.parametrize(
    ("change", "before", "after", "score"),
    [(Change.ADDED, 0, 1, 0.0), (Change.DELETED, 0, 0, 0.5), (Change.KEPT, -1, 0, 0.5), (Change.KEPT, 0, 0, 1.5)],
)
def test_a_box_that_contradicts_its_change_is_refused(change: Change, before: int, after: int, score: float) -> None:
    with pytest.raises(ValueError, match=r"box with class|score"):
        BoxEntry(change, before, after, score, 0.5)
