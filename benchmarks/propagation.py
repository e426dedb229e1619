"""A film of the demo's line, labelled from 5% of its frames: how well, and at what price.

    python -m benchmarks.propagation [--frames 200] [--every 20] [--clips 4] [--name flow] [--checkpoint …] [--fit]

Clips are rendered with the belt running as a film shows it: evenly, and with stops and starts, by day and by night. One
frame in `--every` is known as a careful person would draw it; the rest is carried from there and held against the
truth. Beside it stand the two ways that need no pictures: to hold the nearest known frame's boxes still, and to draw
straight lines between the two known frames, given for free which box is the same part (what people do by hand in a
video annotator). Seconds are those of the price list in the configuration's defaults. `--fit` fits the score's curve of
`flow` to other clips than those measured. Writes .bench/propagation.json.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.propagation_fit import fit_curve
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.tracks import PropagationSpec
from nightshift.evaluation.carried import Fit, drawn_seconds, fit, review_seconds
from nightshift.propagation import Propagator, open_propagator
from nightshift.simulation.line import Scene, render_clip

RESULTS = Path(".bench/propagation.json")
EVEN, STOPPING = "even", "stops and starts"
SPEED = 4  # pixels a frame, on average
HOLD, STOP = 12, 8  # frames that a stopping belt runs, and stands
Way = Callable[[Sequence[Scene], Mapping[int, Detections]], list[Detections]]


@dataclass(frozen=True, slots=True)
class Row:
    """One way on one kind of film.

    Args:
        way: how labels were carried.
        shift: day or night.
        belt: how it ran.
        fit: against the truth, known frames left out.
        known: share of the frames that were drawn.
        drawn: seconds to draw every frame.
        reviewed: seconds to draw the known frames, and to look through all others and put them right.
        sown: seconds to draw the known frames alone: what it costs where the rest is accepted unseen.
        took: seconds of the machine a frame.
    """

    way: str
    shift: str
    belt: str
    fit: Fit
    known: float
    drawn: float
    reviewed: float
    sown: float
    took: float


def main() -> None:
    """Measure, print, save."""
    options = _options()
    console = Console()
    if options.fit:
        console.print(fit_curve())
        return
    carrier = open_propagator(PropagationSpec(options.name, options.checkpoint, reach=options.every))
    assert carrier is not None, "propagation 'none' carries nothing"
    ways: dict[str, Way] = {carrier.version: _carried(carrier), "straight lines": straight, "held still": held}
    rows = [row for shift in ("day", "night") for belt in (EVEN, STOPPING) for row in _rows(ways, shift, belt, options)]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(each) for each in rows], indent=2) + "\n", encoding="utf-8")
    console.print(_table(rows, carrier.version))


def travel(frames: int, belt: str) -> list[int]:
    """How far the belt has run by each frame, pixels."""
    if belt == EVEN:
        return [SPEED * i for i in range(frames)]
    running = np.arange(frames) % (HOLD + STOP) < HOLD
    fast = round(SPEED * (HOLD + STOP) / HOLD)
    return [0, *np.cumsum(running * fast)[: frames - 1].tolist()]


def held(clip: Sequence[Scene], known: Mapping[int, Detections]) -> list[Detections]:
    """The boxes of the nearest known frame, where they were."""
    return [known[min(known, key=lambda at: abs(at - i))] for i in range(len(clip))]


def straight(clip: Sequence[Scene], known: Mapping[int, Detections]) -> list[Detections]:
    """Boxes on straight lines between the known frames on both sides; which is the same part is given."""
    return [_between(clip, sorted(known), i) for i in range(len(clip))]


def _between(clip: Sequence[Scene], known: Sequence[int], i: int) -> Detections:
    before, after = max(at for at in known if at <= i), min((at for at in known if at >= i), default=known[-1])
    first, second = clip[before], clip[after]
    share = (i - before) / max(after - before, 1)
    both = [(first.parts.index(part), second.parts.index(part)) for part in first.parts if part in second.parts]
    rows = [(1 - share) * first.truth.boxes[a] + share * second.truth.boxes[b] for a, b in both]
    return Detections.of(np.array(rows), [first.truth.classes[a] for a, _ in both])


def _carried(carrier: Propagator) -> Way:
    return lambda clip, known: carrier.propagate([each.image for each in clip], known)


def _rows(ways: Mapping[str, Way], shift: str, belt: str, options: argparse.Namespace) -> list[Row]:
    seeds = range(options.seed, options.seed + options.clips)
    run = travel(options.frames, belt)
    clips = [render_clip(seed, shift, options.frames, travel=run) for seed in seeds]  # type: ignore[arg-type]
    return [_row(name, way, clips, shift, belt, options.every) for name, way in ways.items()]


def _row(name: str, way: Way, clips: Sequence[Sequence[Scene]], shift: str, belt: str, every: int) -> Row:
    prices, began = Prices(), time.process_time()
    carried, truth, known = [], [], []
    for clip in clips:
        at = range(0, len(clip), every)
        labels = way(clip, {i: clip[i].truth for i in at})
        carried += [each for i, each in enumerate(labels) if i not in at]
        truth += [each.truth for i, each in enumerate(clip) if i not in at]
        known += [clip[i].truth for i in at]
    took, sown = time.process_time() - began, drawn_seconds(known, prices)
    return Row(
        name, shift, belt, fit(carried, truth), len(known) / len(known + truth),
        drawn_seconds(known + truth, prices), sown + review_seconds(carried, truth, prices), sown, took / len(truth),
    )  # fmt: skip


def _table(rows: Sequence[Row], version: str) -> Table:
    columns = ("way", "shift", "belt", "IoU", "found 0.5", "found 0.75", "right 0.5", "score off", "s drawn",
               "s 5% + review", "s 5% alone", "ms/frame")  # fmt: skip
    table = Table(*columns, title=f"{rows[0].known:.1%} of the frames known, the rest by {version}")
    for row in rows:
        f = row.fit
        figures = (f.iou, f.recall50, f.recall75, f.precision50, f.off)
        people = (row.drawn, row.reviewed, row.sown)
        shown = [f"{each:.3f}" for each in figures] + [f"{each:,.0f}" for each in people]
        table.add_row(row.way, row.shift, row.belt, *shown, f"{row.took * 1000:.1f}")
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A film of the demo's line, labelled from a few of its frames.")
    for name, default in (("frames", 200), ("every", 20), ("clips", 4), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--name", default="flow")
    parser.add_argument("--checkpoint", default="")
    parser.add_argument("--fit", action="store_true", help="fit the score's curve instead, and print it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
