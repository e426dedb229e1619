"""How every figure looks: calm axes by matplotlib, turned into an <svg> whose colours follow the page.

Text stays text, so that it is sharp, can be searched and takes the page's font. Knows nothing of rounds.
"""

import io
import re
import warnings
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, FAINT, BLUE, TEAL = "#475569", "#cbd5e1", "#4f46e5", "#0d9488"
THEMED = {INK: "var(--soft)", FAINT: "var(--faint)", BLUE: "var(--blue)"}  # follow the page, light or dark
LONGEST = 32  # letters of a name that fit beside the bars
WIDTH = 5.6  # inches; the page scales it


def new_axes(height: float = 3.0, panels: Sequence[float] = (1.0,)) -> list[Axes]:
    """Panels one above the other that share their x axis; `panels` are their relative heights."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    FigureCanvasSVG(figure)
    grid = figure.subplots(len(panels), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": panels})
    for axes in grid[:, 0]:
        _calm(axes)
    return list(grid[:, 0])


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Names beside horizontal bars, the first on top. They are shown as they are: no formulas."""
    axes.set_yticks(range(len(names)), [printable(name) for name in names], parse_math=False)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)


def legend(axes: Axes, *, over_names: bool = False) -> None:
    """A line of names above the panel; `over_names` starts it further left, above the names of the rows."""
    handles, labels = axes.get_legend_handles_labels()
    figure = axes.get_figure(root=True)
    style: dict[str, Any] = {
        "frameon": False,
        "fontsize": 9,
        "labelcolor": INK,
        "handlelength": 1.0,
        "columnspacing": 1.3,
    }
    if handles and over_names and figure is not None:
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), **style)
    elif handles:
        place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0), "borderpad": 0.2}
        axes.legend(handles, labels, ncols=len(labels), **place, **style)


def svg(axes: Axes, title: str) -> str:
    """The <svg> for a page, described by `title`. The same figure gives the same text."""
    sink, figure = io.StringIO(), axes.get_figure(root=True)
    if figure is None:
        raise ValueError("these axes belong to no figure")
    with warnings.catch_warnings(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        # names in scripts that matplotlib's own font lacks: the browser draws the text, with its own fonts
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        figure.savefig(sink, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(sink.getvalue(), title)


def printable(name: str, longest: int = LONGEST) -> str:
    """A name that fits beside a bar, without characters that XML does not know."""
    clear = "".join(letter if letter.isprintable() else " " for letter in name)
    return clear if len(clear) <= longest else f"{clear[: longest - 1]}…"


def _for_page(drawn: str, title: str) -> str:
    body = drawn[drawn.index("<svg") :]
    body = re.sub(r"\s*<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*">', "<g>", body)  # the same ids in every figure
    body = body.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)
    for colour, variable in THEMED.items():
        body = body.replace(f"fill: {colour}", f"fill: {variable}").replace(f"stroke: {colour}", f"stroke: {variable}")
    return body


def _calm(axes: Axes) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.grid(visible=True, axis="both", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        axis.label.set_color(INK)
        axis.label.set_fontsize(9)
