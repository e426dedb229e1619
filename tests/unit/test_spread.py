"""A diverse choice within a budget: the lazy greedy against the plain one, and the similarities it rests on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pools import bare_pool, full_pool

from nightshift.acquisition import looks as looks_module
from nightshift.acquisition.looks import looks, most_similar, nearest
from nightshift.acquisition.select import afford, draw, select, top
from nightshift.acquisition.spread import Discount, Offer, k_center, spread
from nightshift.domain.detections import Detections


def offer(seed: int, n: int, depth: int = 3) -> Offer:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, depth)).astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    known = rng.uniform(-1, 1, n).astype(np.float32)
    clips = [str(each) for each in rng.integers(0, 4, n)]
    return Offer(rng.uniform(0, 5, n), rng.uniform(0.1, 2, n), clips, rows, known)


def plain(given: Offer, budget: float, discount: Discount) -> tuple[list[int], list[float]]:
    """Every gain computed anew for every choice."""
    chosen: list[int] = []
    gains: list[float] = []
    while True:
        left = budget - sum(given.usd[i] for i in chosen)
        now = [
            0.0 if i in chosen or given.usd[i] > left else gain(given, chosen, i, discount)
            for i in range(len(given.worth))
        ]
        if not now or max(now) <= 0:
            return chosen, gains
        best = int(np.argmax(np.array(now) / given.usd))
        chosen.append(best)
        gains.append(now[best])


def gain(given: Offer, chosen: list[int], i: int, discount: Discount) -> float:
    alike = max([0.0, float(given.known[i]), *(float(given.looks[i] @ given.looks[j]) for j in chosen)])
    same = sum(given.clips[j] == given.clips[i] for j in chosen)
    return float(given.worth[i]) * max(discount.floor, 1 - alike) * discount.clip**same


@given(
    st.integers(0, 9999), st.integers(0, 25), st.sampled_from([0, 1, 3]), st.one_of(st.floats(0, 2), st.floats(0, 15))
)
@settings(max_examples=60)
def test_the_lazy_choice_is_the_plain_greedy_one(seed: int, n: int, depth: int, budget: float) -> None:
    some = offer(seed, n, depth)
    lazy = spread(some, budget, Discount())
    indices, gains = plain(some, budget, Discount())
    assert lazy.indices == indices
    assert lazy.gains == pytest.approx(gains, rel=1e-4, abs=1e-6)


@given(st.integers(0, 9999), st.integers(1, 25), st.floats(0, 15), st.floats(0, 15))
@settings(max_examples=60)
def test_a_larger_budget_never_brings_less(seed: int, n: int, one: float, other: float) -> None:
    some = offer(seed, n)
    assert spread(some, max(one, other), Discount()).total >= spread(some, min(one, other), Discount()).total - 1e-6


@given(st.integers(0, 9999), st.integers(0, 200))
@settings(max_examples=20)
def test_gains_per_dollar_never_rise_when_money_is_no_object(seed: int, n: int) -> None:
    some = offer(seed, n)
    chosen = spread(some, 1e9, Discount())
    ratios = np.array(chosen.gains) / some.usd[chosen.indices]
    assert (np.diff(ratios) <= 1e-5).all()


def test_frames_that_look_alike_are_asked_one_of_each_kind_first() -> None:
    rows = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    some = Offer(np.array([3.0, 2.9, 1.0]), np.ones(3), ["a", "b", "c"], rows, np.full(3, -1, np.float32))
    assert spread(some, 2, Discount(floor=0.1)).indices == [0, 2]
    assert spread(some, 2, Discount(floor=1.0)).indices == [0, 1]


def test_the_floor_leaves_something_even_of_a_twin_and_no_floor_nothing() -> None:
    rows = np.array([[1, 0], [1, 0]], np.float32)
    some = Offer(np.array([2.0, 1.0]), np.ones(2), ["a", "b"], rows, np.zeros(2, np.float32))
    assert spread(some, 2, Discount(floor=0.1)).gains == pytest.approx([2.0, 0.1])
    assert spread(some, 2, Discount(floor=0.0)).indices == [0]


def test_ties_go_to_the_lower_index_however_many_there_are() -> None:
    n = 300
    some = Offer(
        np.ones(n), np.ones(n), [str(i) for i in range(n)], np.zeros((n, 2), np.float32), np.zeros(n, np.float32)
    )
    assert spread(some, 150, Discount()).indices == list(range(150))


def test_a_discount_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="discount"):
        Discount(floor=1.5)


def test_top_takes_the_highest_value_and_passes_over_what_is_too_dear() -> None:
    value, usd = np.array([1.0, 3.0, 2.0, 3.0]), np.array([1.0, 1.0, 5.0, 1.0])
    assert top(value, usd, 3.0) == [1, 3, 0]
    assert afford([2, 0], usd, 1.0) == [0]


def test_choosing_without_looks_spreads_over_clips_alone() -> None:
    assert select(np.array([1.0, 0.9, 0.8]), np.ones(3), ["a", "a", "b"], 2) == [0, 2]
    assert draw(np.ones(3), 0.5, np.random.default_rng(0)) == []


@given(st.integers(0, 9999), st.integers(1, 12), st.integers(1, 12))
@settings(max_examples=30)
def test_similarities_in_blocks_are_those_of_the_whole_matrix(seed: int, n: int, k: int) -> None:
    first, second = offer(seed, n).looks, offer(seed + 1, k).looks
    whole = first @ second.T
    assert most_similar(first, second) == pytest.approx(whole.max(axis=1), abs=1e-6)
    assert whole[np.arange(n), nearest(first, second)] == pytest.approx(whole.max(axis=1), abs=1e-6)


def test_blocks_do_not_show() -> None:
    rows = offer(0, looks_module._BLOCK + 7).looks
    assert most_similar(rows, rows[-1:])[-1] == pytest.approx(1, abs=1e-6)
    assert nearest(rows, rows[[0, -1]])[[0, -1]].tolist() == [0, 1]


def test_what_all_frames_have_in_common_is_no_similarity() -> None:
    vectors = np.array([[100, 1], [100, -1]], np.float32)
    ours, labelled = looks(bare_pool([Detections.empty()] * 2, vectors=vectors))
    assert most_similar(ours[:1], ours[1:]) == pytest.approx([-1])
    assert len(labelled) == 0


def test_frames_that_are_all_the_same_look_like_nothing() -> None:
    vectors = np.full((3, 2), 0.1, np.float32)
    ours, _ = looks(bare_pool([Detections.empty()] * 3, vectors=vectors))
    assert (ours == 0).all()


def test_every_look_has_length_one_or_none() -> None:
    ours, labelled = looks(full_pool(0, frames=20))
    lengths = np.linalg.norm(np.vstack([ours, labelled]), axis=1)
    assert np.isclose(lengths, 1, atol=1e-5).all()


@given(st.integers(0, 9999), st.integers(1, 20), st.floats(0, 10))
@settings(max_examples=30)
def test_each_center_is_the_farthest_frame_that_the_money_reaches(seed: int, n: int, budget: float) -> None:
    some = offer(seed, n)
    chosen = k_center(some.looks, some.known, some.usd, budget)
    left, far = budget, 1 - some.known
    for i in chosen:
        reach = [j for j in range(n) if some.usd[j] <= left and j not in chosen[: chosen.index(i)]]
        assert far[i] == pytest.approx(max(far[j] for j in reach), abs=1e-5)
        left -= some.usd[i]
        far = np.minimum(far, 1 - some.looks @ some.looks[i])
    assert left >= -1e-9
