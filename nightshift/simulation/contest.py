"""Students held against each other: the same pictures to learn from, the same held-out ones to be judged on.

The first one named is the incumbent; each of the others becomes champion only by the gate that a night uses. Knows no
server and no screen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median, pstdev
from time import perf_counter
from typing import Any

import numpy as np

from nightshift.domain.cards import ModelCard
from nightshift.domain.detections import Detections
from nightshift.domain.errors import UnknownName
from nightshift.domain.models import Example, Hyper, Progress, StudentDetector, no_progress
from nightshift.evaluation.average_precision import evaluate
from nightshift.evaluation.bootstrap import Gain, paired_gain
from nightshift.evaluation.gate import decide
from nightshift.simulation.world import World
from nightshift.students import known_students, open_student, student_cards

TIMED = 20  # frames of which the time is taken, after some that warm up
WARMING = 3


@dataclass(frozen=True, slots=True)
class Entrant:
    """A student that takes part: a file of nightshift/students, and one of its architectures."""

    family: str
    model: str

    def __str__(self) -> str:
        """As it is written: d_fine/dfine-pico."""
        return f"{self.family}/{self.model}"

    @classmethod
    def of(cls, text: str) -> "Entrant":
        """From what was written.

        Raises:
            UnknownName: no family has that name, or it has no such model.
        """
        family, _, model = text.partition("/")
        known = {each.name for each in student_cards() if each.family == family}
        if not known:
            remedy = f"Write family/model; known families: {', '.join(known_students())}."
            raise UnknownName(f"student '{text}'", "unknown family", remedy)
        if model not in known:
            raise UnknownName(f"student '{text}'", "unknown model", f"Known: {', '.join(sorted(known))}.")
        return cls(family, model)

    @property
    def card(self) -> ModelCard:
        """What is known of it."""
        return next(each for each in student_cards() if (each.family, each.name) == (self.family, self.model))


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same for everybody.

    Args:
        side: pixels that each network sees.
        steps: of each training.
        batch: pictures a step.
        seeds: trainings of each.
        device: as in Hyper.
    """

    side: int
    steps: int = 600
    batch: int = 8
    seeds: int = 1
    device: str = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One training and its test.

    Args:
        entrant: who.
        seed: of the training.
        found: on each held-out frame.
        map50: on them.
        map50_95: on them.
        ms: a frame, one at a time, on this machine; the median.
        millions: of parameters, counted.
        seconds: of the training.
        origin: "pretrained" or "scratch".
        curves: of the training.
    """

    entrant: Entrant
    seed: int
    found: Sequence[Detections]
    map50: float
    map50_95: float
    ms: float
    millions: float
    seconds: float
    origin: str
    curves: Sequence[Mapping[str, float]] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one entrant stands.

    Args:
        entrant: who.
        results: of its trainings.
        promote: whether it became champion when its turn came.
        verdict: the gate's reason.
        gain: over the champion of its turn; None for the incumbent.
        champion: whether it is champion in the end.
    """

    entrant: Entrant
    results: tuple[Result, ...] = field(repr=False)
    promote: bool
    verdict: str
    gain: Gain | None
    champion: bool

    def mean(self, name: str) -> float:
        """The mean of a figure over the seeds."""
        return fmean(getattr(each, name) for each in self.results)

    def spread(self, name: str) -> float:
        """Its standard deviation over the seeds; 0 for one."""
        return float(pstdev(getattr(each, name) for each in self.results))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and MLflow."""
        figures = {name: self.mean(name) for name in ("map50", "map50_95", "ms", "millions", "seconds")}
        better = None if self.gain is None else self.gain.probability_better
        said = {"origin": self.results[0].origin, "licence": self.entrant.card.licence, "probability_better": better}
        return {"student": str(self.entrant), **figures, **said, "champion": self.champion, "verdict": self.verdict}


def compete(
    world: World, entrant: Entrant, terms: Terms, seed: int, out: Path, progress: Progress = no_progress
) -> Result:
    """Train one entrant on the pool and test it on the held-out frames.

    Args:
        world: the data set.
        entrant: who.
        terms: the same for everybody.
        seed: of the training.
        out: a new folder for the training.
        progress: told (epochs done, epochs in all).
    """
    student, began = open_student(entrant.family), perf_counter()
    hyper = Hyper(entrant.model, terms.side, terms.steps, terms.batch, seed, terms.device)
    examples = [Example(world.path(each), world.truth[each.id], human=True) for each in world.pool]
    made = student.fit(examples, world.names, None, out, hyper, progress)
    seconds, detector = perf_counter() - began, student.open(made.path, hyper)
    images = world.images(world.golden)
    found = detector.detect(images)
    scores = evaluate([world.truth[each.id] for each in world.golden], found, world.names)
    return Result(
        entrant=entrant,
        seed=seed,
        found=found,
        map50=scores.map50,
        map50_95=scores.map50_95,
        ms=milliseconds(detector, images),
        millions=millions(detector),
        seconds=seconds,
        origin=made.origin,
        curves=made.curves,
    )


def milliseconds(detector: StudentDetector, images: Sequence[Any]) -> float:
    """Of one frame alone, from pixels to boxes; the median of some."""
    taken = []
    for image in [*images[:WARMING], *images[:TIMED]]:
        began = perf_counter()
        detector.detect([image])
        taken.append(1000 * (perf_counter() - began))
    return median(taken[min(WARMING, len(images)) :])


def millions(detector: StudentDetector) -> float:
    """Parameters of a detector's network, counted; not a number where its family does not show it."""
    bare = getattr(detector, "bare", None)
    return float(sum(each.numel() for each in bare().network.parameters())) / 1e6 if bare else float("nan")


def judge(world: World, results: Iterable[Result], rng: np.random.Generator) -> list[Standing]:
    """The champion and how it came about, entrant by entrant in the order of their first result.

    Several seeds of one entrant count as so many tests on the same frames: a draw takes a clip with all of them.
    """
    by_entrant: dict[Entrant, list[Result]] = {}
    for each in results:
        by_entrant.setdefault(each.entrant, []).append(each)
    turns: list[Standing] = []
    for entrant, mine in by_entrant.items():
        champion = next((turn for turn in reversed(turns) if turn.promote), None)
        gain = None if champion is None else _gain(world, mine, champion.results, rng)
        verdict = decide(gain, rival=champion is not None)
        turns.append(Standing(entrant, tuple(mine), verdict.promote, verdict.reason, gain, champion=False))
    last = max(i for i, turn in enumerate(turns) if turn.promote)
    return [
        Standing(t.entrant, t.results, t.promote, t.verdict, t.gain, champion=i == last) for i, t in enumerate(turns)
    ]


def _gain(world: World, ours: Sequence[Result], theirs: Sequence[Result], rng: np.random.Generator) -> Gain:
    seeds = min(len(ours), len(theirs))
    truth = [world.truth[each.id] for each in world.golden] * seeds
    clips = [each.clip for each in world.golden] * seeds
    mine, his = ([found for each in side[:seeds] for found in each.found] for side in (ours, theirs))
    return paired_gain(truth, mine, his, clips, world.names, rng)


def advice(standings: Sequence[Standing]) -> str:
    """What to make of it, in a sentence or two."""
    champion = next(each for each in standings if each.champion)
    said = []
    if any(not each.champion and each.entrant.family != "ultralytics" and _scratch(each) for each in standings):
        said.append(
            "Transformers that start from scratch need more pictures and steps than these to show what they can: "
            "bring their published weights in reach (docs/students.md) and compare again."
        )
    if champion.entrant.card.licence.startswith("AGPL"):
        said.append("The champion's code and published weights are AGPL-3.0: see whether that suits your product.")
    return " ".join(said) or f"Set student.name {champion.entrant.family} and student.model {champion.entrant.model}."


def _scratch(standing: Standing) -> bool:
    return all(each.origin == "scratch" for each in standing.results)
