"""The page's figures, as inline SVG. Plain values in, text out; what is not known is left out, never drawn as zero."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nightshift.domain.corrections import Change
from nightshift.evaluation.confusion import NOTHING, Confusion
from nightshift.report.drawing import BLUE, FAINT, INK, TEAL, legend, name_rows, new_axes, printable, svg
from nightshift.report.view import RoundRow

LIGHTS = {"green": "#22c55e", "yellow": "#f59e0b", "red": "#ef4444"}
CHANGES = {"kept": "#22c55e", "moved": "#38bdf8", "relabelled": "#a855f7", "added": "#f59e0b", "deleted": "#ef4444"}
SCORES = (("map50", "mAP50", BLUE), ("map50_95", "mAP50-95", TEAL))
COSTS = (("human_usd", "people", "#f59e0b"), ("compute_usd", "machine", "#94a3b8"))
CLASSES, CONFUSIONS = 15, 10  # rows of a figure that can be read
NAMED = 6  # points whose names do not hide each other


def progress(history: Sequence[RoundRow]) -> str:
    """MAP over rounds, and below it what each round cost; only the cost before anything is measured."""
    lines = [(label, colour, _series(history, name)) for name, label, colour in SCORES]
    measured = any(points for _, _, points in lines)
    *above, dollars = new_axes(3.9, (1.5, 1.0) if measured else (1.0,))
    for accuracy in above:
        for label, colour, points in lines:
            _line(accuracy, points, label, colour)
        accuracy.set_ylim(0, 1)
        accuracy.set_ylabel("mAP")
        legend(accuracy)
    _stacked(dollars, history, COSTS, width=0.42)
    dollars.set_ylabel("dollars")
    _rounds(dollars, history)
    legend(dollars)
    return svg(dollars, "mAP and dollars over rounds")


def map_for_dollars(history: Sequence[RoundRow]) -> str:
    """MAP50 against all dollars spent so far."""
    (axes,) = new_axes(3.9)
    points = [
        (usd, value, row.number)
        for row in history
        if (usd := _known(row, "total_usd")) is not None and (value := _known(row, "map50")) is not None
    ]
    _line(axes, [(usd, value) for usd, value, _ in points], "", BLUE, valued=False)
    for usd, value, number in points if len(points) <= NAMED else (points[0], points[-1]):
        axes.annotate(
            f"round {number}", (usd, value), (0, 9), textcoords="offset points", ha="center", color=INK, size=9
        )
    axes.set_ylim(0, 1)
    axes.set_xlim(0, 1.12 * max((usd for usd, _, _ in points), default=1.0) or 1.0)
    axes.set_xlabel("dollars spent in all rounds, people and machine")
    axes.set_ylabel("mAP50")
    return svg(axes, "mAP50 against dollars")


def lights(history: Sequence[RoundRow]) -> str:
    """Green, yellow and red frames by round."""
    (axes,) = new_axes()
    _stacked(axes, history, [(name, name, colour) for name, colour in LIGHTS.items()], width=0.5)
    _rounds(axes, history)
    axes.set_ylabel("frames")
    legend(axes)
    return svg(axes, "frames by colour and round")


def histogram(scores: Sequence[float], thresholds: Mapping[str, float]) -> str:
    """The champion's scores, with the stoplight's thresholds."""
    (axes,) = new_axes()
    axes.hist(scores, bins=np.linspace(0, 1, 41).tolist(), color=BLUE, alpha=0.8, rwidth=0.86)
    axes.set_xlim(0, 1)
    axes.margins(y=0.16)
    for name, at in thresholds.items():
        axes.axvline(at, color=INK, linewidth=1.1, linestyle=(0, (4, 3)))
        axes.annotate(
            f"{printable(name)} {at:.2f}", (at, 0.99), (4, 0), xycoords=("data", "axes fraction"),
            textcoords="offset points", va="top", color=INK, size=9, parse_math=False,
        )  # fmt: skip
    axes.grid(visible=False, axis="x")
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("score")
    axes.set_ylabel("boxes")
    return svg(axes, "histogram of scores")


def changes(counts: Mapping[str, Mapping[str, int]]) -> str:
    """What people did to the boxes of each class; of many classes, those they changed most."""
    names = sorted(counts, key=lambda name: _changed(counts[name]), reverse=True)[:CLASSES]
    (axes,) = new_axes(_rows_height(len(names)))
    left = np.zeros(len(names))
    for change, colour in CHANGES.items():
        widths = np.array([counts[name].get(change, 0) for name in names], float)
        axes.barh(range(len(names)), widths, 0.6, left=left, color=colour, label=change)
        left += widths
    name_rows(axes, names)
    axes.set_xlabel("boxes")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    legend(axes, over_names=True)
    return svg(axes, "changes by class")


def confusion(pairs: Sequence[Confusion]) -> str:
    """The commonest mistakes on the golden set."""
    shown = pairs[:CONFUSIONS]
    (axes,) = new_axes(_rows_height(len(shown)))
    bars = axes.barh(range(len(shown)), [each.count for each in shown], 0.6, color="#a855f7")
    axes.bar_label(bars, [f"{each.count}  ({each.share:.0%})" for each in shown], padding=4, size=9, color=INK)
    name_rows(axes, [_mistake(each) for each in shown])
    axes.margins(x=0.25)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("boxes")
    return svg(axes, "most confused classes")


def stages(seconds: Mapping[str, float]) -> str:
    """Where the night's time went."""
    (axes,) = new_axes(_rows_height(len(seconds)))
    bars = axes.barh(range(len(seconds)), list(seconds.values()), 0.6, color=TEAL)
    axes.bar_label(bars, [f"{value:,.0f} s" for value in seconds.values()], padding=4, size=9, color=INK)
    name_rows(axes, list(seconds))
    axes.set_xlabel("seconds")
    return svg(axes, "seconds by stage")


def _known(row: RoundRow, name: str) -> float | None:
    value = row.get(name)
    return value if value is not None and math.isfinite(value) else None


def _series(history: Sequence[RoundRow], name: str) -> list[tuple[float, float]]:
    return [(row.number, value) for row in history if (value := _known(row, name)) is not None]


def _mistake(pair: Confusion) -> str:
    truth, found = printable(pair.truth, 18), printable(pair.found, 18)
    if pair.found == NOTHING:
        return f"{truth} missed"
    return f"no {found} there" if pair.truth == NOTHING else f"{truth} → {found}"


def _changed(changes_of_class: Mapping[str, int]) -> int:
    return sum(count for change, count in changes_of_class.items() if change != Change.KEPT)


def _rows_height(rows: int) -> float:
    return 1.1 + 0.27 * max(rows, 3)


def _line(axes: Axes, points: Sequence[tuple[float, float]], label: str, colour: str, *, valued: bool = True) -> None:
    if not points:
        return
    xs, ys = [x for x, _ in points], [y for _, y in points]
    axes.plot(xs, ys, "o-", color=colour, label=label, linewidth=2, markersize=5, clip_on=False)
    if valued:
        axes.annotate(f"{ys[-1]:.2f}", points[-1], (0, 7), textcoords="offset points", ha="center", color=INK, size=9)


def _stacked(axes: Axes, history: Sequence[RoundRow], parts: Sequence[tuple[str, str, str]], width: float) -> None:
    rounds, below = [row.number for row in history], np.zeros(len(history))
    for name, label, colour in parts:
        heights = np.array([_known(row, name) or 0.0 for row in history])
        axes.bar(rounds, heights, width, bottom=below, color=colour, label=label)
        below += heights


def _rounds(axes: Axes, history: Sequence[RoundRow]) -> None:
    numbers = [row.number for row in history] or [0]
    axes.set_xlim(min(numbers) - 0.6, max(*numbers, min(numbers) + 2) + 0.6)  # one bar is not a wall
    axes.set_xticks(numbers[:: 1 + len(numbers) // 12])
    axes.ticklabel_format(axis="y", style="plain")
    axes.set_xlabel("round")
    axes.grid(visible=False, axis="x")
    axes.spines["bottom"].set_color(FAINT)
