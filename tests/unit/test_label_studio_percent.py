"""Percent and pixels: nothing is lost on the way, and what is broken is said to be broken."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from nightshift.domain.detections import Detections
from nightshift.domain.percent import Box, Size, hull
from nightshift.services.label_studio.evidence import DETAIL
from nightshift.services.label_studio.percent import from_regions, to_regions

NAMES = ("bolt", "nut", "<b>'\"&")
sizes = st.tuples(st.integers(16, 5000), st.integers(16, 5000))
shares = st.floats(0, 1, allow_nan=False)


@st.composite
def detections_in(draw: st.DrawFn, size: Size) -> Detections:
    width, height = size
    count = draw(st.integers(0, 8))
    spots = draw(arrays.arrays(np.float64, (count, 4), elements=shares))
    low = spots[:, :2] * [width - 2, height - 2]
    high = low + 1 + spots[:, 2:] * ([width - 1, height - 1] - low)
    classes = draw(arrays.arrays(np.int64, count, elements=st.integers(0, len(NAMES) - 1)))
    scores = draw(arrays.arrays(np.float32, count, elements=st.floats(0, 1, width=32)))
    return Detections.of(np.hstack([low, high]), classes, scores)


@settings(deadline=None)  # a busy machine is no failure
@given(st.data(), sizes)
def test_pixels_survive_the_way_to_label_studio_and_back(data: st.DataObject, size: Size) -> None:
    there = data.draw(detections_in(size))
    back, rejected = from_regions(to_regions(there, NAMES, size), NAMES, size, "task 1")
    assert rejected == []
    assert np.allclose(back.boxes, there.boxes, atol=1e-2)
    assert (back.classes == there.classes).all()
    assert np.allclose(back.scores, there.scores, atol=1e-6)


def turned(corner: tuple[float, float], sides: tuple[float, float], degrees: float, size: Size) -> Box:
    """A rectangle in pixels, turned about its corner, as Label Studio writes it."""
    width, height = size
    return Box(
        corner[0] / width * 100, corner[1] / height * 100, sides[0] / width * 100, sides[1] / height * 100, degrees
    )


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.tuples(st.integers(300, 700), st.integers(300, 700)),
    st.tuples(st.integers(5, 200), st.integers(5, 200)),
    st.floats(-360, 360),
)
def test_the_hull_of_a_turned_box_holds_its_corners_and_touches_each_side(
    corner: tuple[float, float], sides: tuple[float, float], degrees: float
) -> None:
    size = (1000, 1200)  # not square: turning percents instead of pixels would shear
    box = hull(turned(corner, sides, degrees, size), size)
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    corners = corner + np.array([[0, 0], [sides[0], 0], sides, [0, sides[1]]]) @ turn.T
    assert np.allclose(box, [*corners.min(axis=0), *corners.max(axis=0)], atol=1e-6)


@settings(deadline=None)  # a busy machine is no failure
@given(st.sampled_from([0, 90, 180, 270, -90, 360]))
def test_a_quarter_turn_keeps_the_sides(degrees: float) -> None:
    box = hull(turned((500, 500), (100, 40), degrees, (1000, 2000)), (1000, 2000))
    assert sorted(np.round(box[2:] - box[:2], 6)) == [40, 100]


def test_a_clockwise_quarter_turn_goes_where_the_browser_draws_it() -> None:
    box = hull(turned((500, 500), (100, 40), 90, (1000, 1000)), (1000, 1000))
    assert np.allclose(box, [460, 500, 500, 600])


def region(**value: Any) -> dict[str, Any]:
    good = {"x": 10.0, "y": 10.0, "width": 20.0, "height": 20.0, "rotation": 0, "rectanglelabels": ["nut"]}
    drawn = {"type": "rectanglelabels", "from_name": "label", "to_name": "image"}
    return drawn | {"value": {**good, **value}}


def test_a_drag_past_the_border_is_clipped() -> None:
    found, rejected = from_regions([region(x=-3.0, y=95.0)], NAMES, (200, 100), "task 1")
    assert rejected == []
    assert np.allclose(found.boxes, [[0, 95, 34, 100]])
    assert found.scores.tolist() == [1.0]


def test_a_region_without_rotation_lies_straight() -> None:
    plain = region()
    del plain["value"]["rotation"]
    assert np.allclose(from_regions([plain], NAMES, (100, 100), "t")[0].boxes, [[10, 10, 30, 30]])


BROKEN = {
    "not a number": region(x=math.nan),
    "infinite": region(width=math.inf),
    "huge": region(x=1e308),
    "huge integer": region(height=10**400),
    "text": region(y="12"),
    "true": region(y=True),
    "none": region(width=None),
    "turned by text": region(rotation="45"),
    "negative": region(width=-5.0),
    "no width": region(width=0.0),
    "a click": region(width=0.01),
    "wholly outside": region(x=101.0),
    "unknown class": region(rectanglelabels=["cat"]),
    "no class": region(rectanglelabels=[]),
    "two classes": region(rectanglelabels=["nut", "bolt"]),
    "classes of another kind": region(rectanglelabels="nut"),
    "a class that is no text": region(rectanglelabels=[{}]),
    "missing key": region() | {"value": {"x": 1}},
    "no value": region() | {"value": None},
    "another kind": {"type": "polygonlabels", "value": {}},
    "a number": 7,
    "nothing": None,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_region_is_rejected_and_its_neighbour_is_not(broken: object) -> None:
    found, rejected = from_regions([broken, region()], NAMES, (100, 100), "task 9")
    assert len(found) == 1
    assert [each.subject for each in rejected] == ["task 9, region 0"]
    assert rejected[0].reason
    assert len(rejected[0].detail) <= DETAIL


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)  # a busy machine is no failure
@given(st.dictionaries(st.sampled_from(["x", "y", "width", "height", "rotation", "rectanglelabels"]), anything))
def test_whatever_stands_in_a_region_it_is_either_a_box_inside_the_image_or_rejected(value: dict[str, Any]) -> None:
    found, rejected = from_regions([region(**value)], NAMES, (640, 480), "task 1")
    assert len(found) + len(rejected) == 1
    assert ((found.boxes >= 0) & (found.boxes <= [640, 480, 640, 480])).all()


@pytest.mark.parametrize("score", [2, -1, "high", True, None, math.nan])
def test_a_score_that_is_none_counts_as_certain(score: object) -> None:
    found, _ = from_regions([{**region(), "score": score}], NAMES, (100, 100), "task 1")
    assert found.scores.tolist() == [1.0]
