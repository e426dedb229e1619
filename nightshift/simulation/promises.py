"""Loops of nights with a teacher of known quality: how often is the promise broken, and how much is accepted?

Every night runs the real calibration on the audits that have come in. Thresholds come from frames known the evening
before; frames that arrive tonight wait until audits were drawn from them as well. The rules that others use run on the
same audits, for comparison.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import beta

from nightshift.simulation.teacher_worlds import Setting, World, world
from nightshift.triage.calibration import calibrate
from nightshift.triage.evidence import Evidence
from nightshift.triage.promise import Promise, Stoplight, Verdict

OURS = "capital"
Floats = NDArray[np.float64]
Rule = Callable[[Floats, Floats, Promise], NDArray[np.bool_]]  # accepted, wrong, promise → which thresholds pass
Bands = list[tuple[int, float, float]]  # (registered since, until, threshold)


@dataclass(frozen=True, slots=True)
class GuaranteeResult:
    """What came of many loops.

    Args:
        promised: precision.
        delta: chance allowed.
        loops: simulated.
        violated: loops in which any class broke the promise on any night; tonight's frames wait a night.
        violated_at_once: the same if frames are accepted on the night they arrive, before audits were drawn from them.
        accepted_share_of_oracle: accepted boxes over those of the oracle, after the last night, on the frames that
            audits were drawn from; mean over loops.
        median_share_of_oracle: the same, median.
        missed_violated: loops in which any bound on missed objects was too low on any night.
        silent: loops in which nothing was accepted after the last night.
        violated_by: the same count for rules that others use, on the same loops.
        share_by: the same mean share for these rules.
    """

    promised: float
    delta: float
    loops: int
    violated: int
    violated_at_once: int
    accepted_share_of_oracle: float
    median_share_of_oracle: float
    missed_violated: int
    silent: int
    violated_by: dict[str, int] = field(default_factory=dict)
    share_by: dict[str, float] = field(default_factory=dict)


def nights(setting: Setting, truth: World, promise: Promise) -> Iterator[tuple[int, Evidence, Stoplight]]:
    """The nights of a loop: what audits have shown by then, and the verdicts."""
    asked, when, light = np.zeros(0, np.int64), np.zeros(0, np.int64), None
    for night in range(1, setting.nights + 1):
        frames = np.arange(int((truth.pool.registered < night).sum()))
        waiting = np.setdiff1d(frames, asked)
        new = waiting[np.argsort(truth.pool.turns[waiting])][: setting.audits]
        asked, when = np.concatenate([asked, new]), np.concatenate([when, np.full(len(new), night)])
        known = truth.known(night - 1, asked)
        seen = truth.audit(asked, when)
        light = calibrate(seen, known, promise, setting.classes, night, light)
        yield night, seen, light


@dataclass(frozen=True, slots=True)
class _Loop:
    """One loop: per rule whether the promise was broken and the share of the oracle's boxes; and the missed bound."""

    broken: dict[str, bool]
    at_once: bool
    share: dict[str, float | None]
    missed_broken: bool


def simulate(
    loops: int, seed: int, setting: Setting | None = None, promise: Promise | None = None, *, peers: bool = True
) -> GuaranteeResult:
    """Many independent loops.

    Args:
        loops: how many.
        seed: of the first; every loop has a generator of its own.
        setting: the world.
        promise: what is promised.
        peers: run the rules that others use on the same audits as well.
    """
    world_like, promised = setting or Setting(), promise or Promise()
    seeds = np.random.SeedSequence(seed).spawn(loops)
    return _sum([_loop(world_like, promised, np.random.default_rng(each), peers=peers) for each in seeds], promised)


def _sum(loops: list[_Loop], promise: Promise) -> GuaranteeResult:
    names = list(loops[0].broken)
    shares = {name: [s for each in loops if (s := each.share[name]) is not None] for name in names}
    means = {name: float(np.mean(values)) if values else 0.0 for name, values in shares.items()}
    broken = {name: sum(each.broken[name] for each in loops) for name in names}
    return GuaranteeResult(
        promised=promise.precision,
        delta=promise.delta,
        loops=len(loops),
        violated=broken.pop(OURS),
        violated_at_once=sum(each.at_once for each in loops),
        accepted_share_of_oracle=means.pop(OURS),
        median_share_of_oracle=float(np.median(shares[OURS])) if shares[OURS] else 0.0,
        missed_violated=sum(each.missed_broken for each in loops),
        silent=sum(each.share[OURS] == 0 for each in loops),
        violated_by=broken,
        share_by=means,
    )


def _loop(setting: Setting, promise: Promise, rng: Generator, *, peers: bool) -> _Loop:
    truth = world(setting, rng)
    sorts = [_Sorted(truth, label) for label in range(setting.classes)]
    rules = [OURS, *(PEERS if peers else ())]
    broken, taken = dict.fromkeys(rules, False), dict.fromkeys(rules, 0)
    at_once = missed = False
    for night, seen, light in nights(setting, truth, promise):
        for name in rules:
            bands = [_bands(name, light, seen, each.label, promise) for each in sorts]
            counts = [each.counts(some, night - 1) for each, some in zip(sorts, bands, strict=True)]
            broken[name] |= _breaks(counts, promise)
            taken[name] = sum(accepted for accepted, _ in counts)
            if name == OURS:
                now = [each.counts(some, night) for each, some in zip(sorts, bands, strict=True)]
                at_once |= _breaks(now, promise)
        missed |= any(_too_low(truth, v, night, promise) for v in light.verdicts)
    best = sum(each.oracle(promise.precision, setting.nights - 1) for each in sorts)
    return _Loop(broken, at_once, {name: boxes / best if best else None for name, boxes in taken.items()}, missed)


def _breaks(counts: list[tuple[int, int]], promise: Promise) -> bool:
    return any(wrong > (1 - promise.precision) * accepted + 1e-9 for accepted, wrong in counts)


class _Sorted:
    """The boxes of one class, for counting accepted and wrong ones."""

    def __init__(self, truth: World, label: int) -> None:
        of = truth.pool.classes == label
        self.label = label
        self.scores, self.right = truth.pool.scores[of], truth.right[of]
        self.when = truth.pool.registered[truth.pool.frame[of]]

    def counts(self, bands: Bands, night: int) -> tuple[int, int]:
        """Accepted boxes on the frames known, and the wrong ones of these."""
        accepted = np.zeros(len(self.scores), np.bool_)
        for since, until, threshold in bands:
            accepted |= (self.scores >= np.float32(threshold)) & (self.when >= since) & (self.when < until)
        accepted &= self.when <= night
        return int(accepted.sum()), int((accepted & ~self.right).sum())

    def oracle(self, precision: float, night: int) -> int:
        """The most boxes that one threshold may accept of the frames known on a night if the truth is known."""
        known = np.flatnonzero(self.when <= night)
        order = known[np.argsort(-self.scores[known], kind="stable")]
        number = np.arange(1, len(order) + 1)
        kept = np.flatnonzero(np.cumsum(self.right[order]) >= precision * number - 1e-9)
        return int(kept.max(initial=-1)) + 1


def _bands(name: str, light: Stoplight, seen: Evidence, label: int, promise: Promise) -> Bands:
    mine = [v for v in light.verdicts if v.era.label == label]
    if name == OURS:
        until = [np.inf if v.era.until is None else v.era.until for v in mine]
        return [(v.era.since, u, v.threshold) for v, u in zip(mine, until, strict=True) if v.threshold is not None]
    grid = mine[0].era.thresholds
    accepted, wrong = seen.boxes(label, grid)
    chosen = PEERS[name](accepted.sum(axis=1), wrong.sum(axis=1), promise)
    return [(0, np.inf, grid[int(chosen.argmax())])] if chosen.any() else []


def _point(accepted: NDArray[np.float64], wrong: NDArray[np.float64], promise: Promise) -> NDArray[np.bool_]:
    """The measured precision is as promised."""
    return (accepted > 0) & (wrong <= (1 - promise.precision) * accepted)


def _by_box(accepted: NDArray[np.float64], wrong: NDArray[np.float64], promise: Promise) -> NDArray[np.bool_]:
    """The exact binomial limit (Clopper & Pearson 1934) is as promised, boxes taken as independent."""
    right = accepted - wrong
    return np.asarray(beta.ppf(promise.delta, np.maximum(right, 1e-9), wrong + 1) >= promise.precision)


PEERS: dict[str, Rule] = {"point estimate": _point, "binomial by box": _by_box}


def _too_low(truth: World, verdict: Verdict, night: int, promise: Promise) -> bool:
    """Whether more objects are missed on the frames that were asked about than the bound says."""
    era, label = verdict.era, verdict.era.label
    if verdict.missed is None or verdict.threshold is None:
        return False
    until = night if era.until is None else era.until
    frames = (truth.pool.registered >= era.since) & (truth.pool.registered < until)
    below = (truth.pool.classes == label) & truth.right & (truth.pool.scores < np.float32(verdict.threshold))
    missed = np.bincount(truth.pool.frame[below], minlength=len(frames)) + truth.overlooked[label]
    return bool(np.minimum(missed, promise.missed_cap)[frames].mean() > verdict.missed)
