"""The table of a backtest: which runs there are, what each came to, and the figures over all of them.

A run's result is a file of its own, named by a digest of what it depends on: a table that was interrupted goes on with
the runs that are missing. Knows nothing of who runs them.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf, isfinite
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from nightshift.simulation.curves import area_under, usd_to
from nightshift.simulation.replay import Night

FULL = "full supervision"  # not a strategy: the yardstick
SETTLED = 3  # nights after which prices are held against their forecast


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: which data set, strategy and seed."""

    dataset: str
    strategy: str
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Args:
        trial: which run.
        nights: in order; of FULL a single one that cost what drawing everything costs.
        seconds: it took.
    """

    trial: Trial
    nights: tuple[Night, ...]
    seconds: float

    @property
    def points(self) -> list[tuple[float, float]]:
        """(dollars, mAP50), in order."""
        return [(each.usd, each.map50) for each in self.nights]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Outcome":
        """Back from plain values."""
        return cls(Trial(**said["trial"]), tuple(Night(**each) for each in said["nights"]), float(said["seconds"]))


class Shelf:
    """Results of runs in a folder.

    Args:
        folder: of the results.
        depends: everything that all runs share and that decides their results, as plain values.
    """

    def __init__(self, folder: Path, depends: Mapping[str, Any]) -> None:
        self._folder, self._depends = folder, depends
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, trial: Trial) -> Outcome | None:
        """The result of a run; None while it has none."""
        path = self._path(trial)
        return Outcome.from_dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None

    def keep(self, outcome: Outcome) -> Outcome:
        """Put a result on the shelf, whole or not at all."""
        path = self._path(outcome.trial)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(outcome.as_dict(), indent=1), encoding="utf-8")
        part.replace(path)
        return outcome

    def _path(self, trial: Trial) -> Path:
        said = json.dumps([asdict(trial), self._depends], sort_keys=True, default=str)
        name = f"{trial.dataset}-{trial.strategy}-{trial.seed}-{hashlib.sha256(said.encode()).hexdigest()[:12]}.json"
        return self._folder / name.replace("/", "_").replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Row:
    """One run in the table.

    Args:
        dataset: its name.
        strategy: its name.
        seed: of the run.
        auc: mean mAP50 over the dollars of the data set's budget.
        usd_to_90: dollars to 90% of full supervision; None where it was not reached.
        points: (dollars, mAP50).
    """

    dataset: str
    strategy: str
    seed: int
    auc: float
    usd_to_90: float | None
    points: tuple[tuple[float, float], ...]


def rows(outcomes: Sequence[Outcome], budget_usd: Mapping[str, float]) -> list[Row]:
    """The table, full supervision left out; runs of a data set share its target.

    Args:
        outcomes: of all runs; FULL among them.
        budget_usd: by data set, dollars over which areas are taken.
    """
    targets = {name: 0.9 * value for name, value in full_map50(outcomes).items()}
    return [_row(each, budget_usd, targets) for each in outcomes if each.trial.strategy != FULL]


@dataclass(frozen=True, slots=True)
class Line:
    """A strategy over the seeds of one data set.

    Args:
        dataset: its name.
        strategy: its name.
        seeds: runs.
        auc: mean over seeds.
        auc_sd: standard deviation over seeds; 0 of one.
        behind: mean of the default's area minus this one's, paired by seed; 0 of the default.
        won: seeds in which the default's area is larger.
        paired: seeds that both have.
        usd_to_90: median over seeds; None where most never reach it.
        reached: seeds that reach it.
    """

    dataset: str
    strategy: str
    seeds: int
    auc: float
    auc_sd: float
    behind: float
    won: int
    paired: int
    usd_to_90: float | None
    reached: int


def summary(table: Sequence[Row], default: str) -> list[Line]:
    """A line per data set and strategy, best area first within a data set."""
    groups: dict[tuple[str, str], dict[int, Row]] = defaultdict(dict)
    for row in table:
        groups[row.dataset, row.strategy][row.seed] = row
    lines = [_line(name, strategy, mine, groups.get((name, default), {})) for (name, strategy), mine in groups.items()]
    return sorted(lines, key=lambda each: (each.dataset, -each.auc, each.strategy))


def _line(dataset: str, strategy: str, mine: Mapping[int, Row], best: Mapping[int, Row]) -> Line:
    areas = [each.auc for each in mine.values()]
    ahead = [best[seed].auc - row.auc for seed, row in mine.items() if seed in best]
    dollars = [inf if each.usd_to_90 is None else each.usd_to_90 for each in mine.values()]
    middle = median(dollars)
    return Line(
        dataset=dataset,
        strategy=strategy,
        seeds=len(mine),
        auc=mean(areas),
        auc_sd=stdev(areas) if len(areas) > 1 else 0.0,
        behind=mean(ahead) if ahead else 0.0,
        won=sum(each > 0 for each in ahead),
        paired=len(ahead),
        usd_to_90=middle if isfinite(middle) else None,
        reached=sum(isfinite(each) for each in dollars),
    )


def full_map50(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Data set → mAP50 of full supervision, the mean over seeds."""
    values = defaultdict(list)
    for each in outcomes:
        if each.trial.strategy == FULL:
            values[each.trial.dataset].append(each.nights[-1].map50)
    return {name: mean(each) for name, each in values.items()}


def settled_nights(outcomes: Sequence[Outcome], settled: int = SETTLED) -> list[tuple[str, Night]]:
    """(data set, night) of every night that was asked at a price, but for the first `settled` ones of each run."""
    return [
        (each.trial.dataset, night)
        for each in outcomes
        for night in [n for n in each.nights if n.forecast_usd > 0][settled:]
    ]


def forecast_errors(outcomes: Sequence[Outcome], settled: int = SETTLED) -> list[float]:
    """|forecast − actual| / actual of every settled night's price."""
    nights = [night for _, night in settled_nights(outcomes, settled)]
    return [abs(each.forecast_usd - each.actual_usd) / each.actual_usd for each in nights if each.actual_usd > 0]


def median_or_none(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return median(values) if values else None


def _row(outcome: Outcome, budget_usd: Mapping[str, float], targets: Mapping[str, float]) -> Row:
    trial = outcome.trial
    target = targets.get(trial.dataset)
    return Row(
        trial.dataset,
        trial.strategy,
        trial.seed,
        area_under(outcome.points, budget_usd[trial.dataset]),
        usd_to(outcome.points, target) if target else None,
        tuple(outcome.points),
    )
