"""The round as one self-contained HTML page: no script, no font, no picture from elsewhere.

Everything that a user supplied is escaped; only figures drawn by matplotlib and the style sheet go in as they are.
"""

import base64
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from nightshift.report import figures, headline, overlay
from nightshift.report.view import Card, ReportView

HERE = Path(__file__).parent
SAFE_SCHEMES = ("https://", "http://")


def render(view: ReportView) -> str:
    """The page, as text. The same view gives the same page, byte for byte."""
    return _template().render(
        view=view,
        style=_trusted((HERE / "page.css").read_text()),
        tiles=headline.tiles(view),
        advice=headline.advice(view),
        figures=_figures(view),
        links={label: url for label, url in view.links.items() if url.startswith(SAFE_SCHEMES)},
        places={label: url for label, url in view.links.items() if not url.startswith(SAFE_SCHEMES)},
        bars=_bars(view),
        cards=[_card(view, card) for card in view.cards],
    )


@cache
def _template() -> Template:
    surroundings = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    formats = {"usd": headline.usd, "number": headline.number, "seconds": headline.seconds, "known": headline.known}
    surroundings.filters.update(formats)
    return surroundings.get_template("page.html")


def _figures(view: ReportView) -> dict[str, Markup]:
    """Every figure; empty where it has nothing to show."""
    measured = _ever(view, "map50")
    drawn = {
        "progress": figures.progress(view.history) if measured or _ever(view, "compute_usd", "human_usd") else "",
        "dollars": figures.map_for_dollars(view.history) if measured else "",
        "lights": figures.lights(view.history) if _ever(view, *figures.LIGHTS) else "",
        "histogram": figures.histogram(view.scores, view.thresholds) if view.scores else "",
        "changes": figures.changes(view.changes) if view.changes else "",
        "confused": figures.confusion(view.confused) if view.confused else "",
        "stages": figures.stages(view.stages) if view.stages else "",
    }
    return {name: _trusted(svg) for name, svg in drawn.items()}


def _ever(view: ReportView, *names: str) -> bool:
    return any(headline.known(row, name) is not None for row in view.history for name in names)


def _bars(view: ReportView) -> list[dict[str, Any]]:
    colours = dict(view.classes)
    return [
        {"name": name, "value": value, "colour": colours.get(name, "#64748b")}
        for name, value in sorted(view.per_class.items(), key=lambda each: (-each[1], each[0]))
    ]


def _card(view: ReportView, card: Card) -> dict[str, Any]:
    return {
        "said": card,
        "picture": "data:image/jpeg;base64," + base64.b64encode(card.thumbnail).decode(),
        "text": overlay.text_size(card.size),
        "marks": overlay.marks(card.shown, view.classes, card.size) if card.shown is not None else [],
    }


def _trusted(own: str) -> Markup:
    return Markup(own)  # noqa: S704 - our own file, or a figure whose text matplotlib has escaped
