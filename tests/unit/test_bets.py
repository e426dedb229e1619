"""Capital: what it may never do, by chance or by construction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightshift.triage.bets import log_components, mixed, stakes

Frames = list[tuple[int, int, int, float]]  # accepted, wrong, more boxes, turn
frames = st.lists(
    st.integers(0, 6).flatmap(
        lambda a: st.tuples(st.just(a), st.integers(0, a), st.integers(0, 3), st.floats(0, 1, width=32))
    ),
    max_size=12,
)
QUICK = settings(deadline=None, max_examples=40)


def _columns(audited: Frames) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    table = np.array(audited, np.float64).reshape(-1, 4)
    return table[:, 1] - 0.1 * table[:, 0], table[:, 3], np.maximum(table[:, 0] + table[:, 2], 1)


def _capital(audited: Frames) -> float:
    return float(mixed(log_components(*_columns(audited), stakes(0.9))))


@QUICK
@given(frames, st.randoms())
def test_the_order_of_the_frames_does_not_matter(audited: Frames, chance: object) -> None:
    mixed_up = list(audited)
    chance.shuffle(mixed_up)  # type: ignore[attr-defined]
    assert _capital(mixed_up) == pytest.approx(_capital(audited))


@QUICK
@given(frames, st.floats(0, 1, width=32))
def test_an_empty_frame_does_not_lower_a_capital_that_has_grown(audited: Frames, turn: float) -> None:
    grown = max(_capital(audited), 0.0)
    assert _capital(audited) <= grown
    if _capital(audited) > 0:
        assert _capital([*audited, (0, 0, 0, turn)]) >= _capital(audited) - 1e-9


@QUICK
@given(frames, st.integers(1, 6), st.floats(0, 1, width=32))
def test_a_perfect_frame_does_not_lower_a_capital_that_has_grown(audited: Frames, boxes: int, turn: float) -> None:
    if _capital(audited) > 0:
        assert _capital([*audited, (boxes, 0, 0, turn)]) >= _capital(audited)


@QUICK
@given(frames)
def test_one_more_wrong_box_never_raises_the_capital(audited: Frames) -> None:
    for i, (accepted, wrong, more, turn) in enumerate(audited):
        if wrong < accepted:
            worse = [*audited[:i], (accepted, wrong + 1, more, turn), *audited[i + 1 :]]
            assert _capital(worse) <= _capital(audited)


@QUICK
@given(frames)
def test_no_audits_can_ruin_the_bettor(audited: Frames) -> None:
    assert np.isfinite(_capital(audited))


def test_without_audits_the_capital_is_what_it_was() -> None:
    assert _capital([]) == pytest.approx(0.0)


def test_the_capital_of_one_flawless_frame_is_the_formula() -> None:
    bets = stakes(0.9)
    assert log_components(np.array([-0.4]), np.array([0.2]), np.array([4.0]), bets) == pytest.approx(
        np.log(1 + 0.1 * bets)
    )


def test_a_pool_that_just_breaks_the_promise_is_seldom_taken_for_one_that_keeps_it() -> None:
    """Exactly 90% right, errors that fill whole frames, the good frames first to arrive: at most 5% ever cross."""
    rng = np.random.default_rng(0)
    boxes = np.tile([1.0, 2.0, 3.0, 4.0, 10.0], 60)
    wrong = np.zeros(300)
    wrong[250:] = np.where(boxes[250:] < 10, boxes[250:], 2)  # all errors arrive at the end
    wrong[np.flatnonzero(wrong < boxes)[-7:]] += 1
    share = float(wrong.sum() / boxes.sum())
    crossed = np.mean([_ever(boxes, wrong, share, rng.exponential(1 / boxes)) for _ in range(400)])
    assert 0 < crossed <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


def _ever(boxes: NDArray[np.float64], wrong: NDArray[np.float64], share: float, turns: NDArray[np.float64]) -> bool:
    """Whether the capital against "as many wrong as there are" crosses 1/0.05 while turns are taken."""
    x, bets = wrong - share * boxes, stakes(1 - share)
    order = np.argsort(turns)
    ever = [log_components(x[order[:n]], turns[order[:n]], boxes[order[:n]], bets) for n in range(10, 200, 10)]
    return bool((mixed(np.array(ever)) >= -np.log(0.05)).any())
