"""Tables in memory; what only a server can show is in tests/contract."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import detections

from nightshift.domain.detections import Detections
from nightshift.domain.errors import Damaged, StoreError
from nightshift.domain.frames import Frame, FrameRecord, FrameState, Rejected, Split
from nightshift.domain.ledger import Asked
from nightshift.domain.review import BLIND, Answer, Purpose, Question
from nightshift.domain.rounds import SCHEMA
from nightshift.services.store import rows
from nightshift.services.store.schemas import TABLES
from nightshift.services.store.tables import decode, encode

NOON = datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
FRAME = Frame("ab" * 32, "s3://b/a b.jpg", 640, 480, "cam 1", Split.GOLDEN, "cam 1/ü.jpg", 3)
BOX = Detections.of([[1, 1, 9, 9]], [0])
KNOWN = Asked(hidden=0.25, alone=0.75, price=8.25)


def through(name: str, *content: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = decode(encode(content, name, "k"), name, "k").to_pylist()
    return found


def answer(shown: Detections, said: Detections, *, skipped: bool = False) -> Answer:
    return Answer(FRAME.id, 2, Purpose.REVIEW, 11, 12, "ann@x", NOON, 4.5, skipped, shown, said)


def test_a_frame_survives_its_row() -> None:
    record = FrameRecord(FRAME, 2**40, "stamp", FrameState.ASKED)
    (row,) = through("frames", rows.frame_row(record))
    assert rows.record_from_row(row) == record
    assert rows.frame_from_row(row) == FRAME


@given(found=detections())
def test_detections_survive_their_row_bit_for_bit(found: Detections) -> None:
    (row,) = through("detections", rows.detections_row(FRAME.id, "owl", found))
    assert rows.detections_from_row(row) == found


def queue_row(boxes: Detections, **other: object) -> dict[str, Any]:
    """A row of 'queue', once through Parquet."""
    said = {
        "purpose": "review", "position": 2, "value": 1.5, "seconds": 8.25, "usd": 0.1, "reason": "why", "blind": False,
        "key": f"0007-{FRAME.id}", "opinions": 1, "hidden": 0.25, "alone": 0.75,
    }  # fmt: skip
    (row,) = through("queue", rows.detections_row(FRAME.id, "m", boxes) | said | other)
    return row


@settings(max_examples=30)
@given(boxes=detections(), purpose=st.sampled_from(Purpose), people=st.integers(1, 5))
def test_a_question_survives_its_row_and_a_blind_one_shows_nothing(
    boxes: Detections, purpose: Purpose, people: int
) -> None:
    row = queue_row(boxes, purpose=str(purpose), blind=purpose in BLIND, opinions=people)
    shown = None if purpose in BLIND else boxes
    asked = Question(FRAME, 7, purpose, 2, 1.5, 8.25, 0.1, "why", shown, "m", people)
    assert rows.question_from_row(row, FRAME) == asked
    assert row["key"] == asked.key


@settings(max_examples=30)
@given(boxes=detections())
def test_what_was_known_of_a_shown_question_survives_its_row(boxes: Detections) -> None:
    assert rows.asked_from_row(queue_row(boxes)) == replace(KNOWN, model="m")


@settings(max_examples=30)
@given(boxes=detections())
def test_what_a_blind_question_hid_is_remembered_without_whose_it_was(boxes: Detections) -> None:
    row = queue_row(boxes, purpose="audit", blind=True)
    assert rows.asked_from_row(row) == replace(KNOWN, predicted=boxes)


@given(round_number=st.integers(0, 99_999))
def test_a_question_that_is_put_again_keeps_the_round_that_first_asked(round_number: int) -> None:
    asked = Question(FRAME, round_number, Purpose.REVIEW, 0, 1.0, 1.0, 1.0, "", None, "")
    assert rows.asked_in({"key": asked.key}) == round_number


@given(said=detections())
def test_a_label_survives_its_row_as_a_persons_word(said: Detections) -> None:
    (row,) = through("labels", rows.label_row(FRAME.id, [answer(Detections.empty(), said)], said))
    assert rows.label_from_row(row) == Detections.of(said.boxes, said.classes)
    assert (row["answered_at"], row["annotators"], row["purpose"]) == (NOON, ["ann@x"], "review")


@given(shown=detections(), said=detections())
def test_every_box_of_an_answer_is_in_one_row(shown: Detections, said: Detections) -> None:
    found = through("corrections", *rows.correction_rows(answer(shown, said)))
    before = [row["box_before"] for row in found if row["box_before"]]
    after = [row["box_after"] for row in found if row["box_after"]]
    assert sorted(before) == sorted(shown.boxes.tolist())
    assert sorted(after) == sorted(said.boxes.tolist())
    assert len(found) >= 1
    assert {(row["task"], row["seconds"], row["answered_at"]) for row in found} == {(11, 4.5, NOON)}


def boxes_of(found: Detections) -> list[tuple[Any, ...]]:
    columns = found.boxes.tolist(), found.classes.tolist(), found.scores.tolist()
    return sorted(zip(*columns, strict=True))


@settings(max_examples=30)
@given(shown=detections(), said=detections())
def test_an_answer_survives_its_rows_but_for_the_order_of_its_boxes(shown: Detections, said: Detections) -> None:
    given_, drawn = answer(shown, said), Detections.of(said.boxes, said.classes)
    (back,) = rows.answers_from_rows(through("corrections", *rows.correction_rows(given_)))
    assert replace(back, shown=shown, said=said) == given_
    assert (boxes_of(back.shown), boxes_of(back.said)) == (boxes_of(shown), boxes_of(drawn))


def test_a_skipped_answer_comes_back_as_one_without_boxes() -> None:
    (back,) = rows.answers_from_rows(rows.correction_rows(answer(BOX, Detections.empty(), skipped=True)))
    assert back.skipped
    assert (len(back.shown), len(back.said)) == (0, 0)


@settings(max_examples=30)
@given(st.permutations(range(5)))
def test_answers_come_back_in_the_order_in_which_they_were_given(order: list[int]) -> None:
    """Ties in time are told apart by the number of the annotation."""
    times = [NOON, NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=1), NOON + timedelta(days=1)]
    given_ = [replace(answer(BOX, BOX), annotation=i, answered_at=at) for i, at in enumerate(times)]
    back = rows.answers_from_rows([row for i in order for row in rows.correction_rows(given_[i])])
    assert [each.annotation for each in back] == [0, 1, 2, 3, 4]
    assert back == given_


@pytest.mark.parametrize("skipped", [True, False])
def test_an_answer_without_boxes_is_one_row_that_says_none(skipped: bool) -> None:
    (row,) = through(
        "corrections", *rows.correction_rows(answer(Detections.empty(), Detections.empty(), skipped=skipped))
    )
    assert (row["change"], row["class_before"], row["class_after"], row["skipped"]) == ("none", -1, -1, skipped)


def test_a_rejected_thing_has_a_row() -> None:
    (row,) = through("quarantine", rows.rejected_row("register", Rejected("a.jpg", "broken", "x")))
    assert row == {"stage": "register", "subject": "a.jpg", "reason": "broken", "detail": "x"}


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_keeps_its_columns(name: str) -> None:
    table = decode(encode([], name, "k"), name, "k")
    assert (table.num_rows, table.column_names) == (0, TABLES[name].names)


def test_the_same_rows_give_the_same_bytes_in_any_order_of_columns() -> None:
    content = [{"frame_id": "a", "colour": "red", "reason": "r", "value": float(n)} for n in range(1000)]
    backwards = [dict(reversed(row.items())) for row in content]
    table = pa.Table.from_pylist(backwards)
    assert encode(content, "triage", "k") == encode(backwards, "triage", "k") == encode(table, "triage", "k")


ROW = {"frame_id": "a", "colour": "red", "reason": "r", "value": 1.0}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({k: v for k, v in ROW.items() if k != "value"}, "row 0: column 'value' is missing"),
        (ROW | {"worth": 1.0}, "row 0: column 'worth' is unknown"),
        (ROW | {"colour": None}, "column 'colour' has empty values"),
        (ROW | {"value": "much"}, "does not fit"),
        (ROW | {"reason": 7}, "does not fit"),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_column(row: dict[str, Any], said: str) -> None:
    with pytest.raises(StoreError, match=said):
        encode([row], "triage", "rounds/0001/triage.parquet")


def test_an_unknown_table_is_answered_with_the_known_ones() -> None:
    with pytest.raises(StoreError, match="Known: frames, detections"):
        encode([], "frame", "k")


def parquet(row: dict[str, Any], **metadata: str) -> bytes:
    sink = pa.BufferOutputStream()
    marks = {f"nightshift.{name}": value for name, value in metadata.items()}
    pq.write_table(pa.Table.from_pylist([row]).replace_schema_metadata(marks), sink)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def test_a_newer_table_is_refused_with_what_to_do() -> None:
    newer = parquet(ROW | {"extra": 1}, table="triage", schema=str(SCHEMA + 1))
    with pytest.raises(StoreError, match=r"newer Nightshift.*Update Nightshift"):
        decode(newer, "triage", "k")


@pytest.mark.parametrize("metadata", [{}, {"table": "frames", "schema": "1"}, {"table": "triage", "schema": "x"}])
def test_another_table_is_refused(metadata: dict[str, str]) -> None:
    with pytest.raises(StoreError, match="not Nightshift's table 'triage'"):
        decode(parquet(ROW, **metadata), "triage", "k")


def test_a_table_that_lost_a_column_names_it() -> None:
    short = parquet({"frame_id": "a"}, table="triage", schema="1")
    with pytest.raises(StoreError, match="column 'colour' is missing"):
        decode(short, "triage", "k")


@given(cut=st.floats(0, 0.99))
def test_truncated_parquet_is_damaged(cut: float) -> None:
    content = encode([ROW], "triage", "k")
    with pytest.raises(Damaged):
        decode(content[: int(len(content) * cut)], "triage", "k")


def test_vectors_and_class_scores_are_kept_as_float32() -> None:
    vector = np.random.default_rng(0).normal(size=128).astype(np.float32)
    scored = {"probabilities": vector[:3].tolist(), "embedding": vector.tolist()}
    (row,) = through("scores", rows.detections_row("a", "m", BOX) | scored)
    assert np.array_equal(np.array(row["embedding"], np.float32), vector)
    assert np.array_equal(np.array(row["probabilities"], np.float32), vector[:3])
