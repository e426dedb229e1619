"""Figures of the backtest: mAP50 against dollars, broken promises by rule, and forecast against actual prices."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from nightshift.report.backtest_view import BacktestView, DatasetView, GuaranteeView, PriceNight
from nightshift.report.drawing import BLUE, INK, THEMED, legend, name_rows, new_axes, printable, svg

PALETTE = ("#f59e0b", "#0d9488", "#db2777", "#0ea5e9", "#84cc16", "#b45309", "#a855f7", "#ef4444")
SCRATCH, KEPT, BROKEN = "#94a3b8", "#16a34a", "#ef4444"
DASHES = ((0, ()), (0, (1, 1)), (0, (5, 1, 1, 1)))  # once the palette is used up
CLOSE = 0.15  # relative error that a forecast should stay within
STEP = 0.1  # the axis of mAP50 begins at a multiple of it
DOTS = ("o", "s", "^", "D", "v")  # data sets


@dataclass(frozen=True, slots=True)
class Pen:
    """How a strategy is drawn, in the figure and in the legend.

    Args:
        colour: #rrggbb.
        dash: matplotlib's (offset, lengths); no lengths is a whole line.
        width: points.
        band: opacity of the range over seeds.
    """

    colour: str
    dash: tuple[float, tuple[float, ...]] = (0, ())
    width: float = 1.5
    band: float = 0.08

    @property
    def ink(self) -> str:
        """The colour as the page has it, light or dark."""
        return THEMED.get(self.colour, self.colour)

    @property
    def dasharray(self) -> str:
        """For an SVG line of the legend."""
        return " ".join(f"{self.width * each:g}" for each in self.dash[1])


def pens(view: BacktestView) -> dict[str, Pen]:
    """One pen for each strategy, the same on all data sets."""
    others = [name for name in view.strategies if name not in {view.default, view.scratch}]
    found = {name: _other(i) for i, name in enumerate(others)}
    fixed = {view.default: Pen(BLUE, width=3.0, band=0.18), view.scratch: Pen(SCRATCH, (0, (4, 2)), 1.8, 0.14)}
    return {name: fixed.get(name) or found[name] for name in view.strategies}


def curves(view: BacktestView, dataset: DatasetView) -> str:
    """Mean mAP50 over seeds against people's dollars with the range over seeds; the default on top."""
    (axes,) = new_axes(4.7)
    styles = pens(view)
    for name in (view.scratch, *(each for each in reversed(view.strategies) if each != view.scratch)):
        if arm := dataset.arm(name):
            pen = styles[name]
            axes.fill_between(arm.usd, arm.low, arm.high, color=pen.colour, alpha=pen.band, linewidth=0)
            axes.plot(arm.usd, arm.mean, color=pen.colour, linestyle=pen.dash, linewidth=pen.width)
    for value, label in _marks(dataset):
        axes.axhline(value, color=INK, linewidth=1.0, linestyle=(0, (2, 2)))
        axes.annotate(
            label, (1.0, value), (5, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center",
            color=INK, size=9,
        )  # fmt: skip
    axes.set_ylim(begins_at(view, dataset), min(1.0, _top(dataset) + 0.03))
    axes.set_xlim(0, max([dataset.budget_usd, *(arm.usd[-1] for arm in dataset.arms if arm.usd)]))
    axes.xaxis.set_major_formatter(FuncFormatter(_dollars))
    axes.set_xlabel("dollars of people's time")
    axes.set_ylabel("mAP50 on the test frames")
    return svg(axes, "mAP50 against dollars by strategy")


def begins_at(view: BacktestView, dataset: DatasetView) -> float:
    """Where the axis of mAP50 begins: scratch starts from nothing, the others far above it."""
    lowest = [min(arm.low) for arm in dataset.arms if arm.usd and arm.strategy != view.scratch]
    return max(0.0, STEP * math.floor((min(lowest, default=0.0) - 0.02) / STEP))


def promises(view: GuaranteeView) -> str:
    """Share of loops that broke the promise by rule, with its interval, against what is allowed."""
    (axes,) = new_axes(1.3 + 0.42 * len(view.rules))
    ends = []
    for place, rule in enumerate(view.rules):
        share, (low, high) = view.share(rule).value or 0.0, view.share(rule).interval
        clear = max(high, view.delta) if share <= view.delta else high  # not across the line
        colour = KEPT if share <= view.delta else BROKEN
        axes.barh(place, share, 0.5, color=colour, alpha=0.85)
        axes.hlines(place, low, high, colors=INK, linewidth=1.6)
        axes.annotate(
            f"{share:.1%}", (clear, place), (7, 0), textcoords="offset points", va="center", color=INK, size=9
        )
        ends.append(high)
    axes.axvline(view.delta, color=INK, linewidth=1.1, linestyle=(0, (4, 3)))
    axes.annotate(
        f"allowed {100 * view.delta:g}%", (view.delta, 1.0), (0, 3), xycoords=("data", "axes fraction"),
        textcoords="offset points", ha="center", va="bottom", color=INK, size=9,
    )  # fmt: skip
    name_rows(axes, [rule.name for rule in view.rules])
    axes.set_ylim(len(view.rules) - 0.45, -0.55)
    axes.set_xlim(0, 1.16 * max(*ends, 1.6 * view.delta))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
    axes.set_xlabel("loops in which the promise was broken, with 95% intervals")
    return svg(axes, "share of loops that broke the promise by rule")


def prices(nights: Sequence[PriceNight]) -> str:
    """Forecast against actual dollars, a dot for each night, on scales that fit cheap and dear nights."""
    (axes,) = new_axes(4.0)
    by_set: Mapping[str, None] = dict.fromkeys(each.dataset for each in nights)
    both = [usd for each in nights for usd in (each.forecast_usd, each.actual_usd)]
    low, high = min(both) / 1.3, max(both) * 1.3
    near = [low * (1 - CLOSE), high * (1 - CLOSE)], [low * (1 + CLOSE), high * (1 + CLOSE)]
    axes.fill_between([low, high], *near, color=INK, alpha=0.1, linewidth=0, label=f"within {CLOSE:.0%}")
    axes.plot([low, high], [low, high], color=INK, linewidth=1.0)
    for i, name in enumerate(by_set):
        mine = [(each.actual_usd, each.forecast_usd) for each in nights if each.dataset == name]
        axes.plot([x for x, _ in mine], [y for _, y in mine], DOTS[i % len(DOTS)], color=_dot(i), alpha=0.6,
                  markersize=4.5, markeredgewidth=0, label=_legible(name))  # fmt: skip
    _dollar_scales(axes, low, high)
    axes.set_xlabel("what the night came to")
    axes.set_ylabel("what its queue was to cost")
    legend(axes)
    return svg(axes, "forecast against actual dollars of nights")


def _other(index: int) -> Pen:
    return Pen(PALETTE[index % len(PALETTE)], DASHES[index // len(PALETTE) % len(DASHES)])


def _marks(dataset: DatasetView) -> list[tuple[float, str]]:
    if dataset.full_map50 is None or dataset.target is None:
        return []
    return [(dataset.full_map50, "full"), (dataset.target, "90%")]


def _top(dataset: DatasetView) -> float:
    return max([value for value, _ in _marks(dataset)] + [max(arm.high, default=0.0) for arm in dataset.arms] + [0.2])


def _dollar_scales(axes: Axes, low: float, high: float) -> None:
    """The same logarithmic scale both ways, labelled $1, $2, $5, $10."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(_dollars))
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)


def _dot(index: int) -> str:
    return (BLUE, *PALETTE)[index % (1 + len(PALETTE))]


def _dollars(value: float, _: int | None = None) -> str:
    return f"${value:,.2f}" if 0 < value < 1 else f"${value:,.10g}"


def _legible(name: str) -> str:
    """A name for the legend: no formula, and not hidden by a leading underscore."""
    return printable(name, 18).replace("$", r"\$").lstrip("_") or "–"
