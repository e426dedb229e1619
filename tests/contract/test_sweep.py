"""`nightshift gc`: what goes is written down first, and what is left is whole."""

from datetime import timedelta
from pathlib import Path

import pytest

from nightshift.domain.errors import LeaseHeld, LeaseLost, StoreError
from nightshift.domain.rounds import RoundKeys
from nightshift.services.store.lease import Lease
from nightshift.services.store.s3 import Store
from nightshift.upkeep.removals import removed_keys
from nightshift.upkeep.retention import Keep
from nightshift.upkeep.sweep import find, remove
from nightshift.upkeep.verify import verify
from tests.contract.past_rounds import NOW, Past, in_memory, past

pytestmark = pytest.mark.slow  # dozens of objects each
store = pytest.fixture(in_memory)
STRICT = Keep(rounds=1, days=0)


def _keys(store: Store) -> set[str]:
    return {each.key for each in store.list()}


def test_what_is_left_is_whole_and_the_next_round_reads_what_it_would_have_read(store: Store) -> None:
    made = past(store, 4, promoted=(0, 2))
    store.write(RoundKeys(1).key("student/killed.pt"), b"?")
    before, told = _keys(store), _what_a_round_reads(made)
    going = find(store, STRICT, NOW)
    assert _keys(store) == before, "looking removes nothing"
    with Lease(store, "me") as lease:
        key, gone = remove(store, lease, "me", STRICT, NOW)
    assert gone == going
    assert _keys(store) == before - {each.key for each in gone} | {key, "LEASE"}
    examined = verify(store)
    assert examined.findings == ()
    assert examined.removed == len(gone) == len(removed_keys(store))
    assert verify(store, quick=True).findings == ()
    assert _what_a_round_reads(made) == told
    assert find(store, STRICT, NOW) == ()
    made.seal(4, last=4)
    assert verify(store).findings == ()


def test_students_go_unless_they_were_ever_champion(store: Store) -> None:
    past(store, 4, promoted=(0, 2))
    students = {each.key for each in find(store, STRICT, NOW) if "/student/" in each.key}
    assert students == {RoundKeys(1).key("student/abc.pt")}


def test_what_is_lost_without_a_record_is_still_missed(store: Store) -> None:
    past(store, 3)
    with Lease(store, "me") as lease:
        remove(store, lease, "me", STRICT, NOW)
    store.delete(RoundKeys(0).key("labels.parquet"))
    store.delete(RoundKeys(2).key("report.html"))
    assert len(verify(store).broken) == 2


def test_with_nothing_to_remove_nothing_is_written(store: Store) -> None:
    past(store, 2)
    before = _keys(store)
    with Lease(store, "me") as lease:
        assert remove(store, lease, "me", Keep(), NOW) == ("", ())
    assert _keys(store) == before | {"LEASE"}


def test_while_a_round_runs_nothing_goes(store: Store) -> None:
    past(store, 3)
    with Lease(store, "a round"), pytest.raises(LeaseHeld), Lease(store, "me"):
        pass
    lost = Lease(store, "me", clock=lambda: NOW).acquire()
    Lease(store, "another", clock=lambda: NOW + timedelta(days=1)).acquire()
    late = Lease(store, "me")
    before = _keys(store)
    with pytest.raises(LeaseLost):
        remove(store, late, "me", STRICT, NOW)
    assert _keys(store) == before
    lost.release()


def test_where_the_lineage_is_broken_nothing_goes(store: Store) -> None:
    past(store, 3)
    store.delete(RoundKeys(1).key("plan.json"))
    with pytest.raises(StoreError, match="nightshift fsck"):
        find(store, STRICT, NOW)


def test_a_record_that_cannot_be_read_is_told(store: Store) -> None:
    store.write("gc/1.json", b"{}")
    with pytest.raises(StoreError, match="no record"):
        removed_keys(store)


def _what_a_round_reads(made: Past) -> object:
    """All that a round asks of its ancestors."""
    night = made.night(3)
    labels = {f: each.boxes.tolist() for f, each in night.labels().items()}
    auto = {f: (model, found.boxes.tolist()) for f, (model, found) in night.autolabels().items()}
    tables = [night.history(name) for name in ("queue", "corrections")]
    receipts = [night.parent_summary(name) for name in ("ingest", "calibrate")]
    champion = night.plan.champion
    assert champion is not None
    weights = night.store.read(champion.key, champion.sha256)
    return labels, auto, tables, receipts, night.past(), night.frames, night.spent(), weights, Path(champion.key).name
