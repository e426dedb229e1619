"""The round's page: whole without any other file, honest about what is not known, safe with what users supply."""

import base64
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from nightshift.domain.detections import Detections
from nightshift.domain.review import Purpose
from nightshift.evaluation.confusion import NOTHING, Confusion
from nightshift.evaluation.control import Reply, compare
from nightshift.evaluation.learning_curve import CurvePoint, fit_curve
from nightshift.evaluation.stopping import Action, Recommendation
from nightshift.report import headline, overlay
from nightshift.report.evidence import AgreementRow, CurveView, ForecastNight, PriceView, StoplightRow, StoplightView
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


def _image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (36, 48, 3), np.uint8)


def _card(**changes: object) -> Card:
    shown = Detections.of([[4, 4, 20, 20], [22, 8, 44, 30]], [0, 1], [0.9, 0.41])
    card = Card(1, "clip-1/0.jpg", thumbnail(_image()), (48, 36), shown, "review", "unsure of bolt 0.41", 1.2, 0.06)
    return replace(card, **changes)


def _view(**changes: object) -> ReportView:
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
        cards=(_card(),),
        queue_length=40,
        changes={"gear": {"kept": 5, "moved": 1}},
        confused=(Confusion("gear", "bolt", 3, 0.2), Confusion("bolt", NOTHING, 1, 0.1)),
        stages={"train": 131.0},
        quarantine=(("ingest", "task 41", "a box has no area"),),
        links={"Label Studio": QUEUE},
    )
    return replace(view, **changes)


def _compared() -> object:
    arms = ((Purpose.REVIEW, 4.0), (Purpose.CONTROL, 2.0))
    return compare([Reply(0, p, f"c{i}", n + i % 2, 9.0) for p, n in arms for i in range(20)], 18.0)


def _curve(amounts: int = 5, target: float | None = None) -> CurveView:
    points = tuple((4.0 * i, 0.8 - 0.5 * (1 + i) ** -0.7, 0.01) for i in range(amounts))
    return CurveView.of(points, fit_curve([CurvePoint(*each) for each in points]), 4.0, target)


def _evident(**changes: object) -> ReportView:
    """A round that has measured everything about itself."""
    everything = {
        "stoplight": StoplightView(0.9, 0.95, (HELD, OPEN), 0.21, "δ in equal parts", ("bolt, scores 0.55 to 0.70",)),
        "prices": PriceView((ForecastNight(0, 4.1, 3.9, 40), ForecastNight(1, 3.8, 4.4, 45)), 0.084, 3),
        "curve": _curve(target=0.7),
        "control": _compared(),
        "recommendation": Recommendation(Action.LOWER, "another $4.00 brings little.", 2.0, "Choosing pays."),
    }
    return _view(**(everything | changes))


def _bare(**changes: object) -> ReportView:
    """A round without any figure but those of the evidence given."""
    return replace(ReportView("Line", 0, "backfill", WHEN, (RoundRow(0, {}),), CLASSES), **changes)


def _text(page: str) -> str:
    return " ".join(Page(page).text.split())


@pytest.fixture(scope="module")
def plain() -> str:
    """The page of the ordinary view, drawn once."""
    return render(_view())


@pytest.fixture(scope="module")
def evident() -> str:
    """The page of a round with all evidence, drawn once."""
    return render(_evident())


def test_the_page_asks_no_other_file_and_runs_no_script(plain: str) -> None:
    page = Page(plain)
    outside = [each for each in page.addresses if not each[1].startswith(("data:image/jpeg;base64,", "#"))]
    assert outside == [("a", QUEUE), ("a", f"{QUEUE}?task=41")]
    assert not {"script", "link", "iframe", "object", "embed", "base"} & set(page.tags)
    assert not re.search(r"url\((?!#)|@import", plain)


def test_everything_a_user_supplies_is_shown_as_text() -> None:
    view = _view(
        project=EVIL, kind=EVIL, verdict=EVIL, classes=((EVIL, "#000000"), (EVIL + "2", "#ffffff")),
        per_class={EVIL: 0.4}, thresholds={EVIL: 0.5}, changes={EVIL: {"moved": 2}},
        cards=(_card(name=EVIL, purpose=EVIL, reason=EVIL),), confused=(Confusion(EVIL, EVIL, 2, 0.5),),
        quarantine=((EVIL, EVIL, EVIL),), notes=(EVIL,), stages={EVIL: 1.0}, links={EVIL: 'https://a.b/"><script>'},
    )  # fmt: skip
    page = Page(render(view))
    assert "script" not in page.tags
    assert not page.handlers
    assert "alert('$x$')" in page.text


def test_links_that_are_no_web_pages_are_shown_but_lead_nowhere() -> None:
    links = {"Bad": "javascript:alert(1)", "Rounds": "s3://bucket/rounds/0001"}
    page = Page(render(_view(links=links)))
    assert not [each for each in page.addresses if each[0] == "a"]
    assert "s3://bucket/rounds/0001" in page.text


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
    text = Page(render(_view(number=0, history=rows, per_class={"gear": float("nan")}))).text
    assert "nan" not in text
    assert "inf" not in text.replace("info", "")


@pytest.mark.parametrize(("simulated", "said"), [(True, 3), (False, 0)])
def test_simulated_reviewers_are_called_so_wherever_their_answers_are(simulated: bool, said: int) -> None:
    assert Page(render(_view(simulated=simulated))).text.count("by simulated reviewers") == said


def test_the_first_numbers_are_those_people_ask_for() -> None:
    before = RoundRow(0, {"map50": 0.5})
    tiles = headline.tiles(_view(history=(before, _view().now)))
    assert [tile.value for tile in tiles] == ["0.610", "$4.12", "$0.11", "48", "60%"]
    assert tiles[0].note == "+11.0 points since the round before"
    assert tiles[0].tone == "good"


def test_the_page_says_how_much_of_the_queue_it_shows(plain: str) -> None:
    assert "The first 1 of 40 frames" in Page(plain).text
    assert "frames, in the order" not in Page(render(_view(queue_length=1))).text


def test_a_blind_frame_shows_no_box() -> None:
    page = Page(render(_view(cards=(_card(shown=None, purpose="golden"),))))
    assert "asked blind" in page.text
    assert "bolt 0.41" not in page.text.replace("unsure of bolt 0.41", "")


def test_the_same_view_gives_the_same_page(plain: str) -> None:
    assert render(_view()) == plain


def test_a_history_that_does_not_end_with_the_round_is_refused() -> None:
    with pytest.raises(ValueError, match="history"):
        _view(number=7)


def test_names_in_any_script_are_drawn() -> None:
    assert "部品" in render(_view(changes={"部品": {"kept": 2}}))


@pytest.mark.parametrize("rounds", [1, 2, 40])
def test_every_length_of_history_is_drawn(rounds: int) -> None:
    rows = tuple(RoundRow(n, {"map50": 0.5, "total_usd": n, "green": n, "human_usd": 1.0}) for n in range(rounds))
    assert render(_view(number=rounds - 1, history=rows)).count("<svg") > 4


def test_a_thumbnail_is_a_small_jpeg_of_the_same_shape() -> None:
    tall = np.zeros((1200, 600, 3), np.uint8)
    with Pillow.open(io.BytesIO(thumbnail(tall))) as small:
        assert (small.format, small.size) == ("JPEG", (240, 480))


def test_a_small_frame_is_not_enlarged(plain: str) -> None:
    found = re.search(r"data:image/jpeg;base64,([^\"]+)", plain)
    assert found
    with Pillow.open(io.BytesIO(base64.b64decode(found[1]))) as small:
        assert small.size == (48, 36)


@st.composite
def _boxes(draw: st.DrawFn) -> Detections:
    n = draw(st.integers(0, 20))
    x, y = (draw(st.lists(st.floats(0, 40, width=32), min_size=n, max_size=n)) for _ in range(2))
    boxes = [[a, b, a + 5, b + 4] for a, b in zip(x, y, strict=True)]
    kinds = draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))
    return Detections.of(boxes, kinds, draw(st.lists(st.floats(0, 1, width=32), min_size=n, max_size=n)))


@given(_boxes())
def test_every_box_is_drawn_where_it_is_with_its_label_inside_the_frame(shown: Detections) -> None:
    drawn = overlay.marks(shown, CLASSES, (480, 360))
    corners = sorted((mark.x, mark.y, mark.x + mark.width, mark.y + mark.height) for mark in drawn)
    assert np.allclose(
        np.array(corners).reshape(-1, 4), np.array(sorted(map(tuple, shown.boxes.tolist()))).reshape(-1, 4)
    )
    for mark in drawn:
        assert mark.label_x >= 0
        assert mark.label_x + mark.label_width <= 480 + 1e-6
        assert bool(mark.label) == (len(drawn) <= overlay.LABELLED)


@hypothesis_settings(max_examples=200)
@given(st.floats(allow_nan=True, allow_infinity=True))
def test_dollars_and_seconds_are_always_readable(value: float) -> None:
    assert re.fullmatch(r"\$-?[\d,]+(\.\d\d)?|–", headline.usd(value))
    assert len(headline.seconds(value)) > 0


@pytest.mark.parametrize(("seconds", "said"), [(3.21, "3.2 s"), (250, "4 min 10 s"), (3900, "1 h 5 min")])
def test_seconds_are_said_as_people_do(seconds: float, said: str) -> None:
    assert headline.seconds(seconds) == said


@pytest.mark.parametrize(("colour", "ink"), [("#ffffff", "#111827"), ("#000000", "#ffffff"), ("#4363d8", "#ffffff")])
def test_labels_can_be_read_on_their_colour(colour: str, ink: str) -> None:
    assert overlay.ink_on(colour) == ink


def test_a_round_without_evidence_shows_no_section_about_it(plain: str) -> None:
    text = Page(plain).text
    assert "What is promised" not in text
    assert "What more would bring" not in text


def test_the_promise_is_shown_with_its_bounds_and_what_is_missing(evident: str) -> None:
    text = _text(evident)
    for said in (
        "With 95% confidence", "at least 90% of the boxes", "holds for 1 of 2 classes", "0.914", "0.842",
        "about 140 ($21.40)", "at most 0.21 objects", "withdrawn bolt, scores 0.55 to 0.70", "δ in equal parts",
        "About 140 more audited frames ($21.40) and bolt can be accepted unseen.",
    ):  # fmt: skip
        assert said in text


def test_forecasts_are_held_against_what_came(evident: str) -> None:
    text = _text(evident)
    assert "Half of the nights after the first 3 were off by 8.4% or less." in text
    assert "The next $4.00 should bring +" in text
    assert "times the corrections per dollar of a random one" in text


def test_the_recommendation_is_the_first_advice(evident: str) -> None:
    text = _text(evident)
    assert "What to do next Lower the budget to $2.00 a night: another $4.00 brings little." in text
    assert "Choosing pays." in text


@pytest.mark.parametrize(
    ("target", "said"), [(0.3, "is reached"), (0.99, "probably out of reach"), (0.7, "takes about")]
)
def test_a_target_is_reached_priced_or_out_of_reach(target: float, said: str) -> None:
    assert said in _text(render(_bare(curve=_curve(8, target))))


def test_what_is_not_known_yet_is_said_instead_of_drawn() -> None:
    row = StoplightRow("gear", None, None, None, 0, 0, 60, 9.0)
    view = _bare(stoplight=StoplightView(0.9, 0.95, (row,)), prices=PriceView(()), curve=_curve(1), control=CHANCE_ONLY)
    text = Page(render(view)).text
    for said in ("Nothing is accepted yet", "appears with the first answers", "needs three rounds", "Not known yet"):
        assert said in text
    assert "nan" not in text


def test_names_in_the_promise_are_shown_as_text() -> None:
    row = StoplightRow(EVIL, None, 0.9, 0.8, 3, 9, 4, 1.0)
    view = _bare(
        stoplight=StoplightView(0.9, 0.95, (row,), None, EVIL, (EVIL,)),
        recommendation=Recommendation(Action.STOP, EVIL, None, EVIL),
    )
    page = Page(render(view))
    assert "script" not in page.tags
    assert "alert('$x$')" in page.text


def test_the_same_evidence_gives_the_same_page_without_any_other_file(evident: str) -> None:
    assert evident == render(_evident())
    assert not re.search(r"url\((?!#)|@import", evident)
    outside = [each for each in Page(evident).addresses if not each[1].startswith(("data:image/jpeg;base64,", "#"))]
    assert outside == [("a", QUEUE), ("a", f"{QUEUE}?task=41")]


@pytest.mark.parametrize("classes", [1, 15, 40])
def test_any_number_of_classes_has_room(classes: int) -> None:
    rows = tuple(StoplightRow(f"part {i}", None, 1.0, 0.0, 9, 3, None) for i in range(classes))
    text = Page(render(_bare(stoplight=StoplightView(0.5, 0.9, rows)))).text
    assert text.count("more would not help") == classes


@pytest.mark.parametrize("bad", [(0.0, 0.95), (0.9, 1.0)])
def test_a_promise_that_cannot_be_kept_or_broken_is_refused(bad: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        StoplightView(*bad, rows=())


def test_how_people_agree_is_shown_by_reviewer_and_class_and_a_name_is_escaped() -> None:
    rows = (
        AgreementRow(EVIL, "gear", 12, 40, 0.975, 0.9, 0.91),
        AgreementRow("second", "bolt", 12, 0, None, None, None),
    )
    page = Page(render(_view(agreement=rows)))
    assert "How people agree" in page.text
    assert "0.97" in page.text or "0.98" in page.text
    assert EVIL.replace("\x00", "") in page.text.replace("\x00", "").replace("\ufffd", "")
    assert "How people agree" not in Page(render(_view())).text


def test_a_task_in_the_quarantine_is_linked_and_a_long_list_is_cut() -> None:
    rows = (("ingest", "task 17, annotation 5", EVIL), ("register", "task.png", "no"), ("ingest", "task 9<x>", EVIL))
    many = tuple(("register", f"{i}.png", "it is cut off") for i in range(400))
    page = Page(render(_bare(quarantine=rows + many, links={"Label Studio": f"{QUEUE}?tab=3"})))
    linked = [where for _, where in page.addresses if "task=" in where]
    assert linked == [f"{QUEUE}?tab=3&task=17", f"{QUEUE}?tab=3&task=9"]
    assert "403 things could not be used" in page.text
    assert "The first 200:" in page.text
    assert "script" not in page.tags


def test_no_task_is_linked_where_the_desk_has_no_safe_address() -> None:
    rows = (("ingest", "task 17, annotation 5", "no"),)
    page = Page(render(_bare(quarantine=rows, links={"Label Studio": "javascript:alert(1)//"})))
    assert page.addresses == []


@pytest.mark.parametrize(
    "name",
    ["\ud800", "</style><script>", "]]><script>", "$\\frac{1}{0}$", "'\" onload='x'", "&lt;b&gt;", "<svg/onload=x>"],
)
def test_whatever_a_class_is_called_the_page_is_written_and_its_name_is_text(name: str) -> None:
    view = _bare(
        classes=((name, "#123456"),), per_class={name: 0.5}, changes={name: {"moved": 1}},
        confused=(Confusion(name, NOTHING, 2, 0.5),), thresholds={name: 0.4}, scores=(0.2,),
        cards=(_card(shown=Detections.of([[1, 1, 9, 9]], [0], [0.5])),),
    )  # fmt: skip
    page = Page(render(view).encode().decode())
    assert "script" not in page.tags
    assert page.handlers == []
    assert name.replace("\ud800", "?") in page.text
