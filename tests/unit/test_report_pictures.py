"""The frames of the queue on the page: small, whole, with every box where it is."""

import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from report_views import CLASSES, Page, plain, queue_card, round_view

from nightshift.domain.detections import Detections
from nightshift.report import overlay
from nightshift.report.page import render
from nightshift.report.thumbnail import thumbnail


def test_a_blind_frame_shows_no_box() -> None:
    page = Page(render(round_view(cards=(queue_card(shown=None, purpose="golden"),))))
    assert "asked blind" in page.text
    assert "bolt 0.41" not in page.text.replace("unsure of bolt 0.41", "")


def test_a_thumbnail_is_a_small_jpeg_of_the_same_shape() -> None:
    tall = np.zeros((1200, 600, 3), np.uint8)
    with Pillow.open(io.BytesIO(thumbnail(tall))) as small:
        assert (small.format, small.size) == ("JPEG", (240, 480))


def test_a_small_frame_is_not_enlarged() -> None:
    found = re.search(r"data:image/jpeg;base64,([^\"]+)", plain())
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


@pytest.mark.parametrize(("colour", "ink"), [("#ffffff", "#111827"), ("#000000", "#ffffff"), ("#4363d8", "#ffffff")])
def test_labels_can_be_read_on_their_colour(colour: str, ink: str) -> None:
    assert overlay.ink_on(colour) == ink
