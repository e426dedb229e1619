"""Rounds to draw pages of, and what a browser would read on them."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.domain.review import Purpose
from nightshift.evaluation.confusion import NOTHING, Confusion
from nightshift.evaluation.control import Reply, compare
from nightshift.evaluation.learning_curve import CurvePoint, fit_curve
from nightshift.evaluation.stopping import Action, Recommendation
from nightshift.report.evidence import CurveView, ForecastNight, PriceView, StoplightRow, StoplightView
from nightshift.report.page import render
from nightshift.report.thumbnail import thumbnail
from nightshift.report.view import Card, ReportView, RoundRow

CLASSES = (("gear", "#e6194b"), ("bolt", "#3cb44b"))


EVIL = "<script>alert('$x$')</script>\"&\x00"


WHEN = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)


NOW = {
    "map50": 0.61,
    "map50_95": 0.4,
    "human_usd": 3.9,
    "compute_usd": 0.22,
    "total_usd": 4.32,
    "usd_per_map_point": 0.108,
    "frames_reviewed": 48,
    "boxes_accepted": 60,
    "boxes_auto": 100,
    "green": 6,
    "yellow": 3,
    "red": 1,
}


QUEUE = "http://127.0.0.1:8080/projects/1/data"


HELD = StoplightRow("gear", 0.62, 0.972, 0.914, 212, 388, 0, 0.0, 0.21)


OPEN = StoplightRow("bolt", None, 0.94, 0.842, 212, 97, 140, 21.4)


CHANCE_ONLY = compare([], 18.0)


class Page(HTMLParser):
    """What a browser would read: tags, addresses, and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[tuple[str, str]] = []
        self.handlers: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        where = ("src", "href", "xlink:href", "srcset", "action", "data", "poster")
        self.addresses += [(tag, value or "") for name, value in attrs if name in where]

    def handle_data(self, data: str) -> None:
        self.text += data


def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (36, 48, 3), np.uint8)


def queue_card(**changes: object) -> Card:
    shown = Detections.of([[4, 4, 20, 20], [22, 8, 44, 30]], [0, 1], [0.9, 0.41])
    card = Card(1, "clip-1/0.jpg", thumbnail(image()), (48, 36), shown, "review", "unsure of bolt 0.41", 1.2, 0.06)
    return replace(card, **changes)


def round_view(**changes: object) -> ReportView:
    first = RoundRow(0, {"human_usd": 0.0, "compute_usd": 0.2, "total_usd": 0.2, "green": 3, "yellow": 6, "red": 1})
    view = ReportView(
        "Factory line",
        1,
        "nightly",
        WHEN,
        (first, RoundRow(1, NOW)),
        CLASSES,
        per_class={"gear": 0.5, "bolt": 0.3},
        verdict="The first student is the champion.",
        scores=(0.1, 0.5, 0.9),
        thresholds={"green": 0.6},
        cards=(queue_card(),),
        queue_length=40,
        changes={"gear": {"kept": 5, "moved": 1}},
        confused=(Confusion("gear", "bolt", 3, 0.2), Confusion("bolt", NOTHING, 1, 0.1)),
        stages={"train": 131.0},
        quarantine=(("ingest", "task 41", "a box has no area"),),
        links={"Label Studio": QUEUE},
    )
    return replace(view, **changes)


def compared() -> object:
    arms = ((Purpose.REVIEW, 4.0), (Purpose.CONTROL, 2.0))
    return compare([Reply(0, p, f"c{i}", n + i % 2, 9.0) for p, n in arms for i in range(20)], 18.0)


def curve_view(amounts: int = 5, target: float | None = None) -> CurveView:
    points = tuple((4.0 * i, 0.8 - 0.5 * (1 + i) ** -0.7, 0.01) for i in range(amounts))
    return CurveView.of(points, fit_curve([CurvePoint(*each) for each in points]), 4.0, target)


def evident_view(**changes: object) -> ReportView:
    """A round that has measured everything about itself."""
    everything = {
        "stoplight": StoplightView(0.9, 0.95, (HELD, OPEN), 0.21, "δ in equal parts", ("bolt, scores 0.55 to 0.70",)),
        "prices": PriceView((ForecastNight(0, 4.1, 3.9, 40), ForecastNight(1, 3.8, 4.4, 45)), 0.084, 3),
        "curve": curve_view(target=0.7),
        "control": compared(),
        "recommendation": Recommendation(Action.LOWER, "another $4.00 brings little.", 2.0, "Choosing pays."),
    }
    return round_view(**(everything | changes))


def bare_view(**changes: object) -> ReportView:
    """A round without any figure but those of the evidence given."""
    return replace(ReportView("Line", 0, "backfill", WHEN, (RoundRow(0, {}),), CLASSES), **changes)


def words_of(page: str) -> str:
    return " ".join(Page(page).text.split())


@cache
def plain() -> str:
    """The page of the ordinary view, drawn once."""
    return render(round_view())


@cache
def evident() -> str:
    """The page of a round with all evidence, drawn once."""
    return render(evident_view())
