"""What holds for every acquisition function and strategy, found without being told."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pools import bare_pool, found, full_pool, pools, rank_by, value_of

from nightshift.acquisition import functions
from nightshift.acquisition.functions import known_functions, known_strategies, open_function, open_strategy
from nightshift.acquisition.functions.gain_per_dollar import choose
from nightshift.acquisition.pool import Pool
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError, UnknownName

every_function = pytest.mark.parametrize("name", known_functions())
every_strategy = pytest.mark.parametrize("name", known_strategies())
some = settings(max_examples=8)


def text_of(name: str) -> str:
    return str(import_module(f"{functions.__name__}.{name}").__doc__)


def test_every_public_file_is_a_function_or_a_strategy_and_says_what_it_is() -> None:
    files = {p.stem for p in Path(str(functions.__file__)).parent.glob("[!_]*.py")}
    assert files == {*known_functions(), *known_strategies()}
    assert not set(known_functions()) & set(known_strategies())
    for name in files:
        text = text_of(name)
        assert all(word in text for word in ("Bias", "Needs"))
        assert ("Formula" in text and "Unit" in text) or "Source" in text


def test_the_default_strategy_is_a_known_one() -> None:
    assert functions.DEFAULT in known_strategies()


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"acquisition function 'magic': unknown\. Known: chance, .*typicality"):
        open_function("magic")
    with pytest.raises(UnknownName, match=r"strategy 'novelty': unknown\. Known: core_set, .*typiclust"):
        open_strategy("novelty")


@every_function
@given(pool=pools())
@some
def test_every_frame_gets_one_finite_value_that_is_not_negative(name: str, pool: Pool) -> None:
    value = value_of(name, pool)
    assert value.shape == (len(pool),)
    assert value.dtype == np.float64
    assert (np.isfinite(value) & (value >= 0)).all()


@every_function
@given(pool=pools(), seed=st.integers(0, 99))
@some
def test_the_order_of_the_boxes_changes_no_value(name: str, pool: Pool, seed: int) -> None:
    assert value_of(name, shuffled(pool, seed)) == pytest.approx(value_of(name, pool), abs=1e-6)


@every_function
@given(pool=pools(), seed=st.integers(0, 99))
@some
def test_frames_in_another_order_have_the_same_values(name: str, pool: Pool, seed: int) -> None:
    if name == "chance":
        return
    order = np.random.default_rng(seed).permutation(len(pool))
    assert value_of(name, pool.take(order)) == pytest.approx(value_of(name, pool)[order], abs=1e-5)


@pytest.mark.parametrize("name", [*known_functions(), *known_strategies()])
def test_only_chance_and_random_use_chance(name: str) -> None:
    rng = np.random.default_rng(0)
    fresh = rng.bit_generator.state
    if name in known_functions():
        open_function(name)(full_pool(1), rng)
    else:
        open_strategy(name)(full_pool(1), 3.0, rng)
    assert (rng.bit_generator.state != fresh) == (name in {"chance", "random"})


@every_function
def test_what_is_missing_is_said_with_a_remedy_or_not_needed(name: str) -> None:
    pool = bare_pool([found(0.9, 0.4), Detections.empty()])
    if "Needs: nothing" not in text_of(name):
        with pytest.raises(ConfigError, match=rf"acquisition '{name}': it needs .+, and there is none\. .+\."):
            value_of(name, pool)
    else:
        assert np.isfinite(value_of(name, pool)).all()


@every_strategy
def test_a_strategy_that_cannot_do_without_vectors_says_so(name: str) -> None:
    pool = bare_pool([found(0.9, 0.4), Detections.empty(), found(0.5)])
    if "Needs: nothing" in text_of(name):
        assert len(rank_by(name, pool, 2.0)) == 2
    else:
        with pytest.raises(ConfigError, match=rf"acquisition '{name}': it needs a vector .+ none\. .+\."):
            rank_by(name, pool, 2.0)


@every_function
@pytest.mark.parametrize("classes", [1, 3])
def test_frames_on_which_nothing_is_found_have_a_value_too(name: str, classes: int) -> None:
    pool = full_pool(3, frames=3, classes=classes)
    none, scores = [Detections.empty()] * 3, [np.zeros((0, classes), np.float32)] * 3
    blank = replace(pool, shown=none, student=none, mirrored=none, second=none, labelled=none, probabilities=scores)
    assert np.isfinite(value_of(name, blank)).all()


@every_strategy
@given(pool=pools(), budget=st.floats(0, 12))
@some
def test_the_budget_is_never_exceeded_and_nothing_asked_twice(name: str, pool: Pool, budget: float) -> None:
    chosen = rank_by(name, pool, budget)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(range(len(pool)))
    assert pool.usd[chosen].sum() <= budget + 1e-9


@every_strategy
@given(seed=st.integers(0, 9999), budget=st.floats(0, 12))
@some
def test_the_same_seed_chooses_the_same_whatever_the_order_of_the_boxes(name: str, seed: int, budget: float) -> None:
    pool = full_pool(seed)  # without ties: those of rounded sums may fall either way
    assert rank_by(name, pool, budget) == rank_by(name, shuffled(pool, 1), budget)


@every_strategy
def test_nobody_is_asked_without_money_or_without_frames(name: str) -> None:
    assert rank_by(name, full_pool(1), 0.0) == []
    assert rank_by(name, full_pool(1).take([]), 5.0) == []


@every_strategy
def test_enough_money_asks_about_every_frame_that_is_worth_anything(name: str) -> None:
    pool = replace(full_pool(2), corrections=np.ones(6))
    assert sorted(rank_by(name, pool, 100.0)) == list(range(6))


@pytest.mark.parametrize("name", [each for each in known_strategies() if each != "random"])
def test_frames_that_are_equal_in_everything_are_asked_in_their_order(name: str) -> None:
    pool = full_pool(4, frames=1).take([0] * 5)
    equal = replace(pool, usd=np.ones(5), corrections=np.ones(5))
    assert rank_by(name, equal, 3.0) == [0, 1, 2]


@settings(max_examples=40)
@given(pool=pools(), budgets=st.tuples(st.floats(0, 12), st.floats(0, 12)))
def test_more_money_never_buys_fewer_corrections_by_default(pool: Pool, budgets: tuple[float, float]) -> None:
    less, more = sorted(budgets)
    assert choose(pool, more).total >= choose(pool, less).total - 1e-6


def shuffled(pool: Pool, seed: int) -> Pool:
    """The same pool with the boxes of every frame in another order."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(each)) for each in pool.student or ()]
    student = [each.take(order) for each, order in zip(pool.student or (), orders, strict=True)]
    scores = [each[order] for each, order in zip(pool.probabilities or (), orders, strict=True)]
    rest = {name: [_mixed(each, rng) for each in getattr(pool, name)] for name in ("second", "labelled", "mirrored")}
    return replace(pool, shown=student, student=student, probabilities=scores, **rest)


def _mixed(each: Detections | None, rng: np.random.Generator) -> Detections | None:
    return None if each is None else each.take(rng.permutation(len(each)))
