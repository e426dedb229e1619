"""The map on the round's page: chosen without a script, told in words, safe with what users supply."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest

from nightshift.evaluation.interval import Interval
from nightshift.report.contact import ContactCard, ContactSheet, render_contact
from nightshift.report.map_drawing import CLASSES, drawing
from nightshift.report.map_view import DataMap, Landmark, MapPoint, SpotRow, SpotsView
from nightshift.report.page import render
from nightshift.report.thumbnail import thumbnail
from nightshift.report.view import ReportView, RoundRow

EVIL = "<script>alert('$x$')</script>\"&\x00"
WHEN = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)
JPEG = thumbnail(np.random.default_rng(0).integers(0, 256, (36, 48, 3), np.uint8), 24)
LIGHTS = ("green", "yellow", "red", "asked", "labelled", "golden")


def _point(i: int) -> MapPoint:
    errors = None if i % 7 == 0 else i % 5
    return MapPoint(
        i / 60, (i * 7 % 60) / 60, f"{i}.png", LIGHTS[i % 6], "gear" if i % 3 else "", errors, i % 12, i % 2
    )


MAP = DataMap(
    [_point(i) for i in range(60)],
    900,
    "the champion",
    [Landmark(0.1, 0.2, "a.png", JPEG), Landmark(0.8, 0.5, "b.png", JPEG)],
    (("gear", "#e6194b"),),
)
ROWS = (
    SpotRow(40, 9, 3.2, Interval(1.4, 0.3, 2.5), worse=True, like="night/00 12.png", thumbnails=(JPEG, JPEG)),
    SpotRow(30, 2, 2.0, None, worse=False, like="b.png", thumbnails=(JPEG,)),
    SpotRow(90, 9, 1.8, Interval(0.1, -0.5, 0.7), worse=False, like="c.png", thumbnails=(JPEG,)),
)
SPOTS = SpotsView(ROWS, 160, 1.7, 0.9)


def _page(data_map: DataMap | None = MAP, spots: SpotsView | None = SPOTS) -> str:
    view = ReportView(
        "line", 3, "nightly", WHEN, (RoundRow(3, {}),), (("gear", "#e6194b"),), data_map=data_map, spots=spots
    )
    return render(view)


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]


def test_every_frame_is_a_point_with_a_group_in_each_way_of_colouring() -> None:
    page = _page()
    points = re.findall(r'<circle class="([^"]*)"', page)
    assert len(points) == 60
    assert all(re.fullmatch(r"t\d c\d+ e\d r\d", each) for each in points)
    keyed = {each.removeprefix("only-") for each in _Tags(page).ids if each.startswith("only-")}
    assert keyed == {mark for each in points for mark in each.split()}, "the key names each group, and no other"
    for mark in keyed:
        assert f"svg .{mark}{{fill:#" in page
    assert _page() == page


def test_the_page_needs_no_script_and_no_id_is_there_twice() -> None:
    tags = _Tags(_page())
    assert "script" not in tags.tags
    assert len(set(tags.ids)) == len(tags.ids)


def test_what_colours_tell_is_told_in_words() -> None:
    shown = drawing(MAP)
    triage = shown["paints"][0]
    assert [(each.name, each.count) for each in triage.groups] == [(name, 10) for name in LIGHTS]
    errors = shown["paints"][2]
    assert sum(each.count for each in errors.groups) == 60
    assert errors.groups[-1].name == "not known"
    words = shown["landmarks"][0]["words"]
    assert words.startswith("30 frames · ")
    assert "most often gear" in words
    assert "corrections a frame" in words
    assert "rounds 0 to 10" in words


def test_rare_classes_and_many_rounds_share_a_colour() -> None:
    names = [f"class {i}" for i in range(40)]
    points = [replace(_point(i), label=names[i % 40], round=i) for i in range(60)]
    paints = drawing(replace(MAP, points=points))["paints"]
    assert len(paints[1].groups) == CLASSES + 1
    assert paints[1].groups[-1].name == "other classes"
    assert [each.name for each in paints[3].groups][:2] == ["rounds 0 to 11", "rounds 12 to 23"]
    assert sum(each.count for each in paints[3].groups) == 60


def test_a_group_that_is_worse_comes_with_the_command_and_others_are_not_called_so() -> None:
    page = _page()
    assert page.count("Ask more of these") == 1
    assert "nightshift find --like &#39;night/00 12.png&#39; --queue" in page
    assert page.count("it may be chance") == 2
    assert "too few clips to tell" in page
    assert "+1.4" in page


@pytest.mark.parametrize(("data_map", "spots"), [(None, None), (MAP, None), (None, SPOTS)])
def test_what_is_not_known_is_left_out(data_map: DataMap | None, spots: SpotsView | None) -> None:
    page = _page(data_map, spots)
    assert ("Where the frames lie" in page) == bool(data_map or spots)
    assert ('class="map"' in page) == bool(data_map)
    assert ('class="spots"' in page) == bool(spots)


def test_names_and_searches_from_outside_are_escaped() -> None:
    points = [replace(each, name=EVIL, label=EVIL) for each in MAP.points]
    evil = replace(MAP, points=points, landmarks=[replace(MAP.landmarks[0], name=EVIL)] * 2, seen_by=EVIL)
    page = _page(evil, replace(SPOTS, rows=[replace(ROWS[0], like=EVIL)]))
    assert "<script" not in page
    sheet = ContactSheet(EVIL, EVIL, 3, 900, [ContactCard(EVIL, JPEG, (48, 36), 0.3, "pool")], 1)
    assert "<script" not in render_contact(sheet)


def test_a_contact_sheet_shows_each_frame_with_its_state() -> None:
    cards = [ContactCard("a.png", JPEG, (48, 36), 0.312, "pool"), ContactCard("b.png", JPEG, (48, 36), 0.2, "labelled")]
    page = render_contact(ContactSheet("line", "glare on metal", 3, 900, cards, 1))
    assert page.count("<article") == 2
    for said in ("glare on metal", "a.png", "0.312", "labelled", "1 of them will be asked", "900 frames"):
        assert said in page
    assert "No frame was found." in render_contact(ContactSheet("line", "x", 3, 900, [], 0))
