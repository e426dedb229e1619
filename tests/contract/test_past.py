"""Sealed rounds are read once in a process."""

from datetime import UTC, datetime
from typing import Any

import pytest

from nightshift.domain.rounds import Plan, Receipt, RoundKeys, Sealed
from nightshift.services.store import state
from nightshift.services.store.past import Past
from nightshift.services.store.s3 import Store
from nightshift.services.store.tables import write_table

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYS = RoundKeys(0)
LABELS, MISSING = KEYS.key("labels.parquet"), KEYS.key("queue.parquet")


@pytest.fixture
def sealed(quick_store: Store) -> Store:
    state.create_plan(quick_store, Plan(0, None, "nightly", NOON, {}, "d", None, 1, {}))
    write_table(quick_store, LABELS, "labels", [])
    state.write_receipt(quick_store, KEYS, Receipt("train", 1.0))
    state.seal(quick_store, Sealed(0, None, "nightly", NOON, None, {"map50": 0.5}, {}, {}))
    return quick_store


def _ask(past: Past) -> list[Any]:
    return [
        past.lineage(0),
        past.sealed(0),
        past.receipt(KEYS, "train"),
        past.receipt(KEYS, "push"),
        past.table(LABELS, "labels"),
        past.table(MISSING, "queue"),
        past.parts(KEYS.key("")),
    ]


def test_what_was_read_once_is_not_asked_for_again_and_neither_is_what_was_missing(sealed: Store) -> None:
    asked: list[str] = []
    past = Past(sealed)
    first = _ask(past)
    sealed.client.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name), unique_id="count")
    try:
        assert _ask(past) == first
        assert asked == []
        _ask(Past(sealed))
        assert asked, "another process reads for itself"
    finally:
        sealed.client.meta.events.unregister("before-call.s3", unique_id="count")


def test_it_says_what_the_store_says(sealed: Store) -> None:
    past = Past(sealed)
    assert past.lineage(0) == (0,)
    assert past.sealed(0) == state.read_sealed(sealed, 0)
    assert past.receipt(KEYS, "train") == Receipt("train", 1.0)
    assert past.receipt(KEYS, "push") is None
    table = past.table(LABELS, "labels")
    assert table is not None
    assert table.num_rows == 0
    assert past.table(MISSING, "queue") is None
    assert past.parts(KEYS.key("stages/")) == [KEYS.stage("train")]
