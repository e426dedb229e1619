import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightshift.domain.frames import SourceFile
from nightshift.frames.names import HIDDEN, JOINERS, Legible, printable

NAMES = st.text(st.characters() | st.sampled_from("\\xuU0123456789abcdef\n\u202e\udcff"), max_size=12)


@given(first=NAMES, second=NAMES)
def test_different_names_stay_different(first: str, second: str) -> None:
    assert (printable(first) == printable(second)) == (first == second)


@given(name=NAMES)
def test_everything_in_a_name_can_be_seen_and_stored(name: str) -> None:
    shown = printable(name)
    assert not {unicodedata.category(each) for each in shown if each not in JOINERS} & HIDDEN
    assert shown.encode().decode() == shown


@pytest.mark.parametrize(
    "name", ["cam 1/ü 🙂.jpg", "👨\u200d👩\u200d👧.png", r"cam\1\0001.jpg", "日本\u3000語.png", "é/e\u0301.png"]
)
def test_names_that_hide_nothing_are_left_as_they_are(name: str) -> None:
    assert printable(name) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a\nb", r"a\x0ab"), (r"a\x0ab", r"a\x5cx0ab"), ("\u202egnp.exe", r"\u202egnp.exe"), ("\x1b[31m", r"\x1b[31m"),
     ("\udcff", r"\udcff"), ("\U000e0041", r"\U000e0041"), ("\x85", r"\x85"), ("\u2028", r"\u2028")],
)  # fmt: skip
def test_what_hides_is_written_as_an_escape(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_a_name_that_is_shown_finds_its_file() -> None:
    class Odd:
        def list(self) -> Iterator[SourceFile]:
            yield SourceFile("a\nb.jpg", 1, "x")
            yield SourceFile(r"a\x0ab.jpg", 1, "x")

        def read(self, name: str) -> bytes:
            return name.encode()

        def uri(self, name: str) -> str:
            return f"s3://b/{name}"

    source = Legible(Odd())
    assert [source.read(each.name) for each in source.list()] == [b"a\nb.jpg", rb"a\x0ab.jpg"]
    assert [source.uri(each.name) for each in source.list()] == ["s3://b/a\nb.jpg", r"s3://b/a\x0ab.jpg"]
