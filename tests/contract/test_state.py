from dataclasses import replace
from datetime import UTC, datetime

import pytest

from nightshift.domain.errors import Conflict, Damaged, NotFound, StoreError
from nightshift.domain.rounds import HEAD, SCHEMA, Plan, Receipt, RoundKeys, Sealed, Weights
from nightshift.services.store import state
from nightshift.services.store.s3 import Store
from nightshift.services.store.tables import read_table, write_table
from tests.contract.test_store import race

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
WEIGHTS = Weights(0, "rounds/0000/student/best.pt", "ab" * 32)
PLAN = Plan(1, 0, "nightly", NOON, {"project": "Bänke", "ontology": [{"name": "a"}]}, "cd", WEIGHTS, 5, {"torch": "2"})
SEALED = Sealed(1, 0, "nightly", NOON, WEIGHTS, {"map50": 0.5}, {"a": 0.25}, {"train": 1.5})


def test_head_starts_empty_and_moves_forward(store: Store) -> None:
    assert state.read_head(store) is None
    state.move_head(store, None, 0)
    state.move_head(store, 0, 1)
    state.move_head(store, 0, 1)
    assert state.read_head(store) == 1


def test_head_does_not_move_for_a_round_that_started_elsewhere(store: Store) -> None:
    state.move_head(store, None, 4)
    with pytest.raises(Conflict, match="HEAD names round 4 instead of 2"):
        state.move_head(store, 2, 3)
    assert state.read_head(store) == 4


def test_of_many_rounds_that_want_head_one_gets_it(store: Store) -> None:
    state.move_head(store, None, 0)

    def move(number: int) -> bool:
        try:
            state.move_head(store, 0, number + 1)
        except Conflict:
            return False
        return True

    assert race(move) == 1


def test_documents_come_back_as_they_went(quick_store: Store) -> None:
    receipt = Receipt("train", 1.5, {"steps": 10, "nested": {"a": [1, None]}})
    assert state.create_plan(quick_store, PLAN)
    assert state.seal(quick_store, SEALED) == SEALED
    assert state.write_receipt(quick_store, PLAN.keys, receipt) == receipt
    assert state.read_plan(quick_store, 1) == PLAN
    assert state.read_sealed(quick_store, 1) == SEALED
    assert state.read_receipt(quick_store, PLAN.keys, "train") == receipt


def test_what_is_not_there_yet_is_none_and_a_missing_plan_is_an_error(quick_store: Store) -> None:
    assert state.read_sealed(quick_store, 7) is None
    assert state.read_receipt(quick_store, RoundKeys(7), "train") is None
    with pytest.raises(NotFound, match=r"rounds/0007/plan\.json"):
        state.read_plan(quick_store, 7)


def test_the_first_word_counts(quick_store: Store) -> None:
    later = replace(PLAN, seed=99)
    assert state.create_plan(quick_store, PLAN)
    assert not state.create_plan(quick_store, later)
    assert state.read_plan(quick_store, 1) == PLAN
    state.write_receipt(quick_store, PLAN.keys, Receipt("push", 1.0))
    assert state.write_receipt(quick_store, PLAN.keys, Receipt("push", 2.0)).seconds == 1.0


def test_a_newer_document_is_refused_with_what_to_do(quick_store: Store) -> None:
    state.create_plan(quick_store, replace(PLAN, schema=SCHEMA + 1))
    with pytest.raises(StoreError, match=r"newer Nightshift.*Update"):
        state.read_plan(quick_store, 1)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b'{"number": "x"}', b"null"])
def test_a_malformed_document_is_damaged_by_name(quick_store: Store, content: bytes) -> None:
    quick_store.write("rounds/0001/plan.json", content)
    with pytest.raises(Damaged, match=r"rounds/0001/plan\.json"):
        state.read_plan(quick_store, 1)


@pytest.mark.parametrize("content", [b"", b"seven", b"-1"])
def test_a_head_that_names_no_round_is_damaged(quick_store: Store, content: bytes) -> None:
    quick_store.write(HEAD, content)
    with pytest.raises(Damaged, match="HEAD"):
        state.read_head(quick_store)


def test_what_json_cannot_say_is_refused(quick_store: Store) -> None:
    with pytest.raises(StoreError, match="JSON cannot say"):
        state.seal(quick_store, replace(SEALED, metrics={"map50": float("nan")}))


def test_lineage_goes_from_parent_to_parent(quick_store: Store) -> None:
    for number, parent in ((0, None), (1, 0), (2, 0), (5, 2)):
        state.create_plan(quick_store, replace(PLAN, number=number, parent=parent))
    assert state.lineage(quick_store, 5) == (5, 2, 0)


def test_a_lineage_that_goes_in_circles_is_damaged(quick_store: Store) -> None:
    state.create_plan(quick_store, replace(PLAN, number=1, parent=1))
    with pytest.raises(Damaged, match="round 1 as its parent"):
        state.lineage(quick_store, 1)


def test_a_table_is_published_once(store: Store) -> None:
    row = {"frame_id": "a", "colour": "green", "reason": "r", "value": 0.5}
    key = "rounds/0001/triage.parquet"
    assert write_table(store, key, "triage", [row])
    assert not write_table(store, key, "triage", [row | {"colour": "red"}])
    assert read_table(store, key, "triage").to_pylist() == [row]
