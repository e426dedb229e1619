"""One night's decision: the colour of every frame, and the queue. The same code for the round and for the backtest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from nightshift.acquisition.functions import open_strategy
from nightshift.acquisition.pool import Pool
from nightshift.acquisition.queue import Allowance, Candidate, Pick, compose
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.frames import Frame, Split, audit_rank
from nightshift.policy.worth import Scale, Worth, seconds
from nightshift.triage.evidence import audit_turn
from nightshift.triage.stoplight import Light, Limits, light

Vectors = NDArray[np.float32]
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What tonight's models say of one frame.

    Args:
        frame: the frame.
        shown: boxes of the model whose boxes people would see, weak ones included.
        model: its version.
        second: the other model's boxes; None without one.
        teacher: the teacher's boxes, which the stoplight may accept; None where it has not labelled the frame.
        student: the student's boxes; None before there is one.
        probabilities: (boxes, classes) the student's full class scores; None where the student has none.
        mirrored: the student's boxes on the mirrored frame; None where it was not looked at.
        vector: (d,) of the student; (0,) before there is one.
        vouched: green, by labels carried along the clip; None where there are none that may be accepted.
    """

    frame: Frame
    shown: Detections
    model: str = ""
    second: Detections | None = None
    teacher: Detections | None = None
    student: Detections | None = None
    probabilities: Vectors | None = None
    mirrored: Detections | None = None
    vector: Vectors = field(default_factory=lambda: np.zeros(0, np.float32))
    vouched: Light | None = None


@dataclass(frozen=True, slots=True)
class Tonight:
    """Everything that a night's decision depends on.

    Args:
        waiting: frames of the pool that are neither labelled nor asked.
        golden: golden frames that are neither labelled nor asked.
        labelled_vectors: (k, d) of the frames that people have labelled.
        class_counts: labels people have given, per class.
        average: expected edits of a frame of which nothing is known, drawn blind.
        wished: ids of frames that people asked for, the one wanted most first; others than those waiting do not count.
    """

    waiting: Sequence[Sighting]
    golden: Sequence[Frame]
    labelled_vectors: Vectors
    class_counts: Sequence[int]
    average: Edits
    wished: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """How to decide.

    Args:
        function: the acquisition function, by its name.
        scale: what frames are weighed with.
        prices: what seconds cost.
        limits: of the stoplight, by the round that registered a frame.
        allowance: tonight's dollars by purpose.
        seed_frames: size of the seed set at a cold start.
        audit_seed: of the order of audits.
        shown: people see boxes drawn in advance.
    """

    function: str
    scale: Scale
    prices: Prices
    limits: Callable[[int], Limits]
    allowance: Allowance
    seed_frames: int
    audit_seed: int
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of it.

    Args:
        worths: of every waiting frame, in order.
        lights: of every waiting frame, in order.
        candidates: the waiting frames, then the golden ones.
        picks: the queue, in the order to ask; indices are into the candidates.
    """

    worths: Sequence[Worth]
    lights: Sequence[Light]
    candidates: Sequence[Candidate]
    picks: Sequence[Pick]

    def asked(self) -> list[tuple[str, Pick]]:
        """(frame id, pick) in the order to ask."""
        return [(self.candidates[each.index].frame_id, each) for each in self.picks]

    def worth_of(self, pick: Pick) -> Worth | None:
        """The worth of a picked frame; None of a golden one, which is not weighed."""
        return self.worths[pick.index] if pick.index < len(self.worths) else None


def decide(tonight: Tonight, rules: Rules, rng: Generator) -> Decision:
    """Triage every waiting frame and choose tonight's questions.

    Args:
        tonight: what is known.
        rules: how to decide.
        rng: draws golden and control frames, and breaks what is left to chance.
    """
    worths = [rules.scale.weigh(each.shown, each.second, each.model) for each in tonight.waiting]
    lights = [each.vouched or _light(each, worth, rules) for each, worth in zip(tonight.waiting, worths, strict=True)]
    candidates = [_candidate(*each, rules) for each in zip(tonight.waiting, worths, lights, strict=True)]
    candidates += [_golden(frame, tonight.average, rules) for frame in tonight.golden]
    cold = not any(len(each.shown.above(rules.scale.shown_above)) for each in tonight.waiting)

    def rank(among: Sequence[int], usd: float) -> list[int]:
        if not among:
            return []
        pool = _pool(tonight, worths, candidates, among, rules)
        return [among[i] for i in open_strategy(rules.function)(pool, usd, rng)]

    seed = rules.seed_frames if cold else None
    picks = compose(candidates, rules.allowance, rules.prices, rng, rank, seed_frames=seed, wished=_wished(tonight))
    return Decision(worths, lights, candidates, picks)


def _wished(tonight: Tonight) -> list[int]:
    """Which of the waiting frames people asked for, in their order."""
    place = {each.frame.id: i for i, each in enumerate(tonight.waiting)}
    return [place[each] for each in tonight.wished if each in place]


def _light(sighting: Sighting, worth: Worth, rules: Rules) -> Light:
    boxes, limits = sighting.teacher, rules.limits(sighting.frame.round)
    if boxes is None:  # the promise is about the teacher's boxes: nothing of another model is accepted
        boxes, limits = sighting.shown, replace(limits, accept=(None,) * len(limits.accept))
    return light(boxes, worth.edits.corrections, worth.disagreement or 0.0, limits)


def _candidate(sighting: Sighting, worth: Worth, verdict: Light, rules: Rules) -> Candidate:
    blind = seconds(worth.blind, rules.prices)
    return Candidate(
        frame_id=sighting.frame.id,
        clip=sighting.frame.clip,
        split=Split.POOL,
        colour=str(verdict.colour),
        value=worth.edits.corrections,
        seconds=seconds(worth.edits, rules.prices) if rules.shown else blind,
        blind_seconds=blind,
        audit_turn=_turn(sighting, rules),
    )


def _turn(sighting: Sighting, rules: Rules) -> float | None:
    if sighting.teacher is None:
        return None
    floor = rules.scale.shown_above  # the same for every count that the promise rests on
    return audit_turn(audit_rank(sighting.frame.id, rules.audit_seed), sighting.teacher.above(floor))


def _golden(frame: Frame, average: Edits, rules: Rules) -> Candidate:
    blind = seconds(average, rules.prices)
    return Candidate(frame.id, frame.clip, frame.split, "", average.corrections, blind, blind)


def _pool(
    tonight: Tonight, worths: Sequence[Worth], candidates: Sequence[Candidate], among: Sequence[int], rules: Rules
) -> Pool:
    seen = [tonight.waiting[i] for i in among]
    usd = [rules.prices.people_usd(candidates[i].seconds) for i in among]
    return Pool(
        shown=[each.shown for each in seen],
        second=[each.second for each in seen],
        student=_all([each.student for each in seen]),
        probabilities=_all([each.probabilities for each in seen]),
        mirrored=_all([each.mirrored for each in seen]),
        vectors=_stack([each.vector for each in seen]),
        labelled_vectors=tonight.labelled_vectors,
        labelled=[None] * len(seen),
        corrections=np.array([worths[i].settled for i in among], np.float64),
        usd=np.maximum(np.array(usd, np.float64), 1e-6),
        clips=[each.frame.clip for each in seen],
        shown_above=rules.scale.shown_above,
        class_counts=np.asarray(tonight.class_counts, np.int64),
    )


def _all(things: Sequence[Thing | None]) -> list[Thing] | None:
    """The things; None where one is missing."""
    there = [each for each in things if each is not None]
    return there if len(there) == len(things) else None


def _stack(vectors: Sequence[Vectors]) -> Vectors:
    return np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)


def counts(labels: Mapping[str, Detections], classes: int) -> list[int]:
    """Labels per class."""
    every = [each.classes for each in labels.values()]
    return np.bincount(np.concatenate(every), minlength=classes).tolist() if every else [0] * classes
