"""Figures of the promise: how sure the stoplight is of each class, and how well the prices were forecast."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from nightshift.report.drawing import INK, legend, name_rows, new_axes, svg
from nightshift.report.evidence import ForecastNight, StoplightRow, StoplightView

HELD, OPEN = "#16a34a", "#94a3b8"
FORECAST, ACTUAL = "#c7d2fe", "#f59e0b"
CLASSES = 15  # rows that can be read
WIDTH = 0.36  # of a bar


def stoplight(view: StoplightView) -> str:
    """Measured precision and its lower bound by class, against the promise."""
    rows = [row for row in view.rows if row.lower is not None][:CLASSES]
    (axes,) = new_axes(1.2 + 0.3 * max(len(rows), 3))
    for kept, colour, label in ((True, HELD, "accepted"), (False, OPEN, "not accepted yet")):
        _bounds(axes, [(i, row) for i, row in enumerate(rows) if (row.threshold is not None) == kept], colour, label)
    lowest = min([row.lower or 0.0 for row in rows] + [view.promise - 0.1])
    axes.axvline(view.promise, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), label=f"promised {view.promise:g}")
    name_rows(axes, [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(max(0.0, math.floor(20 * lowest) / 20), 1.005)
    axes.set_xlabel("precision of the boxes: lower bound (bar) and measured (dot)")
    legend(axes, over_names=True)
    return svg(axes, "precision of accepted boxes by class")


def prices(nights: Sequence[ForecastNight]) -> str:
    """Forecast and actual dollars, side by side for each night."""
    (axes,) = new_axes(3.0)
    numbers = [each.night for each in nights]
    forecast, actual = [each.forecast_usd for each in nights], [each.actual_usd for each in nights]
    axes.bar([n - WIDTH / 2 for n in numbers], forecast, WIDTH * 0.94, color=FORECAST, label="forecast")
    axes.bar([n + WIDTH / 2 for n in numbers], actual, WIDTH * 0.94, color=ACTUAL, label="actual")
    axes.set_xlim(min(numbers) - 0.7, max(*numbers, min(numbers) + 2) + 0.7)
    axes.set_xticks(numbers[:: 1 + len(numbers) // 12])
    axes.grid(visible=False, axis="x")
    axes.ticklabel_format(axis="y", style="plain")
    axes.set_xlabel("round that asked")
    axes.set_ylabel("dollars")
    legend(axes)
    return svg(axes, "forecast and actual dollars by round")


def _bounds(axes: Axes, rows: Sequence[tuple[int, StoplightRow]], colour: str, label: str) -> None:
    """A bar from the bound up to what was measured, which may be missing."""
    ends = [(i, row.lower or 0.0, row.precision if row.precision is not None else row.lower) for i, row in rows]
    named = label if rows else ""  # nothing to see, nothing to explain
    axes.hlines([i for i, _, _ in ends], [low for _, low, _ in ends], [high or 0.0 for _, _, high in ends],
                colors=colour, linewidth=5, alpha=0.45, label=named)  # fmt: skip
    measured = [(row.precision, i) for i, row in rows if row.precision is not None]
    axes.plot([x for x, _ in measured], [y for _, y in measured], "o", color=colour, markersize=6)
    axes.plot([low for _, low, _ in ends], [i for i, _, _ in ends], "|", color=colour, markersize=11, markeredgewidth=2)
