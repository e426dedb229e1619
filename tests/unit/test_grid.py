"""The table of a backtest: runs are kept and found again, and figures hold each run against full supervision."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.simulation.curves import area_under
from nightshift.simulation.grid import (
    FULL,
    Outcome,
    Row,
    Shelf,
    Trial,
    forecast_errors,
    full_map50,
    median_or_none,
    rows,
    summary,
)
from nightshift.simulation.replay import Night

NIGHTS = st.builds(Night, st.floats(0, 99), st.floats(0, 1), st.integers(0, 99), st.floats(0, 9), st.floats(0, 9))
OUTCOMES = st.builds(
    Outcome,
    st.builds(Trial, st.sampled_from("ab"), st.sampled_from(["random", "scratch", "policy"]), st.integers(0, 3)),
    st.lists(NIGHTS, min_size=1, max_size=4).map(tuple),
    st.floats(0, 100),
)


def run(strategy: str, *points: tuple[float, float], seed: int = 0, dataset: str = "cells") -> Outcome:
    return Outcome(Trial(dataset, strategy, seed), tuple(Night(usd, value, 0) for usd, value in points), 1.0)


@given(OUTCOMES)
def test_an_outcome_survives_its_file(outcome: Outcome) -> None:
    assert Outcome.from_dict(json.loads(json.dumps(outcome.as_dict()))) == outcome


def test_a_run_is_found_by_whoever_opens_the_shelf_with_the_same_request(tmp_path: Path) -> None:
    mine = run("random", (1, 0.5))
    shelf = Shelf(tmp_path / "runs", {"side": 160, "steps": 10})
    assert shelf.find(mine.trial) is None
    assert shelf.keep(mine) == mine
    assert Shelf(tmp_path / "runs", {"steps": 10, "side": 160}).find(mine.trial) == mine
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "other", [Trial("bolts", "random", 0), Trial("cells", "policy", 0), Trial("cells", "random", 1)]
)
def test_another_run_is_not_taken_for_it(tmp_path: Path, other: Trial) -> None:
    shelf = Shelf(tmp_path, {})
    shelf.keep(run("random", (1, 0.5)))
    assert shelf.find(other) is None


def test_a_run_of_another_request_is_not_taken_for_it(tmp_path: Path) -> None:
    mine = run("random", (1, 0.5))
    Shelf(tmp_path, {"steps": 10}).keep(mine)
    assert Shelf(tmp_path, {"steps": 11}).find(mine.trial) is None


def test_a_run_that_died_while_it_was_written_is_not_there(tmp_path: Path) -> None:
    shelf, mine = Shelf(tmp_path, {}), run(FULL, (1, 0.5))
    shelf.keep(mine)
    (kept,) = tmp_path.iterdir()
    kept.rename(kept.with_suffix(".part"))
    assert shelf.find(mine.trial) is None


def test_a_slash_in_a_name_does_not_leave_the_folder(tmp_path: Path) -> None:
    shelf, mine = Shelf(tmp_path / "runs", {}), run("random", (1, 0.5), dataset="../a b")
    shelf.keep(mine)
    assert shelf.find(mine.trial) == mine
    assert [each.name for each in tmp_path.iterdir()] == ["runs"]


def test_full_supervision_is_the_mean_over_its_seeds_and_no_row_of_the_table() -> None:
    table = [run(FULL, (9, 0.6)), run(FULL, (9, 0.8), seed=1), run("random", (4, 0.63)), run("policy", (2, 0.3))]
    assert full_map50(table) == {"cells": pytest.approx(0.7)}
    assert [(each.strategy, each.usd_to_90) for each in rows(table, {"cells": 10})] == [
        ("random", pytest.approx(4.0)),
        ("policy", None),
    ]


def test_each_data_set_has_its_own_target_and_budget() -> None:
    table = [
        run(FULL, (9, 0.4)),
        run(FULL, (9, 1.0), dataset="bolts"),
        run("random", (4, 0.5)),
        run("random", (4, 0.5), dataset="bolts"),
    ]
    one, other = rows(table, {"cells": 8, "bolts": 4})
    assert (one.usd_to_90, other.usd_to_90) == (pytest.approx(2.88), None)
    assert (one.auc, other.auc) == (pytest.approx(0.375), pytest.approx(0.25))


def test_without_full_supervision_there_is_an_area_and_no_target() -> None:
    (row,) = rows([run("random", (4, 0.5))], {"cells": 4})
    assert (row.auc, row.usd_to_90) == (pytest.approx(0.25), None)


@settings(max_examples=40)
@given(st.lists(OUTCOMES, max_size=5))
def test_rows_hold_the_points_and_areas_of_their_runs_in_order(outcomes: list[Outcome]) -> None:
    table = rows(outcomes, {"a": 50, "b": 70})
    assert len(table) == len(outcomes)
    for row, outcome in zip(table, outcomes, strict=True):
        assert list(row.points) == outcome.points
        assert row.auc == area_under(outcome.points, 50 if row.dataset == "a" else 70)


def _row(strategy: str, seed: int, auc: float, usd: float | None = None, dataset: str = "cells") -> Row:
    return Row(dataset, strategy, seed, auc, usd, ())


def test_strategies_are_held_against_the_default_seed_by_seed() -> None:
    """Seed 2 of 'random' has no partner and counts in its mean only."""
    table = [_row("best", 0, 0.5), _row("best", 1, 0.7)]
    table += [_row("random", 0, 0.6), _row("random", 1, 0.4), _row("random", 2, 0.2)]
    best, random = summary(table, "best")
    assert (best.strategy, best.seeds, best.behind, best.won) == ("best", 2, 0, 0)
    assert (random.auc, random.behind) == (pytest.approx(0.4), pytest.approx(0.1))
    assert (random.won, random.paired, random.seeds) == (1, 2, 3)
    assert random.auc_sd == pytest.approx(0.2)


def test_dollars_to_the_target_are_none_where_most_seeds_never_reach_it() -> None:
    most = [_row("a", 0, 0.1, 3.0), _row("a", 1, 0.1, 5.0), _row("a", 2, 0.1)]
    few = [_row("b", 0, 0.1, 3.0), _row("b", 1, 0.1), _row("b", 2, 0.1)]
    lines = {each.strategy: each for each in summary(most + few, "a")}
    assert (lines["a"].usd_to_90, lines["a"].reached) == (5.0, 2)
    assert (lines["b"].usd_to_90, lines["b"].reached) == (None, 1)


def test_the_best_area_of_each_data_set_comes_first_and_a_missing_default_is_no_rival() -> None:
    table = [_row("a", 0, 0.1), _row("b", 0, 0.3), _row("a", 0, 0.9, dataset="bolts")]
    lines = summary(table, "default")
    assert [(each.dataset, each.strategy) for each in lines] == [("bolts", "a"), ("cells", "b"), ("cells", "a")]
    assert {(each.behind, each.paired, each.auc_sd) for each in lines} == {(0.0, 0, 0.0)}


def test_prices_are_held_against_their_forecast_once_a_few_nights_are_over() -> None:
    """The night before the first dollar has no forecast and is none of the few."""
    nights = [Night(0, 0, 0), *(Night(0, 0, 0, 2.0, paid) for paid in (4.0, 4.0, 4.0, 1.0, 2.5))]
    outcome = Outcome(Trial("a", "b", 0), tuple(nights), 0.0)
    assert forecast_errors([outcome]) == [pytest.approx(1.0), pytest.approx(0.2)]
    assert forecast_errors([outcome], settled=0)[0] == pytest.approx(0.5)
    assert forecast_errors([]) == []


def test_the_median_of_nothing_is_none() -> None:
    assert median_or_none([]) is None
    assert median_or_none([3, 1, 2]) == 2
