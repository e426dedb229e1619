"""The learning curve: its intervals hold the truth, it never falls, and little evidence gives a wide forecast."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.evaluation.learning_curve import CurvePoint, LearningCurve, fit_curve, price_so_far

points = st.builds(CurvePoint, st.integers(0, 30).map(float), st.floats(0, 1), st.none() | st.floats(0, 0.1))


def _fit(*told: tuple[float, float], sd: float | None = 0.01) -> LearningCurve:
    curve = fit_curve([CurvePoint(n, value, sd) for n, value in told])
    assert curve
    return curve


def _truth(n: np.ndarray | float, a: float, drop: float, c: float, shift: float) -> np.ndarray:
    return np.asarray(a - drop * ((n + shift) / shift) ** -c)


def _trial(rng: np.random.Generator, nights: int) -> tuple[bool, bool]:
    """Whether tomorrow's gain and the price of half of what is missing lie in their 90% intervals."""
    a = rng.uniform(0.5, 0.95)
    shape = a, rng.uniform(0.2, 0.9) * a, np.exp(rng.uniform(np.log(0.25), np.log(1.3))), rng.choice([0.5, 2.0, 8.0])
    n = np.arange(nights) * 4.0
    seen = np.clip(_truth(n, *shape) + rng.normal(0, math.hypot(0.02, 0.01), nights), 0, 1)
    curve = _fit(*zip(n, seen, strict=True), sd=0.02)
    gain, gained = curve.gain(n[-1], 4.0), float(_truth(n[-1] + 4, *shape) - _truth(n[-1], *shape))
    target = float(_truth(n[-1], *shape) + a) / 2
    needed = shape[3] * (shape[1] / (a - target)) ** (1 / shape[2]) - shape[3] - n[-1]
    reach = curve.reach(target, n[-1]).more
    return gain.low <= gained <= gain.high, reach.low <= needed <= reach.high


@pytest.mark.parametrize("nights", [3, 6])
def test_forecasts_hold_the_truth_as_often_as_they_say(nights: int) -> None:
    rng = np.random.default_rng(nights)
    held = np.mean([_trial(rng, nights) for _ in range(40)], axis=0)
    assert (held >= 0.82).all()  # of 0.90; 40 curves are noisy


def test_a_precise_curve_is_recovered() -> None:
    n = np.array([1, 2, 4, 8, 12, 16, 20, 24], float)
    curve = _fit(*zip(n, 0.8 - 0.6 * n**-0.5, strict=True), sd=0.0)
    gain = curve.gain(24, 8)
    assert gain.value == pytest.approx(0.6 * (24**-0.5 - 32**-0.5), abs=0.005)
    assert gain.low > 0


def test_more_nights_narrow_the_forecast() -> None:
    few, many = (
        _fit(*((n, 0.8 - 0.5 * (n + 2) ** -0.5) for n in np.linspace(0, 20, k)), sd=0.02).gain(20, 5) for k in (3, 12)
    )
    assert many.high - many.low < few.high - few.low


def test_without_a_point_there_is_no_curve() -> None:
    assert fit_curve([]) is None


@pytest.mark.parametrize("told", [[(0.0, 0.3)], [(5.0, 0.3)], [(5.0, 0.3)] * 4, [(0.0, 0.3), (4.0, 0.4)]])
def test_one_or_two_amounts_give_a_wide_forecast_that_says_so(told: list[tuple[float, float]]) -> None:
    curve = _fit(*told)
    assert not curve.enough
    gain = curve.gain(5, 20)
    assert gain.high > 3 * gain.low
    assert gain.high - gain.low > 0.05


def test_several_measurements_of_one_amount_are_as_good_as_a_precise_one() -> None:
    tied = _fit(*[(0.0, 0.3), (5.0, 0.5), (10.0, 0.55)] * 4, sd=math.hypot(0.02, 0.01 * math.sqrt(3)))
    single = _fit((0.0, 0.3), (5.0, 0.5), (10.0, 0.55), sd=0.01)
    assert tied.amounts == single.amounts == 3
    assert tied.gain(10, 5).value == pytest.approx(single.gain(10, 5).value, abs=0.004)


def test_a_plateau_promises_little() -> None:
    curve = _fit((0, 0.3), (5, 0.6), (10, 0.61), (15, 0.605), (20, 0.61), (25, 0.61))
    assert curve.gain(25, 5).high < 0.012
    assert curve.reach(0.8, 25).probability < 0.1


def test_a_round_that_fell_behind_widens_the_forecast() -> None:
    smooth = [(0.0, 0.3), (4.0, 0.45), (8.0, 0.52), (12.0, 0.56), (16.0, 0.58)]
    steady, shaken = _fit(*smooth), _fit(*smooth[:2], (8.0, 0.30), *smooth[3:])
    width = [each.high - each.low for each in (steady.gain(16, 8), shaken.gain(16, 8))]
    assert width[1] > 1.3 * width[0]


def test_a_target_below_what_is_measured_is_reached_and_one_above_one_is_not() -> None:
    curve = _fit((0, 0.3), (5, 0.5), (10, 0.6))
    assert curve.reach(0.4, 10).reached > 0.99
    assert curve.reach(0.4, 10).more.high == 0
    assert curve.reach(1.0, 10).probability < 0.01
    assert math.isinf(curve.reach(1.0, 10).more.value)


def test_what_costs_more_than_the_limit_is_out_of_reach() -> None:
    curve = _fit((0, 0.3), (5, 0.5), (10, 0.6))
    assert curve.reach(0.7, 10, limit=1.0).probability <= curve.reach(0.7, 10).probability


def test_the_price_of_a_point_so_far_is_that_of_the_fitted_rise() -> None:
    told = [CurvePoint(n, 0.8 - 0.6 * n**-0.5, 0.0) for n in (1, 4, 9, 16, 25)]
    curve = fit_curve(told)
    assert curve
    assert price_so_far(told, curve) == pytest.approx(24 / 48, rel=0.05)
    assert price_so_far(told[:1], curve) is None


@settings(deadline=None, max_examples=8)
@given(st.lists(points, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(told: list[CurvePoint], chance: object) -> None:
    mixed = list(told)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = fit_curve(told), fit_curve(mixed)
    assert one
    assert other
    assert one.gain(10, 5) == other.gain(10, 5)


@settings(deadline=None, max_examples=8)
@given(st.lists(points, min_size=1, max_size=8), st.floats(0, 50), st.floats(0, 50))
def test_every_curve_rises_within_the_possible_and_more_dollars_bring_more(
    told: list[CurvePoint], n: float, more: float
) -> None:
    curve = fit_curve(told)
    assert curve
    now, later = curve.at(n), curve.at(n + more)
    assert (later >= now - 1e-9).all()
    assert ((now >= -1e-9) & (later <= 1 + 1e-9)).all()
    assert curve.weight.sum() == pytest.approx(1.0)
    assert 0 <= curve.gain(n, more).value <= curve.gain(n, 2 * more).value + 1e-9
    near, far = curve.reach(0.5, n), curve.reach(0.9, n)
    assert far.probability <= near.probability + 1e-9
    assert far.more.value >= near.more.value


@pytest.mark.parametrize("bad", [(-1.0, 0.5, None), (1.0, 1.5, None), (1.0, 0.5, -0.1), (float("nan"), 0.5, None)])
def test_impossible_measurements_are_refused(bad: tuple[float, float, float | None]) -> None:
    with pytest.raises(ValueError, match=r"hold|standard error"):
        CurvePoint(*bad)


def test_nothing_can_be_spent_back() -> None:
    with pytest.raises(ValueError, match="spent back"):
        _fit((0, 0.3), (5, 0.5)).gain(5, -1)
