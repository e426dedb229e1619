"""How every page is made: one sheet, one style, everything escaped but what matplotlib drew. Knows no content."""

import math
import shlex
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from nightshift.report import headline

HERE = Path(__file__).parent


def write(template: str, **content: Any) -> str:
    """The page of a template, self-contained. The same content gives the same text, byte for byte."""
    style = trusted((HERE / "page.css").read_text(encoding="utf-8"))
    page = _surroundings().get_template(template).render(style=style, **content)
    return page.encode(errors="replace").decode()  # half a character in a name has no UTF-8


def trusted(own: str) -> Markup:
    """Our own file, or a figure: what goes in as it is. Never what a user supplied."""
    return Markup(own)  # noqa: S704 - our own file, or a figure whose text matplotlib has escaped


@cache
def _surroundings() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    formats = {"usd": headline.usd, "number": headline.number, "seconds": headline.seconds, "known": headline.known}
    made.filters.update(formats | {"signed": headline.signed, "plain": headline.plain, "finite": math.isfinite})
    made.filters["quoted"] = shlex.quote
    return made
