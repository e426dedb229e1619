"""Figures of progress: the learning curve with its forecast, and chosen against random frames."""

from matplotlib.axes import Axes

from nightshift.evaluation.control import Comparison
from nightshift.evaluation.interval import Interval
from nightshift.report.drawing import BLUE, INK, legend, name_rows, new_axes, svg
from nightshift.report.evidence import CurveView

CHANCE, TARGET = "#94a3b8", "#16a34a"
BROADEST = 3.0  # times the largest estimate that an interval is drawn to; a longer one runs out of the figure


def curve(view: CurveView) -> str:
    """Measured mAP50 against dollars, the curves that fit, and what the next nights should bring."""
    (axes,) = new_axes(5.8)
    _forecast(axes, view)
    _measured(axes, view)
    tops = [value for _, value, _ in view.points] + [each.high for _, each in view.line]
    if view.target is not None:
        axes.axhline(view.target, color=TARGET, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.annotate(
            f"target {view.target:.2f}", (0.01, view.target), (0, 4), xycoords=("axes fraction", "data"),
            textcoords="offset points", color=TARGET, size=9,
        )  # fmt: skip
        tops.append(view.target)
    axes.set_ylim(0, min(1.0, 1.12 * max(tops, default=1.0)) or 1.0)
    end = max([usd for usd, _ in view.line] + [view.now])
    axes.set_xlim(min([usd for usd, _, _ in view.points], default=0.0) - 0.03 * end, 1.02 * end or 1.0)
    axes.set_xlabel("dollars of people's time")
    axes.set_ylabel("mAP50")
    legend(axes)
    return svg(axes, "learning curve with its forecast")


def control(found: Comparison) -> str:
    """Corrections that a dollar (or a frame) brings: chosen frames and random ones, with their intervals."""
    rate, unit = (found.per_usd, "dollar") if found.per_usd else (found.per_frame, "frame")
    if rate is None:
        raise ValueError("nothing is known yet about chosen and random frames")
    (axes,) = new_axes(1.9)
    longest = BROADEST * max(rate.chosen.value, rate.random.value) or 1.0
    for place, each, colour in ((0, rate.chosen, BLUE), (1, rate.random, CHANCE)):
        _bar(axes, place, each, colour, longest)
    name_rows(axes, ("chosen", "random"))
    axes.set_ylim(1.6, -0.6)
    axes.set_xlim(0, 1.16 * min(longest, max(rate.chosen.high, rate.random.high)) or 1.0)
    axes.set_xlabel(f"corrections per {unit}, with {found.confidence:.0%} intervals")
    return svg(axes, "corrections per dollar of chosen and random frames")


def _forecast(axes: Axes, view: CurveView) -> None:
    """Dashed beyond what is spent."""
    if not view.line:
        return
    usd = [each for each, _ in view.line]
    low, high = [each.low for _, each in view.line], [each.high for _, each in view.line]
    axes.fill_between(
        usd, low, high, color=BLUE, alpha=0.14, linewidth=0, label=f"{view.level:.0%} of the curves that fit"
    )
    before = [(each, found.value) for each, found in view.line if each <= view.now]
    ahead = [before[-1]] * bool(before) + [(each, found.value) for each, found in view.line if each > view.now]
    for part, style, label in ((before, "-", None), (ahead, (0, (3, 2)), "forecast")):
        axes.plot([x for x, _ in part], [y for _, y in part], linestyle=style, color=BLUE, linewidth=1.8, label=label)


def _measured(axes: Axes, view: CurveView) -> None:
    usd, value = [each for each, _, _ in view.points], [each for _, each, _ in view.points]
    errors = [sd or 0.0 for _, _, sd in view.points]
    axes.errorbar(usd, value, errors, fmt="o", color=INK, markersize=5, linewidth=1.2, label="measured", clip_on=False)


def _bar(axes: Axes, place: int, each: Interval, colour: str, longest: float) -> None:
    axes.barh(place, each.value, 0.52, color=colour, alpha=0.85)
    axes.hlines(place, each.low, min(each.high, longest), colors=INK, linewidth=1.6)
    end = max(each.value, min(each.high, longest))
    axes.annotate(
        f"{each.value:,.1f}", (end, place), (7, 0), textcoords="offset points", va="center", color=INK, size=9
    )
