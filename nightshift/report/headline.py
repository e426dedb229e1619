"""What the page says first: five numbers, a verdict, and what to do next. Plain values in, plain text out."""

import math
from dataclasses import dataclass

from nightshift.report.view import ReportView, RoundRow

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Tile:
    """One big number.

    Args:
        label: what it is.
        value: the number, formatted.
        note: one short line below it.
        tone: "good", "bad" or "" for the note's colour.
    """

    label: str
    value: str
    note: str
    tone: str = ""


def tiles(view: ReportView) -> tuple[Tile, ...]:
    """The five numbers at the top of the page."""
    now = view.now
    return (_map_tile(view), _cost_tile(now), _price_tile(now), _reviewed_tile(view, now), _accepted_tile(now))


def advice(view: ReportView) -> tuple[str, ...]:
    """What to do next, most urgent first."""
    said = []
    if known(view.now, "map50") is None:
        said.append("Accuracy is not known yet: answer the golden frames in the queue, and the next round measures it.")
    if view.queue_length:
        price = known(view.now, "queue_usd")
        worth = f", about {usd(price)} of people's time{_between(view.now)}" if price is not None else ""
        said.append(f"{count(view.queue_length)} waiting{worth}. The frame worth most comes first.")
    else:
        said.append("Nothing waits for people tonight.")
    if view.recommendation is not None and view.recommendation.choosing:
        said.append(view.recommendation.choosing)
    said += _audits(view)
    return tuple(said)


def known(row: RoundRow, name: str) -> float | None:
    """A figure, or None where it is missing or not a number."""
    value = row.get(name)
    return value if value is not None and math.isfinite(value) else None


def usd(value: float | None) -> str:
    """$0.42, $1,234; cents only where they matter."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"${value:,.0f}" if abs(value) >= 1000 else f"${value:,.2f}"  # noqa: PLR2004 - a thousand


def number(value: float | None, digits: int = 0) -> str:
    """1,234 or 0.512; a dash where it is not known."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:,.{digits}f}"


def signed(value: float) -> str:
    """+1.2 or −0.3, one digit; a dash where it is not known."""
    return f"{value:+.1f}" if math.isfinite(value) else UNKNOWN


def plain(value: float) -> str:
    """95 or 97.5, without needless digits."""
    return f"{value:g}"


def seconds(value: float) -> str:
    """3.2 s, 4 min 10 s, 1 h 5 min."""
    if not math.isfinite(value):
        return UNKNOWN
    if value < 60:  # noqa: PLR2004 - a minute
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004


def count(frames: int) -> str:
    """1 frame is, 2 frames are."""
    return "1 frame is" if frames == 1 else f"{frames:,} frames are"


def _between(now: RoundRow) -> str:
    low, high = known(now, "queue_usd_low"), known(now, "queue_usd_high")
    return "" if low is None or high is None or not high else f" ({usd(low)} to {usd(high)} in four nights of five)"


def _audits(view: ReportView) -> tuple[str, ...]:
    """The cheapest class that audits would open, where any would."""
    rows = view.stoplight.rows if view.stoplight else ()
    open_ = [row for row in rows if row.threshold is None and row.missing_frames]
    if not open_:
        return ()
    next_ = min(open_, key=lambda row: row.missing_frames or 0)
    price = f" ({usd(next_.missing_usd)})" if next_.missing_usd is not None else ""
    return (
        f"About {number(next_.missing_frames)} more audited frames{price} and {next_.name} can be accepted unseen.",
    )


def _map_tile(view: ReportView) -> Tile:
    value = known(view.now, "map50")
    if value is None:
        return Tile("mAP50 on the golden set", UNKNOWN, "no golden frame labelled yet")
    before = next((v for row in reversed(view.history[:-1]) if (v := known(row, "map50")) is not None), None)
    if before is None:
        return Tile("mAP50 on the golden set", number(value, 3), "first measurement")
    points = round(100 * (value - before), 1)
    tone = "good" if points > 0 else "bad" if points < 0 else ""
    return Tile("mAP50 on the golden set", number(value, 3), f"{points:+.1f} points since the round before", tone)


def _cost_tile(now: RoundRow) -> Tile:
    human, compute = known(now, "human_usd"), known(now, "compute_usd")
    total = None if human is None and compute is None else (human or 0.0) + (compute or 0.0)
    return Tile("spent this round", usd(total), f"people {usd(human)} · machine {usd(compute)}")


def _price_tile(now: RoundRow) -> Tile:
    spent = known(now, "total_usd")
    note = f"{usd(spent)} in all rounds" if spent is not None else "all rounds, per point of mAP50-95"
    return Tile("per mAP point", usd(known(now, "usd_per_map_point")), note)


def _reviewed_tile(view: ReportView, now: RoundRow) -> Tile:
    who = "by simulated reviewers" if view.simulated else "by people, since the round before"
    return Tile("frames reviewed", number(known(now, "frames_reviewed")), who)


def _accepted_tile(now: RoundRow) -> Tile:
    accepted, boxes = known(now, "boxes_accepted"), known(now, "boxes_auto")
    if accepted is None or not boxes:
        return Tile("auto-accepted", UNKNOWN, "no box of the teacher's yet")
    green = known(now, "green")
    frames = f" · {number(green)} frames green" if green else ""
    return Tile(
        "auto-accepted", f"{100 * accepted / boxes:.0f}%", f"{number(accepted)} of {number(boxes)} boxes{frames}"
    )
