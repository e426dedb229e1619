"""A contact sheet: the frames that a search found, on one self-contained page. Knows no store."""

from collections.abc import Sequence
from dataclasses import dataclass

from nightshift.report.map_drawing import picture
from nightshift.report.paper import write


@dataclass(frozen=True, slots=True)
class ContactCard:
    """One frame.

    Args:
        name: the owner's.
        thumbnail: JPEG bytes.
        size: (width, height) of the frame, pixels.
        similarity: to what was looked for.
        state: pool, asked, labelled or golden.
    """

    name: str
    thumbnail: bytes
    size: tuple[int, int]
    similarity: float
    state: str


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """The page's content.

    Args:
        project: its name.
        asked: what was looked for.
        round: whose frames were looked through.
        among: how many.
        cards: best first.
        queued: how many of them will be asked next.
    """

    project: str
    asked: str
    round: int
    among: int
    cards: Sequence[ContactCard]
    queued: int


def render_contact(view: ContactSheet) -> str:
    """The page, as text. The same view gives the same page, byte for byte."""
    return write("contact.html", view=view, cards=[(each, picture(each.thumbnail)) for each in view.cards])
