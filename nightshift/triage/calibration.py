"""Tonight's thresholds: above which score the boxes of a class may be accepted unseen, and how sure that is.

With probability 1−δ over the drawing of audits it holds for all classes and all nights at once: of the boxes of a
class that score at least its threshold, on all frames of the pool that were known when the audits were drawn, at least
the promised share is right (`bets` has the proof, `promise` how δ is spent). The thresholds that may be chosen are
fixed, once there are enough boxes, from the teacher's own scores without a look at audits, and are handed on
from night to night in the stoplight. A threshold holds as long as its capital stands: what is accepted is decided by
tonight's capital, not by the highest it has ever had, so that a band that fails withdraws itself.

Audits must be asked in the order of their turns. When more frames arrive than can be audited in turn, evidence counts
only up to the first turn that was not asked: audits of old frames say nothing about new ones. Audits that were asked
but not answered are taken to be missing for no reason.

Learn-then-Test (Angelopoulos et al. 2021) goes down a fixed sequence of thresholds and spends nothing on their number.
It is here for comparison (`Spending.SEQUENCE`): when the teacher drifts, the first threshold that fails is another one
every night, and its proof does not cover that.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nightshift.triage.bets import Array, log_components, mixed, stakes
from nightshift.triage.drift import alarm
from nightshift.triage.evidence import Evidence, Floats, Population
from nightshift.triage.missed import most_missed
from nightshift.triage.promise import Era, Promise, Spending, Stoplight, Verdict

SHARES = (1.0, 0.92, 0.84, 0.76, 0.66, 0.54, 0.4)  # of the boxes that a threshold would accept
FEWEST_BOXES = 50  # of a class before its thresholds are fixed
FLAT = 20  # audited boxes before growth is read from them
STEPS = 14  # halvings


def calibrate(
    evidence: Evidence,
    population: Population,
    promise: Promise,
    classes: int,
    night: int,
    previous: Stoplight | None = None,
) -> Stoplight:
    """Tonight's thresholds.

    Args:
        evidence: every audited frame of the population so far.
        population: what this version of the teacher found on every frame of the pool.
        promise: what is promised.
        classes: of the ontology.
        night: the number of this round; frames registered from now on carry it.
        previous: the stoplight of the last round with this teacher and this promise, else None.
    """
    before = {(v.era.label, v.era.number): v for v in previous.verdicts} if previous else {}
    verdicts = []
    for label in range(classes):
        known = [v.era for v in before.values() if v.era.label == label] or [Era(label, 0, 0, None)]
        last = before.get((label, known[-1].number))
        for era in _eras(known, last.at if last else None, evidence, promise, night):
            old = before.get((label, era.number))
            verdicts.append(_judge(era, evidence, population, promise, classes, old))
    return Stoplight(promise, classes, night, tuple(verdicts))


def _eras(known: list[Era], threshold: float | None, evidence: Evidence, promise: Promise, night: int) -> list[Era]:
    """The eras so far, and a new one if the newest frames break the promise."""
    last = known[-1]
    if threshold is None or night <= last.since or not promise.patience:
        return known
    accepted, wrong = evidence.boxes(last.label, [threshold])
    spent = cost(accepted, wrong, promise.precision)[0] / evidence.weights
    rate = promise.patience * len(last.thresholds)
    if not alarm(spent, evidence, evidence.registered >= last.since, promise.precision, rate):
        return known
    return [*known[:-1], replace(last, until=night), Era(last.label, last.number + 1, night, None)]


def _fixed(era: Era, scores: Floats) -> Era:
    """The era with its thresholds, fixed on the first night on which there are enough boxes."""
    if era.thresholds or len(scores) < FEWEST_BOXES:
        return era
    cuts = np.quantile(scores, [1 - share for share in SHARES], method="inverted_cdf")
    return replace(era, thresholds=tuple(float(each) for each in np.unique(cuts)))


def _judge(
    era: Era, seen: Evidence, population: Population, promise: Promise, classes: int, before: Verdict | None
) -> Verdict:
    scores = population.of_class(era.label, era.since, era.until)
    era, inside = (
        _fixed(era, scores),
        era.holds(seen.registered) & (seen.turns < population.frontier(era.since, era.until)),
    )
    if not era.thresholds:
        return Verdict(era, None, None, None, 0.0, int(inside.sum()), 0, 0, None, _withdrawn(before, None), None)
    accepted, wrong = (each[:, inside] for each in seen.boxes(era.label, era.thresholds))
    table = _Table(accepted, wrong, seen.turns[inside], seen.weights[inside])
    need = -math.log(era.share(promise, classes, promise.delta))
    chosen = _lowest(mixed(table.components(promise.precision)) >= need, promise.spending)
    at, missing = (chosen, 0) if chosen is not None else _promising(table, era, scores, population, promise, need)
    threshold = None if chosen is None else era.thresholds[chosen]
    return Verdict(
        era=era,
        threshold=threshold,
        at=era.thresholds[at],
        precision=table.precision(at),
        lower=table.lower(at, need),
        frames=int(inside.sum()),
        boxes=int(accepted[at].sum()),
        wrong=int(wrong[at].sum()),
        missing_frames=missing,
        withdrawn=_withdrawn(before, threshold),
        missed=None if threshold is None else _missed(era, seen, inside, promise, classes, threshold),
    )


def _promising(
    table: "_Table", era: Era, scores: Floats, population: Population, promise: Promise, need: float
) -> tuple[int, int | None]:
    """The threshold that lacks the fewest audits, and how many; None where none of them gets there."""
    below = np.searchsorted(np.sort(scores), np.asarray(era.thresholds, np.float32))
    density = (len(scores) - below) / population.weight(era.since, era.until)
    missing = table.missing(promise.precision, need, density)
    at = int(missing.argmin())
    return at, int(missing[at]) if np.isfinite(missing[at]) else None


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Audits of one class and era at each of its G thresholds.

    Args:
        accepted: (G, n) boxes.
        wrong: (G, n) of these.
        turns: (n,) of the frames.
        weights: (n,) of the frames.
    """

    accepted: Array
    wrong: Array
    turns: Array
    weights: Array

    def components(self, precision: float) -> Array:
        """(G, J) logarithms of the capital of each stake."""
        spent = cost(self.accepted, self.wrong, precision)
        return log_components(spent, self.turns, self.weights, stakes(precision))

    def lower(self, at: int, need: float) -> float:
        """The highest precision that the capital would bear out; for each value it is valid on all nights at once."""
        row = slice(at, at + 1)
        only = _Table(self.accepted[row], self.wrong[row], self.turns, self.weights)
        return _halve(lambda p: bool(mixed(only.components(p))[0] >= need))

    def precision(self, at: int) -> float | None:
        """Share of right boxes over the pool, as estimated from frames that were drawn by weight (Hájek 1971)."""
        boxes = float((self.accepted[at] / self.weights).sum())
        return 1 - float((self.wrong[at] / self.weights).sum()) / boxes if boxes else None

    def missing(self, precision: float, need: float, density: Array) -> Array:
        """(G,) audits until the capital suffices if it goes on growing as it has; infinite where it does not grow.

        Args:
            precision: promised.
            need: logarithm of the capital that suffices.
            density: (G,) accepted boxes in the pool per weight; the growth of a flawless teacher follows from it.
        """
        parts, bets = self.components(precision), stakes(precision)
        flawless = np.log1p(bets[0] * (1 - precision) * density)
        known = self.accepted.sum(axis=1) >= FLAT
        growth = np.where(known, parts.max(axis=1) / max(len(self.turns), 1), flawless)
        missing = np.full(len(growth), np.inf)
        np.divide(need - mixed(parts), growth, out=missing, where=growth > 0)
        return np.asarray(np.ceil(missing), np.float64)


def cost(accepted: Array, wrong: Array, precision: float) -> Array:
    """X of `bets`: wrong boxes beyond the share that may be wrong."""
    return wrong - (1 - precision) * accepted


def _lowest(enough: NDArray[np.bool_], spending: Spending) -> int | None:
    if spending is Spending.SEQUENCE:
        enough = np.logical_and.accumulate(enough[::-1])[::-1]
    return int(enough.argmax()) if enough.any() else None


def _missed(
    era: Era, seen: Evidence, inside: NDArray[np.bool_], promise: Promise, classes: int, threshold: float
) -> float:
    missed, alpha = seen.missed(era.label, threshold)[inside], era.share(promise, classes, promise.missed_delta)
    return most_missed(missed, seen.turns[inside], seen.weights[inside], alpha, promise.missed_cap)


def _withdrawn(before: Verdict | None, threshold: float | None) -> tuple[float, float] | None:
    if before is None or before.threshold is None or (threshold is not None and threshold <= before.threshold):
        return None
    return before.threshold, 1.0 if threshold is None else threshold


def _halve(holds: Callable[[float], bool]) -> float:
    """The highest value in [0, 1) for which it holds, if it holds below and not above; 0 if nowhere."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
