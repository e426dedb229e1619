"""A wish: what it may say, and that saying it twice is one wish."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.domain.wishes import KEY, LONGEST, MOST_FRAMES, Wish

IDS = st.integers(0, 2**64).map(lambda n: f"{n:064x}")
LINES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=LONGEST).filter(
    lambda said: said.isprintable() and bool(said.strip())
)
ONE = ("0" * 64,)


@given(LINES, st.lists(IDS, min_size=1, max_size=9, unique=True))
def test_what_was_wished_is_read_back_and_has_one_name(asked: str, frames: list[str]) -> None:
    wish = Wish(asked, tuple(frames))
    assert Wish.read(wish.content) == wish
    assert KEY.fullmatch(wish.key)
    assert Wish(asked, tuple(frames)).key == wish.key


def test_another_order_is_another_wish() -> None:
    ids = tuple(f"{n:064x}" for n in range(3))
    assert Wish("glare", ids).key != Wish("glare", ids[::-1]).key


@pytest.mark.parametrize("asked", ["", "   ", "a\nb", "\x1b[31m", "x" * (LONGEST + 1)])
def test_what_no_terminal_or_reviewer_should_be_shown_is_no_wish(asked: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        Wish(asked, ONE)


@pytest.mark.parametrize(
    "frames",
    [(), ("abc",), ONE * 2, tuple(f"{n:064x}" for n in range(MOST_FRAMES + 1))],
    ids=["0", "no id", "2x", "many"],
)
def test_a_wish_names_frames_each_once_and_not_too_many(frames: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="frame"):
        Wish("glare", frames)


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"asked": "x"},
        {"asked": 1, "frames": list(ONE)},
        {"asked": "x", "frames": "all"},
        {"asked": "x", "frames": [1]},
        {"asked": "x", "frames": list(ONE), "more": 1},
    ],
)
def test_whatever_else_lies_there_is_no_wish(said: object) -> None:
    with pytest.raises(ValueError, match="does not say"):
        Wish.read(json.dumps(said).encode())
