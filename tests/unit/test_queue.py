import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.acquisition.queue import Allowance, Candidate, Pick, compose, strew
from nightshift.domain.costs import Prices
from nightshift.domain.frames import Split
from nightshift.domain.review import Purpose

PRICES = Prices()
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        frame_id=st.uuids().map(str),
        clip=st.sampled_from("abcd"),
        split=st.sampled_from(Split),
        colour=st.sampled_from(["green", "yellow", "red"]),
        value=st.floats(0, 8),
        seconds=st.floats(1, 30),
        blind_seconds=st.floats(10, 60),
    ),
    max_size=40,
)
BUDGETS = st.builds(
    Allowance.tonight,
    usd=st.floats(0, 3),
    outstanding=st.floats(0, 3),
    golden=st.floats(0, 0.3),
    audit=st.floats(0, 0.2),
    control=st.floats(0, 0.2),
)


def _compose(candidates: list[Candidate], budget: Allowance, *, cold: bool = False, seed: int = 0) -> list[Pick]:
    return compose(candidates, budget, PRICES, np.random.default_rng(seed), cold=cold, seed_frames=5)


@settings(max_examples=50)
@given(CANDIDATES, BUDGETS, st.booleans())
def test_no_frame_is_asked_twice_and_the_night_costs_no_more_than_it_may(
    candidates: list[Candidate], budget: Allowance, cold: bool
) -> None:
    queue = _compose(candidates, budget, cold=cold)
    assert len({p.index for p in queue}) == len(queue)
    assert sum(p.usd for p in queue) <= budget.total + 1e-9


@settings(max_examples=50)
@given(CANDIDATES, BUDGETS)
def test_each_purpose_takes_only_the_frames_it_may(candidates: list[Candidate], budget: Allowance) -> None:
    for pick in _compose(candidates, budget):
        asked = candidates[pick.index]
        assert (asked.split is Split.GOLDEN) == (pick.purpose is Purpose.GOLDEN)
        assert pick.purpose is not Purpose.AUDIT or asked.colour == "green"
        assert pick.purpose is not Purpose.REVIEW or asked.colour == "yellow"


@given(CANDIDATES, BUDGETS)
def test_the_same_seed_asks_the_same_questions(candidates: list[Candidate], budget: Allowance) -> None:
    assert _compose(candidates, budget) == _compose(candidates, budget)


def _pool(n: int) -> list[Candidate]:
    return [Candidate(str(i), f"clip-{i % 4}", Split.POOL, "yellow", 1.0 + i, 10, 20) for i in range(n)]


def test_a_cold_start_asks_a_seed_set_spread_over_the_clips() -> None:
    queue = compose(_pool(40), Allowance(9, 0, 0, 0), PRICES, np.random.default_rng(0), cold=True, seed_frames=4)
    assert {p.purpose for p in queue} == {Purpose.SEED}
    assert {p.index % 4 for p in queue} == {0, 1, 2, 3}


def test_the_most_valuable_frame_always_comes_first() -> None:
    queue = _compose(_pool(40), Allowance(2, 0, 0, 0.5))
    assert {Purpose.REVIEW, Purpose.CONTROL} == {p.purpose for p in queue}
    assert queue[0].purpose is Purpose.REVIEW
    best = max((p for p in queue if p.purpose is Purpose.REVIEW), key=lambda p: p.index)
    assert queue[0] == best


def test_questions_that_still_wait_are_paid_first() -> None:
    assert Allowance.tonight(10, 4, 0.5, 0.1, 0.1).total == 6
    assert Allowance.tonight(10, 40, 0.5, 0.1, 0.1).total == 0


def test_a_negative_allowance_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Allowance(-1, 0, 0, 0)


def test_purposes_that_would_cost_more_than_the_night_are_refused() -> None:
    with pytest.raises(ValueError, match="more than the night"):
        Allowance.tonight(10, 0, golden=0.9, audit=0.1, control=0.1)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 99))
def test_strewing_keeps_every_pick_and_the_order_of_the_ranked(ranked: int, others: int, seed: int) -> None:
    first = [Pick(i, Purpose.REVIEW, 1, 1) for i in range(ranked)]
    rest = [Pick(100 + i, Purpose.AUDIT, 1, 1) for i in range(others)]
    mixed = strew(first, rest, np.random.default_rng(seed))
    assert [p for p in mixed if p.purpose is Purpose.REVIEW] == first
    assert sorted(p.index for p in mixed) == sorted(p.index for p in first + rest)
