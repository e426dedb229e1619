"""Figures of a curve of mAP against dollars: they follow the curve, and nothing but the curve."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.simulation.curves import area_under, band, usd_to

CURVES = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1)), max_size=8).map(
    lambda points: sorted({round(usd, 2): value for usd, value in points}.items())
)
DOLLARS = st.floats(1, 150)


@settings(max_examples=50)
@given(CURVES, DOLLARS)
def test_an_area_is_a_mean_map_and_lies_between_the_lowest_and_the_highest(
    points: list[tuple[float, float]], until: float
) -> None:
    assert 0 <= area_under(points, until) <= max((value for _, value in points), default=0.0) + 1e-9


@settings(max_examples=50)
@given(CURVES, DOLLARS, st.floats(0, 1))
def test_a_curve_that_is_nowhere_lower_has_no_smaller_area_and_gets_there_no_later(
    points: list[tuple[float, float]], until: float, lift: float
) -> None:
    higher = [(usd, value + lift * (1 - value)) for usd, value in points]
    assert area_under(higher, until) >= area_under(points, until) - 1e-9
    for target in (0.1, 0.5, 0.9):
        late, early = usd_to(points, target), usd_to(higher, target)
        assert late is None or (early is not None and early <= late + 1e-9)


@settings(max_examples=50)
@given(CURVES, DOLLARS, st.floats(0.01, 0.99), st.data())
def test_a_point_on_the_line_between_two_others_changes_nothing(
    points: list[tuple[float, float]], until: float, share: float, data: st.DataObject
) -> None:
    path = points if points and points[0][0] == 0 else [(0.0, 0.0), *points]
    if len(path) < 2:
        return
    i = data.draw(st.integers(0, len(path) - 2))
    usd, value = (a + share * (b - a) for a, b in zip(path[i], path[i + 1], strict=True))
    more = sorted([*points, (usd, value)])
    assert area_under(more, until) == pytest.approx(area_under(points, until), abs=1e-6)
    target = data.draw(st.floats(0.05, 1))
    one, other = usd_to(points, target), usd_to(more, target)
    assert (one is None) == (other is None) or abs(target - value) < 1e-9
    assert one is None or other is None or one == pytest.approx(other, abs=1e-4 * max(1.0, _steepness(path)))


def _steepness(path: list[tuple[float, float]]) -> float:
    """Dollars per mAP where the curve is flattest: how far a rounding error of the mAP moves the dollars."""
    slopes = [(b[0] - a[0]) / abs(b[1] - a[1]) for a, b in pairwise(path) if a[1] != b[1]]
    return max(slopes, default=1.0)


@settings(max_examples=50)
@given(CURVES, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_target_never_comes_cheaper(points: list[tuple[float, float]], one: float, other: float) -> None:
    near, far = (usd_to(points, each) for each in sorted((one, other)))
    assert far is None or (near is not None and near <= far)


@settings(max_examples=50)
@given(CURVES)
def test_a_target_that_is_never_reached_has_no_price(points: list[tuple[float, float]]) -> None:
    assert usd_to(points, 1.01) is None


@settings(max_examples=50)
@given(CURVES, st.floats(0.01, 1))
def test_at_the_price_of_a_target_the_curve_is_there(points: list[tuple[float, float]], target: float) -> None:
    usd = usd_to(points, target)
    if usd is not None:
        assert min(u for u, v in points if v >= target) >= usd


def test_a_straight_line_has_half_of_its_height_and_gets_halfway_for_half() -> None:
    line = [(10.0, 0.8)]
    assert area_under(line, 10) == pytest.approx(0.4)
    assert usd_to(line, 0.4) == pytest.approx(5.0)


def test_after_its_last_point_a_curve_stays_level_and_what_was_spent_beyond_the_end_does_not_count() -> None:
    assert area_under([(0.0, 0.5)], 10) == pytest.approx(0.5)
    assert area_under([(0.0, 0.5), (10.0, 0.5), (20.0, 1.0)], 10) == pytest.approx(0.5)


def test_a_student_that_is_good_enough_before_the_first_dollar_costs_nothing() -> None:
    assert usd_to([(0.0, 0.7), (5.0, 0.9)], 0.6) == 0.0


def test_of_several_points_at_the_same_dollars_the_last_counts() -> None:
    assert area_under([(0.0, 0.1), (0.0, 0.3)], 1) == pytest.approx(0.3)


@pytest.mark.parametrize("until", [0.0, -1.0, float("nan")])
def test_an_area_over_no_dollars_is_refused(until: float) -> None:
    with pytest.raises(ValueError, match="some dollars"):
        area_under([(1.0, 0.5)], until)


@settings(max_examples=50)
@given(st.lists(CURVES, min_size=1, max_size=4), DOLLARS)
def test_the_mean_of_several_seeds_lies_in_the_range_they_span(
    curves: list[list[tuple[float, float]]], until: float
) -> None:
    found = band(curves, until)
    low, mean, high = (np.array(each) for each in (found.low, found.mean, found.high))
    assert (low <= mean + 2e-6).all()
    assert (mean <= high + 2e-6).all()
    assert (found.usd[0], found.usd[-1]) == (0.0, pytest.approx(until, abs=1e-6))
    assert band(curves[::-1], until).mean == pytest.approx(found.mean, abs=2e-6)


def test_the_band_of_one_curve_is_that_curve() -> None:
    found = band([[(10.0, 0.5)]], 10)
    assert found.low == found.mean == found.high
    assert found.mean[-1] == 0.5
