"""Masks in tables: they survive, and tables of boxes stay as they were, byte for byte."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from strategies import detections, masked

from nightshift.domain.corrections import compare
from nightshift.domain.detections import Detections
from nightshift.domain.errors import StoreError
from nightshift.domain.review import Answer, Purpose
from nightshift.services.store import rows
from nightshift.services.store.schemas import MASKED, TABLES
from nightshift.services.store.tables import decode, encode

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
FRAME = "ab" * 32
quick = settings(deadline=None, max_examples=15)


def through(name: str, *content: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = decode(encode(content, name, "k"), name, "k").to_pylist()
    return found


def answer(shown: Detections, said: Detections) -> Answer:
    return Answer(FRAME, 2, Purpose.REVIEW, 11, 12, "ann@x", NOON, 4.5, skipped=False, shown=shown, said=said)


@quick
@given(masked(), masked(), detections())
def test_masks_survive_their_rows_beside_frames_without(a: Detections, b: Detections, boxes: Detections) -> None:
    written = [rows.detections_row(FRAME, "m", each) for each in (a, Detections.empty(), boxes, b)]
    assert [rows.detections_from_row(row) for row in through("detections", *written)] == [
        a, Detections.empty(), boxes, b,
    ]  # fmt: skip


@quick
@given(masked())
def test_a_label_keeps_its_masks(said: Detections) -> None:
    person = Detections.of(said.boxes, said.classes, masks=said.masks)
    (agreed,) = through("labels", rows.label_row(FRAME, [answer(Detections.empty(), person)], person))
    (brought,) = through("labels", rows.imported_row(FRAME, person, NOON))
    assert rows.label_from_row(agreed) == rows.label_from_row(brought) == person


@quick
@given(masked(), masked())
def test_an_answer_keeps_the_masks_shown_and_said(shown: Detections, said: Detections) -> None:
    given_ = answer(shown, Detections.of(said.boxes, said.classes, masks=said.masks))
    (back,) = rows.answers_from_rows(through("corrections", *rows.correction_rows(given_)))
    changes = [(each.change, round(each.iou, 6)) for each in compare(back.shown, back.said)]
    assert sorted(changes) == sorted((each.change, round(each.iou, 6)) for each in compare(shown, said))
    assert sorted(back.said.masks.counts if back.said.masks else ()) == sorted(said.masks.counts if said.masks else ())


@quick
@given(detections())
def test_a_table_of_boxes_has_no_column_of_masks(found: Detections) -> None:
    content = encode([rows.detections_row(FRAME, "m", found)], "detections", "k")
    assert decode(content, "detections", "k").schema.equals(TABLES["detections"])
    nothing = {"masks": [], "mask_size": []}
    assert encode([rows.detections_row(FRAME, "m", found) | nothing], "detections", "k") == content


@quick
@given(masked())
def test_a_table_with_masks_is_written_the_same_from_rows_and_from_what_was_read(found: Detections) -> None:
    content = encode([rows.detections_row(FRAME, "m", found)], "detections", "k")
    assert encode(decode(content, "detections", "k"), "detections", "k") == content


def test_half_of_the_columns_of_masks_are_refused() -> None:
    table = pa.Table.from_pylist([rows.detections_row(FRAME, "m", Detections.empty()) | {"masks": ["0<"]}])
    with pytest.raises(StoreError, match=r"column 'mask_size' is missing"):
        encode(table, "detections", "k")


def test_the_columns_of_masks_are_none_of_the_others() -> None:
    assert all(not set(columns.names) & set(TABLES[name].names) for name, columns in MASKED.items())
