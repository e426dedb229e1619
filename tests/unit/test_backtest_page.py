"""The backtest's page: whole without any other file, and as plain about what was lost as about what was won."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightshift.domain.costs import Prices
from nightshift.report.backtest import render_backtest
from nightshift.report.backtest_figures import begins_at, pens
from nightshift.report.backtest_standing import Pairing, Verdict, difference, overall, sentence, standings, tiles, times
from nightshift.report.backtest_view import (
    ArmView,
    BacktestView,
    DatasetView,
    ForecastView,
    GuaranteeView,
    PriceNight,
    RuleView,
    RunView,
)

OURS = "gain_per_dollar"
EVIL = "<script>alert('$x$')</script>\"&_\x00"
WHEN = datetime(2026, 11, 22, 4, 10, tzinfo=UTC)
PROMISE = GuaranteeView(0.9, 0.05, 1000, RuleView("Nightshift", 4, 0.842), (RuleView("point estimate", 873, 1.2),))
NIGHTS = (PriceNight("line", 10.0, 8.0), PriceNight("line", 9.0, 10.0), PriceNight("yard", 1.0, 1.0))


class Page(HTMLParser):
    """What a browser would read: tags, addresses, handlers and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []
        self.handlers: list[str] = []
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        where = ("src", "href", "xlink:href", "srcset", "action", "data", "poster")
        self.outside += [value or "" for name, value in attrs if name in where and not (value or "").startswith("#")]

    def handle_data(self, data: str) -> None:
        self._text += data

    @property
    def text(self) -> str:
        return " ".join(self._text.split())


def _arm(strategy: str, areas: tuple[float, ...], dollars: tuple[float | None, ...] = ()) -> ArmView:
    reached = dollars or (2.0,) * len(areas)
    runs = tuple(RunView(seed, *each) for seed, each in enumerate(zip(areas, reached, strict=True)))
    return ArmView(strategy, runs, (0.0, 5.0, 10.0), (0.4, 0.6, 0.7), (0.38, 0.58, 0.68), (0.42, 0.62, 0.72))


ARMS = (
    _arm("scratch", (0.30, 0.31, 0.32), (8.0, 9.0, None)),
    _arm("weak", (0.50, 0.51, 0.52)),
    _arm("like", (0.58, 0.64, 0.61)),
    _arm("strong", (0.65, 0.66, 0.68)),
    _arm(OURS, (0.60, 0.61, 0.62), (3.0, 3.6, 4.5)),
)


def _dataset(name: str = "line", arms: tuple[ArmView, ...] = ARMS, **changes: Any) -> DatasetView:
    whole = DatasetView(name, 300, 41, 4888, 90, 256, 54.96, 137.4, (0.78, 0.8, 0.82), arms, (0.5, 0.52, 0.51))
    return replace(whole, **changes)


def _view(*datasets: DatasetView, **changes: Any) -> BacktestView:
    view = BacktestView(
        OURS, datasets or (_dataset(),), "simulated: finds 75% of objects", "yolo11p, 300 steps", "2, simulated",
        Prices(), 3, WHEN, "nightshift backtest data/line --seeds 3",
        meanings={OURS: "Corrections per dollar.", "scratch": "By hand."},
        guarantee=PROMISE, forecast=ForecastView(NIGHTS), notes=("People are simulated.",),
    )  # fmt: skip
    return replace(view, **changes)


@pytest.fixture(scope="module")
def page() -> str:
    """The page of the ordinary view, drawn once."""
    return render_backtest(_view())


def test_the_page_asks_no_other_file_and_runs_no_script(page: str) -> None:
    found = Page(page)
    assert not found.outside
    assert not {"script", "link", "iframe", "object", "embed", "base", "img"} & set(found.tags)
    assert not re.search(r"url\((?!#)|@import", page)


def test_the_same_view_gives_the_same_page(page: str) -> None:
    assert render_backtest(_view()) == page


def test_everything_supplied_is_shown_as_text() -> None:
    arms = (_arm(EVIL, (0.5, 0.6)), _arm(EVIL + "2", (0.4, 0.5)))
    view = _view(
        _dataset(EVIL, arms), default=EVIL, scratch=EVIL + "2", teacher=EVIL, student=EVIL, people=EVIL, command=EVIL,
        meanings={EVIL: EVIL}, notes=(EVIL,), forecast=ForecastView((PriceNight(EVIL, 1.0, 2.0),)),
        guarantee=replace(PROMISE, ours=RuleView(EVIL, 4, 0.8), setting=EVIL),
    )  # fmt: skip
    found = Page(render_backtest(view))
    assert "script" not in found.tags
    assert not found.handlers
    assert "alert('$x$')" in found.text


def test_the_page_says_all_that_was_asked_of_it(page: str) -> None:
    text = Page(page).text
    for said in (
        "line", "4,888", "256 px", "$137.40", "0.780 · 0.800 · 0.820", "0.510", "finds 75% of objects", "300 steps",
        "$18.00 an hour", "--seeds 3", "Corrections per dollar.", "People are simulated.", "4 of 1,000", "87.3%",
        "0.2 to 1.0%", "84%", "within 10.0%", "3 nights in all", "answers by simulated reviewers",
    ):  # fmt: skip
        assert said in text, said


def test_losses_stand_beside_wins_in_words() -> None:
    view = _view()
    said = sentence(view, view.datasets[0])
    assert said == (
        f"{OURS} won against weak (+0.100) and scratch (+0.300); tied with like (0.000); lost to strong (−0.053)."
    )
    assert "won 2, tied 1 and lost 1. It lost to strong (−0.053) on line." in overall(view)


def test_the_table_has_the_largest_area_first() -> None:
    rows = standings(_view(), _dataset())
    assert [row.arm.strategy for row in rows] == ["strong", OURS, "like", "weak", "scratch"]


def test_runs_are_paired_by_seed_and_a_seed_without_a_partner_is_left_out() -> None:
    short = _arm("short", (0.50, 0.62))
    (pairing,) = [row.pairing for row in standings(_view(), _dataset(arms=(short, ARMS[-1]))) if row.pairing]
    assert pairing.leads == pytest.approx((0.1, -0.01))
    assert pairing.seeds_won == 1


@given(st.lists(st.floats(-1, 1), max_size=6))
@settings(max_examples=40, deadline=None)
def test_a_verdict_turns_around_when_the_sides_do(leads: list[float]) -> None:
    there, back = Pairing("d", "o", tuple(leads)), Pairing("d", "o", tuple(-each for each in leads))
    turned = {Verdict.WON: Verdict.LOST, Verdict.LOST: Verdict.WON}
    assert back.verdict is turned.get(there.verdict, there.verdict)


@pytest.mark.parametrize(
    ("leads", "verdict"),
    [
        ((), Verdict.OPEN),
        ((0.3,), Verdict.OPEN),
        ((0.0, 0.0), Verdict.TIED),
        ((0.01, 0.01), Verdict.WON),
        ((0.09, -0.05, 0.05), Verdict.TIED),
        ((-0.04, -0.05, -0.06), Verdict.LOST),
    ],
)
def test_a_difference_within_two_standard_errors_is_a_tie(leads: tuple[float, ...], verdict: Verdict) -> None:
    assert Pairing("d", "o", leads).verdict is verdict


def test_the_median_dollars_count_a_run_that_did_not_get_there_as_the_longest() -> None:
    assert _arm("a", (0.5,) * 3, (8.0, 9.0, None)).usd_to_90 == 9.0
    assert _arm("a", (0.5,) * 3, (8.0, None, None)).usd_to_90 is None


def test_the_ratio_is_a_bound_where_scratch_did_not_get_there() -> None:
    never = _arm("scratch", (0.3,), (None,))
    rows = {row.arm.strategy: row for row in standings(_view(), _dataset(arms=(never, ARMS[-1])))}
    assert times(rows[OURS]) == "≤ 0.07×"
    assert times(rows["scratch"]) == "–"
    assert {row.arm.strategy: times(row) for row in standings(_view(), _dataset())}[OURS] == "0.40×"


def test_the_tiles_say_ratio_rank_and_violations() -> None:
    late = (_arm(OURS, (0.5,), (None,)), ARMS[0])
    ratio, rank, broken = tiles(_view(_dataset(), _dataset("yard", late)))
    assert (ratio.value, ratio.tone, ratio.note) == ("0.40×", "bad", "line 0.40× · yard not reached")
    assert (rank.value, rank.note) == ("1st to 2nd of 5", "line 2nd of 5 · yard 1st of 2")
    assert (broken.value, broken.tone) == ("4 of 1,000", "good")


def test_too_many_violations_are_called_so() -> None:
    broken = replace(PROMISE, ours=RuleView("Nightshift", 51, 0.9))
    view = _view(datasets=(), forecast=None, guarantee=broken)
    assert tiles(view)[2].tone == "bad"
    assert "broken in 51, more than the 50 allowed" in Page(render_backtest(view)).text


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (_view(datasets=(), guarantee=None, forecast=None, meanings={}, notes=()), "No data set was replayed"),
        (_view(_dataset(arms=(), full=()), forecast=ForecastView(())), "No strategy has a result on line yet"),
        (_view(_dataset(arms=ARMS[:1], full=(), teacher=()), guarantee=None, forecast=None), f"{OURS} was not run yet"),
        (
            _view(_dataset(arms=(_arm("weak", (0.5,)), _arm(OURS, (0.6,)))), guarantee=None, forecast=None),
            "cannot be told yet from weak (+0.100)",
        ),
    ],
)
def test_what_is_not_known_yet_is_said(view: BacktestView, said: str) -> None:
    text = Page(render_backtest(view)).text
    assert said in text
    assert not re.search(r"\b(nan|inf|None)\b", text)


def test_a_strategy_keeps_its_pen_on_all_data_sets_and_the_default_is_drawn_strongest() -> None:
    arms = tuple(_arm(f"s{i}", (0.5,)) for i in range(20))
    drawn = pens(_view(_dataset(arms=(*arms, *ARMS))))
    assert len({(pen.colour, pen.dash) for pen in drawn.values()}) == len(drawn)
    assert max(drawn, key=lambda name: drawn[name].width) == OURS
    assert drawn["scratch"].dasharray


def test_the_axis_hides_no_strategy_but_scratch() -> None:
    low = replace(ARMS[0], low=(0.0, 0.1, 0.2))
    assert begins_at(_view(), _dataset(arms=(low, ARMS[-1]))) == pytest.approx(0.3)


def test_a_difference_that_rounds_to_nothing_has_no_sign() -> None:
    assert [difference(each) for each in (0.0213, -0.0041, -0.0001)] == ["+0.021", "−0.004", "0.000"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: replace(ARMS[0], runs=()),
        lambda: replace(ARMS[0], runs=(RunView(1, 0.5), RunView(1, 0.6))),
        lambda: replace(ARMS[0], usd=(0.0,)),
        lambda: _dataset(arms=(ARMS[0], ARMS[0])),
        lambda: replace(PROMISE, ours=RuleView("x", 1001, 0.5)),
        lambda: replace(PROMISE, loops=0),
        lambda: PriceNight("line", 1.0, 0.0),
    ],
)
def test_a_view_that_cannot_be_true_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        wrong()
