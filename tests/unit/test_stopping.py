"""Continue, lower the budget or stop: the figures decide, and the reason names them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.review import Purpose
from nightshift.evaluation.control import Comparison, Reply, compare
from nightshift.evaluation.learning_curve import CurvePoint, LearningCurve, fit_curve, price_so_far
from nightshift.evaluation.stopping import Action, Budget, recommend

RISING = [(0, 0.20), (5, 0.33), (10, 0.43), (15, 0.51), (20, 0.575)]
FLAT = [(0, 0.20), (5, 0.55), (10, 0.60), (15, 0.602), (20, 0.601), (25, 0.601), (30, 0.602)]
SLOW = [(n, 0.75 - 0.5 * ((n + 2) / 2) ** -0.7) for n in range(0, 41, 5)]


def _curve(told: list[tuple[float, float]]) -> LearningCurve:
    curve = fit_curve([CurvePoint(n, value, 0.005) for n, value in told])
    assert curve
    return curve


def _budget(told: list[tuple[float, float]], **more: float) -> Budget:
    measured = [CurvePoint(n, value, 0.005) for n, value in told]
    return Budget(told[-1][0], 5.0, price_so_far(measured, _curve(told)), **more)


def _control(chosen: float, random: float) -> Comparison:
    brought = ((Purpose.REVIEW, chosen), (Purpose.CONTROL, random))
    return compare([Reply(0, p, f"c{i}", c + i % 2, 9.0) for p, c in brought for i in range(60)], 18.0)


def test_before_three_rounds_were_measured_it_goes_on_and_says_why() -> None:
    for curve, said in ((None, "none"), (_curve(RISING[:1]), "is one"), (_curve(RISING[:2]), "are 2")):
        found = recommend(curve, Budget(5.0, 5.0))
        assert found.action is Action.CONTINUE
        assert said in found.reason


def test_a_rising_curve_goes_on() -> None:
    found = recommend(_curve(RISING), _budget(RISING))
    assert found.action is Action.CONTINUE
    assert found.usd == 5.0
    assert "points of mAP50" in found.reason


def test_a_flat_curve_stops() -> None:
    found = recommend(_curve(FLAT), _budget(FLAT))
    assert found.action is Action.STOP
    assert found.usd is None
    assert found.sentence.startswith("Stop: another $5.00")


def test_between_them_less_is_spent() -> None:
    found = recommend(_curve(SLOW), _budget(SLOW))
    assert found.usd == 2.5
    assert found.action is Action.LOWER
    assert "Lower the budget to $2.50 a night: " in found.sentence


def test_a_night_too_large_for_what_a_point_is_worth_is_cut_to_what_pays() -> None:
    found = recommend(_curve(RISING), Budget(20.0, 100.0, worth=2.0))
    assert found.action is Action.LOWER
    assert found.usd is not None
    assert 10.0 <= found.usd < 100.0
    paying = recommend(_curve(RISING), Budget(20.0, found.usd, worth=2.0))
    assert paying.action is Action.CONTINUE


def test_a_reached_target_stops_even_a_rising_curve() -> None:
    found = recommend(_curve(RISING), _budget(RISING), target=0.5)
    assert found.action is Action.STOP
    assert "0.50 is reached" in found.reason


def test_a_target_that_is_not_reached_is_priced_or_called_out_of_reach() -> None:
    assert "would take another $" in recommend(_curve(RISING), _budget(RISING), target=0.62).reason
    assert "out of reach" in recommend(_curve(FLAT), _budget(FLAT), target=0.9).reason


@pytest.mark.parametrize(("worth", "action"), [(1000.0, Action.CONTINUE), (0.001, Action.STOP)])
def test_what_a_point_is_worth_to_the_team_decides_where_they_said_so(worth: float, action: Action) -> None:
    found = recommend(_curve(SLOW), _budget(SLOW, worth=worth))
    assert found.action is action
    assert "worth to you" in found.reason


def test_without_any_price_a_night_must_bring_half_a_point() -> None:
    assert recommend(_curve(RISING), Budget(20.0, 5.0)).action is Action.CONTINUE
    found = recommend(_curve(FLAT), Budget(30.0, 5.0))
    assert found.action is Action.STOP
    assert "0.5 points or more" in found.reason


def test_choosing_that_brings_no_more_than_chance_is_told_apart_from_whether_to_go_on() -> None:
    found = recommend(_curve(RISING), _budget(RISING), _control(1.0, 2.0))
    assert found.action is Action.CONTINUE
    assert "Choosing does not pay" in found.choosing
    good = recommend(_curve(RISING), _budget(RISING), _control(4.0, 1.0))
    assert "does not pay" not in good.choosing
    assert "times the corrections" in good.choosing


def test_too_few_control_answers_say_nothing_about_choosing() -> None:
    assert recommend(_curve(RISING), _budget(RISING), compare([], 18.0)).choosing == ""


@settings(deadline=None, max_examples=12)
@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_the_more_a_point_is_worth_the_longer_it_goes_on(one: float, other: float) -> None:
    order = [Action.STOP, Action.LOWER, Action.CONTINUE]
    curve = _curve(SLOW)
    low, high = (recommend(curve, Budget(40.0, 5.0, None, worth)).action for worth in sorted((one, other)))
    assert order.index(low) <= order.index(high)


@pytest.mark.parametrize("bad", [(-1.0, 5.0, None), (1.0, 0.0, None), (1.0, 5.0, 0.0)])
def test_impossible_budgets_are_refused(bad: tuple[float, float, float | None]) -> None:
    with pytest.raises(ValueError, match=r"hold|price"):
        Budget(*bad)
