"""What the page says of the promise, the prices, the curve, and what to do next."""

import re

import pytest
from report_views import CHANCE_ONLY, QUEUE, Page, bare_view, curve_view, evident, evident_view, plain, words_of

from nightshift.report.evidence import PriceView, StoplightRow, StoplightView
from nightshift.report.page import render


def test_a_round_without_evidence_shows_no_section_about_it() -> None:
    text = Page(plain()).text
    assert "What is promised" not in text
    assert "What more would bring" not in text


def test_the_promise_is_shown_with_its_bounds_and_what_is_missing() -> None:
    text = words_of(evident())
    for said in (
        "With 95% confidence", "at least 90% of the boxes", "holds for 1 of 2 classes", "0.914", "0.842",
        "about 140 ($21.40)", "at most 0.21 objects", "withdrawn bolt, scores 0.55 to 0.70", "δ in equal parts",
        "About 140 more audited frames ($21.40) and bolt can be accepted unseen.",
    ):  # fmt: skip
        assert said in text


def test_forecasts_are_held_against_what_came() -> None:
    text = words_of(evident())
    assert "Half of the nights after the first 3 were off by 8.4% or less." in text
    assert "The next $4.00 should bring +" in text
    assert "times the corrections per dollar of a random one" in text


def test_the_recommendation_is_the_first_advice() -> None:
    text = words_of(evident())
    assert "What to do next Lower the budget to $2.00 a night: another $4.00 brings little." in text
    assert "Choosing pays." in text


@pytest.mark.parametrize(
    ("target", "said"), [(0.3, "is reached"), (0.99, "probably out of reach"), (0.7, "takes about")]
)
def test_a_target_is_reached_priced_or_out_of_reach(target: float, said: str) -> None:
    assert said in words_of(render(bare_view(curve=curve_view(8, target))))


def test_what_is_not_known_yet_is_said_instead_of_drawn() -> None:
    row = StoplightRow("gear", None, None, None, 0, 0, 60, 9.0)
    view = bare_view(
        stoplight=StoplightView(0.9, 0.95, (row,)), prices=PriceView(()), curve=curve_view(1), control=CHANCE_ONLY
    )
    text = Page(render(view)).text
    for said in ("Nothing is accepted yet", "appears with the first answers", "needs three rounds", "Not known yet"):
        assert said in text
    assert "nan" not in text


def test_the_same_evidence_gives_the_same_page_without_any_other_file() -> None:
    assert evident() == render(evident_view())
    assert not re.search(r"url\((?!#)|@import", evident())
    outside = [each for each in Page(evident()).addresses if not each[1].startswith(("data:image/jpeg;base64,", "#"))]
    assert outside == [("a", QUEUE), ("a", f"{QUEUE}?task=41")]


@pytest.mark.parametrize("classes", [1, 15, 40])
def test_any_number_of_classes_has_room(classes: int) -> None:
    rows = tuple(StoplightRow(f"part {i}", None, 1.0, 0.0, 9, 3, None) for i in range(classes))
    text = Page(render(bare_view(stoplight=StoplightView(0.5, 0.9, rows)))).text
    assert text.count("more would not help") == classes


@pytest.mark.parametrize("bad", [(0.0, 0.95), (0.9, 1.0)])
def test_a_promise_that_cannot_be_kept_or_broken_is_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        StoplightView(*bad, rows=())
