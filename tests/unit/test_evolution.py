"""Tables of schema 1, as the first Nightshift wrote them, read by today's."""

import io
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightshift.domain.errors import StoreError
from nightshift.domain.frames import Frame, Split
from nightshift.domain.rounds import SCHEMA
from nightshift.services.store import rows, tables
from nightshift.services.store.evolution import STEPS
from nightshift.services.store.schemas import INTS, REALS, TABLES, TEXT, TRUTH, USD, _table

INT, REAL = pa.int32(), pa.float32()
FIRST = {
    "detections": _table(frame_id=TEXT, model=TEXT, boxes=REALS, classes=INTS, scores=REALS),
    "scores": _table(
        frame_id=TEXT, model=TEXT, boxes=REALS, classes=INTS, scores=REALS,
        value=REAL, uncertainty=REAL, disagreement=REAL, additions=REAL, embedding=REALS,
    ),
    "queue": _table(
        frame_id=TEXT, purpose=TEXT, position=INT, value=REAL, seconds=REAL, usd=USD, reason=TEXT,
        blind=TRUTH, model=TEXT, key=TEXT,
    ),
}  # fmt: skip
FOUND = {"frame_id": "a" * 64, "model": "owl", "boxes": [0, 0, 2, 2, 1, 1, 3, 3], "classes": [0, 1], "scores": [1, 0.5]}
NOTHING = FOUND | {"boxes": [], "classes": [], "scores": []}
WORTH = {"value": 1, "uncertainty": 2, "disagreement": 3, "additions": 4, "embedding": [0.5]}
ASKED = {
    "frame_id": "a" * 64, "purpose": "review", "position": 0, "value": 1, "seconds": 9, "usd": 0.1,
    "reason": "r", "blind": False, "model": "owl", "key": f"0004-{'a' * 64}",
}  # fmt: skip
ROWS: dict[str, list[dict[str, Any]]] = {
    "detections": [FOUND, NOTHING],
    "scores": [FOUND | WORTH, NOTHING | WORTH],
    "queue": [ASKED],
}


def _written(name: str, content: list[dict[str, Any]], schema: pa.Schema, version: int) -> bytes:
    marks = {tables.NAME: name.encode(), tables.VERSION: str(version).encode()}
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(content, schema=schema).cast(schema.with_metadata(marks)), sink)
    return sink.getvalue()


@pytest.mark.parametrize("name", sorted(FIRST))
@pytest.mark.parametrize("count", [0, 1, 2])
def test_an_older_table_has_the_columns_of_today(name: str, count: int) -> None:
    content = ROWS[name][:count]
    table = tables.decode(_written(name, content, FIRST[name], 1), name, "it")
    assert table.schema.equals(TABLES[name])
    assert table["frame_id"].to_pylist() == [row["frame_id"] for row in content]


@pytest.mark.parametrize("name", sorted(set(TABLES) - set(FIRST)))
def test_a_table_that_did_not_change_is_read_as_it_was(name: str) -> None:
    assert tables.decode(_written(name, [], TABLES[name], 1), name, "it").schema.equals(TABLES[name])


def test_an_older_detection_says_that_nobody_knows_its_prompt() -> None:
    table = tables.decode(_written("detections", ROWS["detections"], FIRST["detections"], 1), "detections", "it")
    found = rows.detections_from_row(table.to_pylist()[0])
    assert found.prompts.tolist() == [-1, -1]
    assert np.allclose(found.scores, [1, 0.5])


def test_an_older_question_was_put_to_one_person() -> None:
    row = tables.decode(_written("queue", [ASKED], FIRST["queue"], 1), "queue", "it").to_pylist()[0]
    question = rows.question_from_row(row, Frame("a" * 64, "s3://b/a.png", 9, 9, "c", Split.POOL, "a.png", 0))
    assert (question.opinions, question.round) == (1, 4)


def test_every_step_leads_from_an_older_schema() -> None:
    assert all(version < SCHEMA and name in TABLES for name, version in STEPS)


def test_a_newer_table_is_refused_with_what_to_do() -> None:
    content = _written("triage", [], TABLES["triage"], SCHEMA + 1)
    with pytest.raises(StoreError, match=r"newer Nightshift.*Update"):
        tables.decode(content, "triage", "it")


def test_today_s_tables_are_read_back_unchanged() -> None:
    at = datetime(2026, 5, 4, tzinfo=UTC)
    row = {"frame_id": "a", "purpose": "x", "boxes": [], "classes": [], "answered_at": at, "annotators": ["b"]}
    assert tables.decode(tables.encode([row], "labels", "it"), "labels", "it").to_pylist() == [row]
