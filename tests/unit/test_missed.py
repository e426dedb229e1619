"""The bound on missed objects."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.triage.missed import most_missed

counts = st.lists(st.integers(0, 12), max_size=30)
QUICK = settings(deadline=None, max_examples=40)


def _bound(missed: list[int], alpha: float = 0.05) -> float:
    turns = np.linspace(0, 0.1, len(missed))
    return most_missed(np.array(missed, np.float64), turns, np.ones(len(missed)), alpha, 10)


def test_with_no_audits_the_bound_is_the_cap() -> None:
    assert _bound([]) == 10


@QUICK
@given(counts)
def test_the_bound_lies_above_what_was_seen(missed: list[int]) -> None:
    if missed:
        assert _bound(missed) >= np.minimum(missed, 10).mean() - 1e-9


@QUICK
@given(counts, st.data())
def test_one_more_missed_object_never_lowers_the_bound(missed: list[int], data: st.DataObject) -> None:
    if missed:
        i = data.draw(st.integers(0, len(missed) - 1))
        worse = [*missed[:i], missed[i] + 1, *missed[i + 1 :]]
        assert _bound(worse) >= _bound(missed)


@QUICK
@given(counts)
def test_more_confidence_never_lowers_the_bound(missed: list[int]) -> None:
    assert _bound(missed, 0.01) >= _bound(missed, 0.05)


def test_the_more_audits_without_a_miss_the_lower_the_bound() -> None:
    bounds = [_bound([0] * n) for n in (0, 30, 100, 300)]
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] < 0.2


def test_the_bound_is_seldom_too_low() -> None:
    """Frames miss three objects or none, one in ten misses: the true mean 0.3 is ruled out in at most 5% of samples."""
    rng = np.random.default_rng(1)
    missed = np.where(np.arange(1000) % 10 == 0, 3.0, 0.0)
    low = [_sampled(missed, rng) < 0.3 for _ in range(200)]
    assert np.mean(low) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


def _sampled(missed: np.ndarray, rng: np.random.Generator) -> float:
    turns = rng.exponential(1, len(missed))
    first = np.argsort(turns)[:150]
    return most_missed(missed[first], turns[first], np.ones(150), 0.05, 10)
