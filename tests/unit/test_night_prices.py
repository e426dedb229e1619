"""Forecast against actual dollars: only answered frames, each night once, in any order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.evaluation.night_prices import NightPrice, Priced, by_night, median_error

prices = st.builds(Priced, st.integers(0, 5), st.floats(0, 100), st.floats(0, 100))


def test_frames_of_a_night_are_added_up() -> None:
    nights = by_night([Priced(1, 0.2, 0.1), Priced(0, 1.0, 2.0), Priced(1, 0.1, 0.1)])
    assert [(each.night, each.frames) for each in nights] == [(0, 1), (1, 2)]
    assert nights[1].forecast_usd == pytest.approx(0.3)
    assert nights[1].error == pytest.approx(0.5)


def test_the_median_counts_too_high_and_too_low_alike_and_can_leave_the_first_nights_out() -> None:
    nights = [NightPrice(n, 9, forecast, 1.0) for n, forecast in enumerate((3.0, 2.0, 1.5, 1.1, 0.9, 1.3))]
    assert median_error(nights, after=3) == pytest.approx(0.1)
    assert median_error(nights) == pytest.approx(0.4)


@pytest.mark.parametrize("nights", [[], [NightPrice(0, 0, 0.0, 0.0)], [NightPrice(0, 2, 1.0, 0.0)]])
def test_nights_that_cost_nothing_have_no_error(nights: list[NightPrice]) -> None:
    assert median_error(nights) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(prices, max_size=30))
def test_the_order_of_the_frames_does_not_matter(frames: list[Priced]) -> None:
    assert by_night(frames) == by_night(reversed(frames))


@settings(deadline=None, max_examples=50)
@given(st.lists(prices, max_size=30))
def test_a_perfect_forecast_has_no_error(frames: list[Priced]) -> None:
    perfect = by_night(Priced(each.night, each.actual_usd, each.actual_usd) for each in frames)
    assert median_error(perfect) in {None, 0.0}


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf")])
def test_impossible_prices_are_refused(price: float) -> None:
    with pytest.raises(ValueError, match="price"):
        Priced(0, price, 1.0)
