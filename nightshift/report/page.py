"""The round as one self-contained HTML page: no script, no font, no picture from elsewhere.

Everything that a user supplied is escaped; only figures drawn by matplotlib and the style sheet go in as they are.
"""

import re
from typing import Any

from markupsafe import Markup

from nightshift.report import figures, guarantee_figures, headline, learning_figures, map_drawing, overlay
from nightshift.report.paper import trusted, write
from nightshift.report.view import Card, ReportView

SAFE_SCHEMES = ("https://", "http://")
SET_ASIDE = 200  # rows of the quarantine that are shown: a longer list is read in the store
DESK = "Label Studio"  # the link to the queue


def render(view: ReportView) -> str:
    """The page, as text. The same view gives the same page, byte for byte."""
    return write(
        "page.html",
        view=view,
        tiles=headline.tiles(view),
        advice=headline.advice(view),
        figures=_figures(view) | _evidence(view),
        links={label: url for label, url in view.links.items() if url.startswith(SAFE_SCHEMES)},
        places={label: url for label, url in view.links.items() if not url.startswith(SAFE_SCHEMES)},
        bars=_bars(view),
        cards=[_card(view, card) for card in view.cards],
        drawn=map_drawing.drawing(view.data_map) if view.data_map else {},
        spots=map_drawing.spots(view.spots) if view.spots else [],
        quarantine=[(*row, _task_link(view, row[1])) for row in view.quarantine[:SET_ASIDE]],
    )


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
    return {name: trusted(svg) for name, svg in drawn.items()}


def _evidence(view: ReportView) -> dict[str, Markup]:
    """The figures of what the loop has measured about itself; empty where nothing is known."""
    light, control = view.stoplight, view.control
    compared = control is not None and (control.per_usd or control.per_frame)
    bounded = light is not None and any(row.lower is not None for row in light.rows)
    drawn = {
        "stoplight": guarantee_figures.stoplight(light) if light and bounded else "",
        "prices": guarantee_figures.prices(view.prices.nights) if view.prices and view.prices.nights else "",
        "curve": learning_figures.curve(view.curve) if view.curve and view.curve.points else "",
        "control": learning_figures.control(control) if control and compared else "",
    }
    return {name: trusted(svg) for name, svg in drawn.items()}


def _task_link(view: ReportView, subject: str) -> str:
    """Where a person mends a task that is named in the quarantine; empty for everything else."""
    queue, task = view.links.get(DESK, ""), re.match(r"task (\d{1,19})\b", subject)
    if task is None or not queue.startswith(SAFE_SCHEMES):
        return ""
    return f"{queue}{'&' if '?' in queue else '?'}task={task[1]}"


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
        "picture": map_drawing.picture(card.thumbnail),
        "text": overlay.text_size(card.size),
        "marks": overlay.marks(card.shown, view.classes, card.size) if card.shown is not None else [],
    }
