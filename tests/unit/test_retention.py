"""What may go, and what never: rules over names and ages."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.services.store.s3 import ObjectInfo
from nightshift.upkeep.layout import is_known, number_of, table_of
from nightshift.upkeep.retention import Keep, Students, removable

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KEPT = (  # what later rounds read of their ancestors, and what tells where everything came from
    "plan.json", "round.json", "manifest.json", "stages/train.json", "stages/score-0000.json", "frames.parquet",
    "corrections.parquet", "labels.parquet", "imported.parquet", "queue.parquet", "triage.parquet", "golden.parquet",
    "autolabels/part-0000.parquet", "autolabels/shards.json", "scores/shards.json", "ingest/answers.json",
    "quarantine/ingest.parquet", "student/good.pt", "student/good-curves.json", "student/mine-curves.json",
)  # fmt: skip
GOES_OLD = (
    "scores/part-0000.parquet", "scores/part-12345.parquet", "report.html", "student/mine.pt",
    "student/mine.safetensors",
)  # fmt: skip
OWN = ("mine.pt", "mine.safetensors", "mine-curves.json", "good-curves.json")  # what a sealed round's training left
GOES_AT_ONCE = ("student/killed.pt", "student/killed-curves.json")


few = settings(max_examples=30)


def _info(key: str, days: float = 100) -> ObjectInfo:
    return ObjectInfo(key, 10, "etag", NOW - timedelta(days=days))


def _key(number: int, name: str) -> str:
    return f"rounds/{number:04d}/{name}"


def _students(rounds: int) -> Students:
    trained = {n: frozenset(_key(n, f"student/{name}") for name in OWN) for n in range(rounds)}
    return Students(frozenset(_key(n, "student/good.pt") for n in range(rounds)), trained)


def _gone(rounds: int, keep: Keep, ages: Mapping[int, float] | None = None) -> set[str]:
    """Keys that go of a project with one sealed round a day, each with one of everything."""
    at = {n: NOW - timedelta(days=(ages or {}).get(n, rounds - 1 - n)) for n in range(rounds)}
    objects = [_info(_key(n, name)) for n in range(rounds + 1) for name in (*KEPT, *GOES_OLD, *GOES_AT_ONCE)]
    return {each.key for each in removable(objects, at, _students(rounds), keep, NOW)}


@few
@given(rounds=st.integers(1, 9), keep_rounds=st.integers(1, 9), days=st.floats(0, 9))
def test_what_later_rounds_read_never_goes(rounds: int, keep_rounds: int, days: float) -> None:
    gone = _gone(rounds, Keep(keep_rounds, days))
    assert gone.isdisjoint(_key(n, name) for n in range(rounds) for name in KEPT)


@few
@given(rounds=st.integers(1, 9), keep_rounds=st.integers(1, 9), days=st.floats(0, 9))
def test_the_round_of_head_and_the_open_one_keep_everything_that_counts(
    rounds: int, keep_rounds: int, days: float
) -> None:
    gone = _gone(rounds, Keep(keep_rounds, days))
    assert gone.isdisjoint(_key(rounds - 1, name) for name in (*KEPT, *GOES_OLD))
    assert not [key for key in gone if number_of(key) == rounds]


@few
@given(rounds=st.integers(1, 9), keep_rounds=st.integers(1, 9), days=st.floats(0, 9))
def test_keeping_more_never_removes_more(rounds: int, keep_rounds: int, days: float) -> None:
    base = _gone(rounds, Keep(keep_rounds, days))
    assert _gone(rounds, Keep(keep_rounds + 1, days)) <= base
    assert _gone(rounds, Keep(keep_rounds, days + 1)) <= base


def test_a_round_is_old_when_it_is_neither_among_the_newest_nor_young() -> None:
    gone = _gone(4, Keep(rounds=2, days=5), ages={0: 9, 1: 3, 2: 2, 3: 1})
    assert {key for key in gone if number_of(key) == 0} >= {_key(0, name) for name in GOES_OLD}
    assert {key for key in gone if number_of(key) == 1} == {_key(1, name) for name in GOES_AT_ONCE}


def test_leftovers_of_killed_trainings_go_at_once_and_champions_stay() -> None:
    gone = _gone(2, Keep(14, 30))
    assert gone == {_key(n, name) for n in (0, 1) for name in GOES_AT_ONCE}


def test_what_nobody_knows_stays_and_an_interrupted_probe_goes_after_a_day() -> None:
    at = {0: NOW - timedelta(days=99), 1: NOW}
    strange = ["notes.txt", "frames/a.png", "HEAD", "LEASE", "gc/1.json", "rounds/0009/report.html", "rounds/x"]
    objects = [_info(key) for key in (*strange, _key(0, "labels (copy).parquet"), "probe/old")]
    going = list(removable([*objects, _info("probe/new", 0.5)], at, _students(2), Keep(1, 0), NOW))
    assert [(each.key, each.size) for each in going] == [("probe/old", 10)]


@pytest.mark.parametrize(("rounds", "days"), [(0, 1.0), (1, -1.0), (1, float("nan"))])
def test_a_retention_that_would_take_the_last_round_is_refused(rounds: int, days: float) -> None:
    with pytest.raises(ValueError, match="keep at least"):
        Keep(rounds, days)


def test_keys_of_a_round_are_known_by_their_names() -> None:
    assert all(is_known(name) for name in (*KEPT, *GOES_OLD))
    assert not any(is_known(name) for name in ("labels (copy).parquet", "scores/x", "student/a/b", "stages/../x.json"))
    assert (table_of("scores/part-0000.parquet"), table_of("imported.parquet")) == ("scores", "labels")
    assert (number_of("rounds/0012/plan.json"), number_of("rounds/0012/"), number_of("frames/a")) == (12, None, None)
