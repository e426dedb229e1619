"""The round's page: whole, the same every time, honest about what is not known."""

import re

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from report_views import CLASSES, WHEN, Page, plain, round_view

from nightshift.report import headline
from nightshift.report.page import render
from nightshift.report.view import ReportView, RoundRow


def test_a_first_round_says_what_is_not_known_instead_of_zero() -> None:
    text = Page(render(ReportView("Line", 0, "backfill", WHEN, (RoundRow(0, {}),), CLASSES))).text
    for said in (
        "no golden frame labelled yet",
        "No student has scored the pool yet",
        "The queue is empty",
        "Nobody has answered",
        "No stage was timed",
        "Nothing was set aside",
    ):
        assert said in text
    assert "0.000" not in text


def test_a_figure_that_is_not_a_number_is_a_dash() -> None:
    rows = (RoundRow(0, {"map50": float("nan"), "human_usd": float("inf")}),)
    text = Page(render(round_view(number=0, history=rows, per_class={"gear": float("nan")}))).text
    assert "nan" not in text
    assert "inf" not in text.replace("info", "")


@pytest.mark.parametrize(("simulated", "said"), [(True, 3), (False, 0)])
def test_simulated_reviewers_are_called_so_wherever_their_answers_are(simulated: bool, said: int) -> None:
    assert Page(render(round_view(simulated=simulated))).text.count("by simulated reviewers") == said


def test_the_first_numbers_are_those_people_ask_for() -> None:
    before = RoundRow(0, {"map50": 0.5})
    tiles = headline.tiles(round_view(history=(before, round_view().now)))
    assert [tile.value for tile in tiles] == ["0.610", "$4.12", "$0.11", "48", "60%"]
    assert tiles[0].note == "+11.0 points since the round before"
    assert tiles[0].tone == "good"


def test_the_page_says_how_much_of_the_queue_it_shows() -> None:
    assert "The first 1 of 40 frames" in Page(plain()).text
    assert "frames, in the order" not in Page(render(round_view(queue_length=1))).text


def test_the_same_view_gives_the_same_page() -> None:
    assert render(round_view()) == plain()


def test_a_history_that_does_not_end_with_the_round_is_refused() -> None:
    with pytest.raises(ValueError, match="history"):
        round_view(number=7)


def test_names_in_any_script_are_drawn() -> None:
    assert "部品" in render(round_view(changes={"部品": {"kept": 2}}))


@pytest.mark.parametrize("rounds", [1, 2, 40])
def test_every_length_of_history_is_drawn(rounds: int) -> None:
    rows = tuple(RoundRow(n, {"map50": 0.5, "total_usd": n, "green": n, "human_usd": 1.0}) for n in range(rounds))
    assert render(round_view(number=rounds - 1, history=rows)).count("<svg") > 4


@hypothesis_settings(max_examples=200)
@given(st.floats(allow_nan=True, allow_infinity=True))
def test_dollars_and_seconds_are_always_readable(value: float) -> None:
    assert re.fullmatch(r"\$-?[\d,]+(\.\d\d)?|–", headline.usd(value))
    assert len(headline.seconds(value)) > 0


@pytest.mark.parametrize(("seconds", "said"), [(3.21, "3.2 s"), (250, "4 min 10 s"), (3900, "1 h 5 min")])
def test_seconds_are_said_as_people_do(seconds: float, said: str) -> None:
    assert headline.seconds(seconds) == said
