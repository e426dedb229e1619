"""Prices come from the team's own lead times once there are enough, and from published figures before."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import work_nights

from nightshift.domain.costs import Prices
from nightshift.domain.edits import Edits
from nightshift.evaluation.cost_model import PRICES, Timed, fit_prices
from nightshift.evaluation.forecast import Night, forecast_error, night

QUIET = settings(deadline=None, max_examples=25)
START = Prices()
SLOW = replace(START, verify_seconds=3.0, draw_seconds=12.0, delete_seconds=0.8, adjust_seconds=6.0)


def answers(prices: Prices, number: int, seed: int = 0, noise: float = 0.35, people: int = 1) -> list[Timed]:
    """Answers of a team with these prices, noise with mean 1; reviewer i is slower by i tenths of an e-fold."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(number):
        edits = Edits.of(rng.poisson([3, 0.7, 0.3, 1.2, 0.8]))
        pace = np.exp((i % people) / 10)
        seconds = prices.frame_seconds(edits.counts) * rng.lognormal(-(noise**2) / 2, noise) * pace
        made.append(Timed(edits, min(seconds, prices.lead_time_cap_seconds), f"simulated {i % people}"))
    return made


def relative(found: Prices, true: Prices) -> np.ndarray:
    return np.array([getattr(found, name) / getattr(true, name) for name in PRICES])


def total(prices: Prices, work: list[Timed]) -> float:
    return sum(prices.frame_seconds(each.edits.counts) for each in work)


def test_without_answers_the_published_figures_hold() -> None:
    fitted = fit_prices([], START)
    assert fitted.prices == START
    assert fitted.answers == 0
    assert fitted.level_error == pytest.approx(0.5)


def test_three_answers_of_a_slow_team_move_prices_a_little() -> None:
    moved = relative(fit_prices(answers(SLOW, 3), START).prices, START)
    assert (np.abs(np.log(moved)) < np.log(1.4)).all()


def test_many_answers_of_a_team_with_other_prices_find_them() -> None:
    fitted = fit_prices(answers(SLOW, 1500), START)
    off = dict(zip(PRICES, relative(fitted.prices, SLOW), strict=True))
    assert all(abs(np.log(off[name])) < 4 * fitted.errors[name] + 0.02 for name in PRICES)
    assert off["draw_seconds"] == pytest.approx(1, abs=0.1)
    assert fitted.noise == pytest.approx(0.35, abs=0.04)


def test_the_forecast_of_a_sum_is_unbiased_over_seeds() -> None:
    work = answers(SLOW, 400, seed=99)
    ratios = [total(fit_prices(answers(SLOW, 300, seed), START).prices, work) / total(SLOW, work) for seed in range(6)]
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)


def test_idle_tabs_leave_the_prices_of_edits_alone_and_are_paid_in_the_glance() -> None:
    work = answers(START, 400)
    idle = [replace(each, seconds=300.0) if i % 50 == 0 else each for i, each in enumerate(work)]
    fitted = fit_prices(idle, START)
    assert fitted.capped == 8
    assert 8 <= fitted.far <= 14
    assert relative(fitted.prices, START)[1:] == pytest.approx(np.ones(5), abs=0.35)
    assert fitted.idle_seconds > 3
    assert total(fitted.prices, work) == pytest.approx(sum(each.seconds for each in idle), rel=0.05)


def test_an_answer_at_the_cap_says_only_that_it_took_as_long() -> None:
    """Crowded frames that are cut at 60 s do not make drawing look quick."""
    capped = replace(START, lead_time_cap_seconds=60.0, draw_seconds=14.0)
    rng = np.random.default_rng(3)
    work = [Edits(added=float(n)) for n in rng.integers(0, 12, 400)]
    noisy = [(14.0 * each.added + 1.5) * rng.lognormal(-0.02, 0.2) for each in work]
    seen = [Timed(each, min(s, 60.0)) for each, s in zip(work, noisy, strict=True)]
    fitted = fit_prices(seen, replace(START, lead_time_cap_seconds=60.0))
    assert fitted.capped > 200
    assert fitted.prices.draw_seconds == pytest.approx(capped.draw_seconds, rel=0.12)


def test_slow_and_quick_reviewers_are_told_apart() -> None:
    fitted = fit_prices(answers(START, 600, people=4), START)
    speeds = [fitted.speeds[f"simulated {i}"] for i in range(4)]
    assert speeds == sorted(speeds)
    assert speeds[3] / speeds[0] == pytest.approx(np.exp(0.3), rel=0.1)


@QUIET
@given(st.lists(st.tuples(st.lists(st.integers(0, 9), min_size=5, max_size=5), st.floats(0, 400)), max_size=12))
def test_whatever_people_did_prices_are_finite_and_not_negative(said: list[tuple[list[int], float]]) -> None:
    fitted = fit_prices([Timed(Edits.of(edits), seconds) for edits, seconds in said], START)
    values = [getattr(fitted.prices, name) for name in PRICES]
    assert np.isfinite(values).all()
    assert min(values) >= 0
    assert fitted.noise > 0


def test_the_order_of_answers_does_not_matter() -> None:
    work = answers(SLOW, 80)
    assert relative(fit_prices(work[::-1], START).prices, fit_prices(work, START).prices) == pytest.approx(
        np.ones(6), rel=1e-3
    )


def test_a_price_of_zero_in_the_configuration_can_be_learnt() -> None:
    free = replace(START, verify_seconds=0.0)
    assert fit_prices(answers(START, 300), free).prices.verify_seconds > 0.3


# ---- how far a night may be off


def test_nothing_asked_costs_nothing_for_certain() -> None:
    assert night([], 0.5, 0.2) == Night(0.0, 0.0, 0.0)


def test_more_frames_are_relatively_surer_but_never_surer_than_the_pace() -> None:
    few, many = night([10.0] * 4, 0.5, 0.1), night([10.0] * 4000, 0.5, 0.1)
    assert few.high / few.expected > many.high / many.expected > np.exp(1.28 * 0.1) - 1e-3


def test_the_error_of_a_forecast_is_learnt_from_forecasts_that_were_off() -> None:
    assert forecast_error([]) == pytest.approx(0.5)
    assert forecast_error([(10.0, 10.0)] * 500) < 0.12
    assert forecast_error([(10.0, 20.0)] * 500) > 0.9


@pytest.mark.slow
def test_after_three_nights_a_nights_price_is_forecast_within_fifteen_percent() -> None:
    """Median over teams whose prices differ from the published ones by 0.5 to 2; prices and rates both learnt."""
    fourth = [work_nights(seed, 4)[3] for seed in range(24)]
    errors = [abs(forecast.expected / actual - 1) for forecast, actual in fourth]
    assert np.median(errors) < 0.15
    assert np.mean([forecast.low <= actual <= forecast.high for forecast, actual in fourth]) >= 0.7
