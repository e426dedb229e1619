from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.acquisition.queue import Allowance, Candidate, Pick, Rank, compose, strew
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
        audit_turn=st.none() | st.floats(0, 3),
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


def _by_value(candidates: list[Candidate]) -> Rank:
    """The most valuable first, and no thought of the dollars."""

    def rank(among: Sequence[int], usd: float) -> list[int]:
        del usd
        return sorted(among, key=lambda i: -candidates[i].value)

    return rank


def _compose(
    candidates: list[Candidate],
    budget: Allowance,
    *,
    seed_frames: int | None = None,
    seed: int = 0,
    wished: Sequence[int] = (),
) -> list[Pick]:
    rng = np.random.default_rng(seed)
    return compose(candidates, budget, PRICES, rng, _by_value(candidates), seed_frames=seed_frames, wished=wished)


def _of(queue: list[Pick], purpose: Purpose) -> list[Pick]:
    return [each for each in queue if each.purpose is purpose]


@settings(max_examples=50)
@given(CANDIDATES, BUDGETS, st.none() | st.integers(0, 5))
def test_no_frame_is_asked_twice_and_the_night_costs_no_more_than_it_may(
    candidates: list[Candidate], budget: Allowance, seed_frames: int | None
) -> None:
    queue = _compose(candidates, budget, seed_frames=seed_frames)
    assert len({p.index for p in queue}) == len(queue)
    assert sum(p.usd for p in queue) <= budget.total + 1e-9


@settings(max_examples=50)
@given(CANDIDATES, BUDGETS)
def test_each_purpose_takes_only_the_frames_it_may(candidates: list[Candidate], budget: Allowance) -> None:
    for pick in _compose(candidates, budget):
        asked = candidates[pick.index]
        assert (asked.split is Split.GOLDEN) == (pick.purpose is Purpose.GOLDEN)
        assert pick.purpose is not Purpose.AUDIT or asked.audit_turn is not None
        assert pick.purpose is not Purpose.REVIEW or asked.colour != "green"


@settings(max_examples=50)
@given(CANDIDATES, BUDGETS)
def test_audits_are_the_next_ones_in_their_order_however_dear_they_are(
    candidates: list[Candidate], budget: Allowance
) -> None:
    waiting = [
        (c.audit_turn, i) for i, c in enumerate(candidates) if c.split is Split.POOL and c.audit_turn is not None
    ]
    asked = {each.index for each in _of(_compose(candidates, budget), Purpose.AUDIT)}
    assert asked == {i for _, i in sorted(waiting)[: len(asked)]}


@given(CANDIDATES, BUDGETS)
def test_the_same_seed_asks_the_same_questions(candidates: list[Candidate], budget: Allowance) -> None:
    assert _compose(candidates, budget) == _compose(candidates, budget)


@settings(max_examples=50)
@given(CANDIDATES, BUDGETS, st.integers(0, 99))
def test_what_a_frame_is_worth_does_not_change_which_ones_are_drawn_by_chance(
    candidates: list[Candidate], budget: Allowance, seed: int
) -> None:
    other = [replace(each, value=8 - each.value) for each in candidates]
    queues = [_compose(each, budget, seed=seed) for each in (candidates, other)]
    for purpose in (Purpose.CONTROL, Purpose.GOLDEN, Purpose.AUDIT):
        one, two = (sorted(p.index for p in _of(queue, purpose)) for queue in queues)
        assert one == two


@settings(max_examples=50)
@given(CANDIDATES, BUDGETS, st.none() | st.integers(0, 5), st.data())
def test_what_people_asked_for_comes_first_within_the_dollars_and_changes_nothing_that_is_drawn_by_chance(
    candidates: list[Candidate], budget: Allowance, seed_frames: int | None, data: st.DataObject
) -> None:
    wished = data.draw(st.lists(st.integers(0, len(candidates) - 1), max_size=9)) if candidates else []
    queue = _compose(candidates, budget, seed_frames=seed_frames, wished=wished)
    assert len({p.index for p in queue}) == len(queue)
    assert sum(p.usd for p in queue) <= budget.total + 1e-9
    asked = [p.index for p in _of(queue, Purpose.WISH)]
    assert asked == sorted(asked, key=wished.index)
    assert all(candidates[i].split is Split.POOL for i in asked)
    chosen = [p.purpose for p in queue if p.purpose in {Purpose.WISH, Purpose.REVIEW, Purpose.SEED}]
    assert chosen[: len(asked)] == [Purpose.WISH] * len(asked)
    without = _compose(candidates, budget, seed_frames=seed_frames)
    for purpose in (Purpose.CONTROL, Purpose.GOLDEN, Purpose.AUDIT):
        one, two = ({p.index for p in _of(each, purpose)} for each in (queue, without))
        assert one == two


def test_a_wish_that_the_night_cannot_pay_waits_and_green_frames_may_be_wished() -> None:
    pool = [replace(each, colour="green") for each in _pool(6)]
    assert [p.index for p in _compose(pool, Allowance(0.12, 0, 0, 0), wished=[4, 1, 5])] == [4, 1]
    assert _compose(pool, Allowance(0.12, 0, 0, 0)) == []


def _pool(n: int) -> list[Candidate]:
    return [Candidate(str(i), f"clip-{i % 4}", Split.POOL, "yellow", 1.0 + i, 10, 20) for i in range(n)]


def test_a_cold_start_asks_a_seed_set_spread_over_the_clips() -> None:
    queue = _compose(_pool(40), Allowance(9, 0, 0, 0), seed_frames=4)
    assert {p.purpose for p in queue} == {Purpose.SEED}
    assert {p.index % 4 for p in queue} == {0, 1, 2, 3}


def test_the_most_valuable_frame_always_comes_first() -> None:
    queue = _compose(_pool(40), Allowance(2, 0, 0, 0.5))
    assert {Purpose.REVIEW, Purpose.CONTROL} == {p.purpose for p in queue}
    assert queue[0].purpose is Purpose.REVIEW
    assert queue[0] == max(_of(queue, Purpose.REVIEW), key=lambda p: p.index)


def test_whoever_ranks_without_a_thought_of_the_dollars_is_held_to_them() -> None:
    queue = _compose(_pool(40), Allowance(0.12, 0, 0, 0))
    assert [p.index for p in queue] == [39, 38]


def test_the_chooser_is_handed_what_is_neither_green_nor_drawn_and_what_is_left() -> None:
    handed: list[tuple[list[int], float]] = []

    def rank(among: Sequence[int], usd: float) -> list[int]:
        handed.append((list(among), usd))
        return []

    frames = [replace(each, audit_turn=float(i)) for i, each in enumerate(_pool(6))]
    frames[5] = replace(frames[5], colour="green")
    queue = compose(frames, Allowance(1, 0, 0.15, 0), PRICES, np.random.default_rng(0), rank)
    assert [p.index for p in queue] == [0]
    assert handed == [([1, 2, 3, 4], pytest.approx(0.9))]


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


def test_control_frames_are_drawn_from_the_whole_pool_before_audits_take_theirs() -> None:
    plain = _pool(40)
    audited = [replace(each, audit_turn=float(i)) for i, each in enumerate(plain)]
    with_audits, without = (_compose(each, Allowance(2, 0, 0.5, 0.5)) for each in (audited, plain))
    assert _of(with_audits, Purpose.AUDIT)
    drawn = [sorted(p.index for p in _of(queue, Purpose.CONTROL)) for queue in (with_audits, without)]
    assert drawn[0] == drawn[1] != []
