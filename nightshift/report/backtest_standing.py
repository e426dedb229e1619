"""How the default stands against every other strategy: paired by seed, said in words, losses like wins."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import mean, stdev

from nightshift.report.backtest_view import ArmView, BacktestView, DatasetView
from nightshift.report.headline import Tile, number, usd

ERRORS = 2.0  # standard errors that a difference must exceed to be called one


class Verdict(StrEnum):
    """What a comparison came to, seen from the default."""

    WON = "won against"
    TIED = "tied with"
    LOST = "lost to"
    OPEN = "cannot be told yet from"  # fewer than two seeds in common


@dataclass(frozen=True, slots=True)
class Pairing:
    """The default against another strategy on one data set.

    Args:
        dataset: its name.
        other: the other strategy.
        leads: difference of the areas, default − other, one for each seed that both have.
    """

    dataset: str
    other: str
    leads: tuple[float, ...]

    @property
    def lead(self) -> float | None:
        """Mean difference; None without a common seed."""
        return mean(self.leads) if self.leads else None

    @property
    def seeds_won(self) -> int:
        """Seeds in which the default's area was larger."""
        return sum(each > 0 for each in self.leads)

    @property
    def verdict(self) -> Verdict:
        """Won or lost by more than twice the standard error of the mean difference, otherwise tied."""
        if len(self.leads) < 2:  # noqa: PLR2004 - one seed has no spread
            return Verdict.OPEN
        lead, error = mean(self.leads), stdev(self.leads) / sqrt(len(self.leads))
        if abs(lead) <= ERRORS * error or lead == 0:
            return Verdict.TIED
        return Verdict.WON if lead > 0 else Verdict.LOST

    @property
    def said(self) -> str:
        """The other's name with the difference."""
        return self.other if self.lead is None else f"{self.other} ({difference(self.lead)})"


@dataclass(frozen=True, slots=True)
class Standing:
    """A row of the table.

    Args:
        arm: the strategy's results.
        pairing: the default against it; None for the default itself and where the default was not run.
        ratio: its dollars to 90% over scratch's; None where not known.
        at_most: the ratio is an upper bound: scratch did not get there within the budget.
    """

    arm: ArmView
    pairing: Pairing | None
    ratio: float | None
    at_most: bool = False


def standings(view: BacktestView, dataset: DatasetView) -> tuple[Standing, ...]:
    """The table of a data set, the largest area first."""
    best, scratch = dataset.arm(view.default), dataset.arm(view.scratch)
    rows = []
    for arm in sorted(dataset.arms, key=lambda each: (-each.area, each.strategy)):
        pairing = None if best is None or arm is best else _pairing(dataset.name, best, arm)
        rows.append(Standing(arm, pairing, *_ratio(arm, scratch, dataset)))
    return tuple(rows)


def pairings(view: BacktestView) -> tuple[Pairing, ...]:
    """Every comparison on the page."""
    return tuple(row.pairing for each in view.datasets for row in standings(view, each) if row.pairing)


def sentence(view: BacktestView, dataset: DatasetView) -> str:
    """On one data set: whom the default won against, tied with, lost to."""
    found = [row.pairing for row in standings(view, dataset) if row.pairing]
    if not found:
        return (
            f"{view.default} {'has nothing to be compared with' if dataset.arm(view.default) else 'was not run'} yet."
        )
    parts = [
        f"{verdict} {listed([pairing.said for pairing in mine])}"
        for verdict in Verdict
        if (mine := [pairing for pairing in found if pairing.verdict is verdict])
    ]
    return f"{view.default} {'; '.join(parts)}."


def overall(view: BacktestView) -> str:
    """Over all data sets: how many comparisons were won, tied and lost, and which were lost."""
    found = pairings(view)
    if not found:
        return f"{view.default} has nothing to be compared with yet."
    counts = [sum(pairing.verdict is each for pairing in found) for each in Verdict]
    said = f"Of {len(found)} comparisons the default, {view.default}, won {counts[0]}, tied {counts[1]}"
    said += f" and lost {counts[2]}" + (f"; {counts[3]} have too few seeds to tell." if counts[3] else ".")
    lost = [f"to {pairing.said} on {pairing.dataset}" for pairing in found if pairing.verdict is Verdict.LOST]
    return f"{said} It lost {listed(lost)}." if lost else said


def tiles(view: BacktestView) -> tuple[Tile, ...]:
    """The three numbers that matter."""
    return (_ratio_tile(view), _rank_tile(view), _violation_tile(view))


def times(row: Standing) -> str:
    """0.38×, or ≤ 0.38× where scratch did not get there."""
    return "–" if row.ratio is None else f"{'≤ ' if row.at_most else ''}{row.ratio:.2f}×"


def difference(value: float) -> str:
    """+0.021 or −0.004; no sign where it rounds to nothing."""
    said = f"{value:+.3f}".replace("-", "−")
    return said[1:] if not float(said[1:]) else said


def listed(names: Sequence[str]) -> str:
    """One, another and a third."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _pairing(dataset: str, best: ArmView, other: ArmView) -> Pairing:
    theirs = {each.seed: each.auc for each in other.runs}
    return Pairing(dataset, other.strategy, tuple(e.auc - theirs[e.seed] for e in best.runs if e.seed in theirs))


def _ratio(arm: ArmView, scratch: ArmView | None, dataset: DatasetView) -> tuple[float | None, bool]:
    """Against scratch's dollars; where scratch did not get there, against the budget, which it needs at least."""
    if scratch is None or arm.usd_to_90 is None or dataset.target is None:
        return None, False
    if scratch.usd_to_90 is None:
        return arm.usd_to_90 / dataset.budget_usd, True
    return (arm.usd_to_90 / scratch.usd_to_90, False) if scratch.usd_to_90 > 0 else (None, False)


def _mine(view: BacktestView) -> list[tuple[str, int, int, Standing]]:
    """Data set, rank, of how many, and row of the default, wherever it was run."""
    tables = [(each.name, standings(view, each)) for each in view.datasets]
    return [
        (name, rank, len(rows), row)
        for name, rows in tables
        for rank, row in enumerate(rows, start=1)
        if row.arm.strategy == view.default
    ]


def _ratio_tile(view: BacktestView) -> Tile:
    label = f"dollars to 90% of full supervision, {view.default} against {view.scratch}"
    mine = _mine(view)
    known = sorted((row.ratio, times(row)) for _, _, _, row in mine if row.ratio is not None)
    if not known:
        return Tile(label, "–", "not reached within the budget" if mine else "not run yet")
    value = known[-1][1] if len(known) == 1 else f"{known[0][1].removesuffix('×')} to {known[-1][1]}"
    note = " · ".join(f"{name} {times(row) if row.ratio is not None else _why(row)}" for name, _, _, row in mine)
    good = len(known) == len(mine) and known[-1][0] < 1
    return Tile(label, value, note, "good" if good else "bad")


def _why(row: Standing) -> str:
    return "not reached" if row.arm.usd_to_90 is None else f"{usd(row.arm.usd_to_90)}, no ratio"


def _rank_tile(view: BacktestView) -> Tile:
    label = f"rank of {view.default} by area under the curve"
    mine = _mine(view)
    if not mine:
        return Tile(label, "–", "not run yet")
    ranks, most = sorted(rank for _, rank, _, _ in mine), max(of for _, _, of, _ in mine)
    value = _th(ranks[0]) if ranks[0] == ranks[-1] else f"{_th(ranks[0])} to {_th(ranks[-1])}"
    note = " · ".join(f"{name} {_th(rank)} of {of}" for name, rank, of, _ in mine)
    return Tile(label, f"{value} of {most}", note, "good" if ranks[-1] == 1 else "bad" if ranks[0] > 1 else "")


def _violation_tile(view: BacktestView) -> Tile:
    label, promise = "simulated loops that broke the promise", view.guarantee
    if promise is None:
        return Tile(label, "–", "not simulated")
    value = f"{number(promise.ours.violated)} of {number(promise.loops)}"
    note = f"at most {number(promise.delta * promise.loops)} ({100 * promise.delta:g}%) are allowed"
    return Tile(label, value, note, "good" if promise.holds else "bad")


def _th(rank: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    teen = rank % 100 in {11, 12, 13}
    return f"{rank}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(rank % 10, 'th')}"
