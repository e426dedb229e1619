"""One run of a backtest: night after night of one scheme over one labelled data set, with simulated people.

The decisions are those of the nightly round, made by the same code; only the people, and where wanted the teacher, are
simulated. A run is a pure function of its arguments, but for the arithmetic of the training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator

from nightshift.acquisition.queue import Allowance, Pick
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.frames import Frame
from nightshift.domain.ledger import Asked
from nightshift.domain.models import Example, Hyper, Progress, Sight, StudentDetector, no_progress
from nightshift.domain.review import BLIND
from nightshift.evaluation.average_precision import evaluate
from nightshift.policy.knowledge import learn, mean_objects
from nightshift.policy.night import Decision, Rules, Sighting, Tonight, counts, decide
from nightshift.policy.training_set import TrainingRule, training_set
from nightshift.simulation.memory import Memory
from nightshift.simulation.people import Crew
from nightshift.simulation.reviewers import Scene
from nightshift.simulation.schemes import Scheme
from nightshift.simulation.trainings import Trainings
from nightshift.simulation.world import World
from nightshift.triage.stoplight import Limits

if TYPE_CHECKING:
    from pathlib import Path

TEACHER = "simulated-teacher"


@dataclass(frozen=True, slots=True)
class Setting:
    """What all runs of a backtest share.

    Args:
        budgets: dollars of each night; what one leaves or overspends, the next one has more or less.
        hyper: how the first student is trained; its seed is replaced by the run's.
        later_steps: of the trainings that continue from the student before.
        rule: what students learn from beside people's labels.
        prices: what people are thought to take; the crew may take other times.
        shown_above: boxes under it are not drawn for people.
        novel_above: as in the stoplight.
        seed_frames: of a cold start.
    """

    budgets: tuple[float, ...]
    hyper: Hyper
    later_steps: int
    rule: TrainingRule
    prices: Prices
    shown_above: float = 0.3
    novel_above: float = 1.0
    seed_frames: int = 12


@dataclass(frozen=True, slots=True)
class Night:
    """One point of a curve.

    Args:
        usd: people's dollars so far.
        map50: of the student on the test frames.
        frames: that people have labelled so far.
        forecast_usd: what the frames that were answered tonight were expected to cost.
        actual_usd: what they did cost.
        corrections: that people made tonight.
    """

    usd: float
    map50: float
    frames: int
    forecast_usd: float = 0.0
    actual_usd: float = 0.0
    corrections: float = 0.0


class Replay:
    """The state of one run.

    Args:
        world: the data set.
        scheme: how frames are chosen.
        setting: what all runs share.
        seed: of people, choice and training.
        teacher: frame id → boxes, of every frame; None where there is no teacher.
        crew: the simulated people.
        trainings: of the student.
    """

    def __init__(
        self,
        world: World,
        scheme: Scheme,
        setting: Setting,
        seed: int,
        teacher: Mapping[str, Detections] | None,
        crew: Crew,
        trainings: Trainings,
    ) -> None:
        self._world, self._scheme, self._setting, self._seed = world, scheme, setting, seed
        self._auto: Mapping[str, Detections] = (teacher or {}) if scheme.taught or scheme.shown else {}
        self._crew, self._trainings = crew, trainings
        self._memory = Memory()
        self._weights: Path | None = None
        self._usd = self._student_map50 = 0.0
        self._teacher_map50 = map50(world, [self._auto[f.id] for f in world.golden]) if self._auto else 0.0

    def run(self, progress: Progress = no_progress) -> list[Night]:
        """Every night; the one before the first dollar included where the teacher can teach."""
        nights = []
        if self._auto and self._scheme.taught and self._train():
            nights.append(Night(0.0, self._student_map50, 0))
        for number, until in enumerate(accumulate(self._setting.budgets), start=1):
            nights.append(self._night(number, max(until - self._usd, 0.0)))
            progress(number, len(self._setting.budgets))
        return nights

    def _night(self, number: int, budget: float) -> Night:
        rng = np.random.default_rng([self._seed, number])
        waiting = [each for each in self._world.pool if each.id not in self._memory.labels]
        decision, sightings = self._decide(waiting, budget, rng)
        before, forecast, found = self._usd, 0.0, 0.0
        for pick in decision.picks:
            if self._usd - before >= budget:
                break  # the money is gone: people stop, and the rest of the queue goes back to the pool
            found += self._answer(number, decision, sightings, pick, rng)
            forecast += pick.usd
        self._train()
        return Night(self._usd, self._student_map50, len(self._memory.labels), forecast, self._usd - before, found)

    # -- deciding ---------------------------------------------------------------------------------------------------

    def _decide(self, waiting: list[Frame], budget: float, rng: Generator) -> tuple[Decision, list[Sighting]]:
        scheme, setting, memory = self._scheme, self._setting, self._memory
        student = self._student()
        sightings = self._sightings(waiting, student)
        known = [each for each in self._world.pool if each.id in memory.labels]
        vectors = student.embed(self._world.images(known)) if student and known else np.zeros((0, 0), np.float32)
        classes = len(self._world.names)
        known_of = learn(memory.entries, setting.prices, classes)
        told = counts(memory.labels, classes)
        rules = Rules(
            function=scheme.function,
            scale=known_of.scale(told, setting.shown_above),
            prices=known_of.prices,
            limits=lambda _: Limits((None,) * classes, setting.shown_above, setting.novel_above),
            allowance=Allowance.tonight(budget, 0.0, 0.0, scheme.audit_share, scheme.control_share),
            seed_frames=setting.seed_frames if scheme.shown else len(waiting),
            audit_seed=self._seed,
            shown=scheme.shown,
        )
        tonight = Tonight(sightings, [], vectors, told, Edits(added=mean_objects(memory.labels)))
        return decide(tonight, rules, rng), sightings

    def _student(self) -> StudentDetector | None:
        return self._trainings.student.open(self._weights, self._hyper()) if self._weights else None

    def _sightings(self, frames: Sequence[Frame], student: StudentDetector | None) -> list[Sighting]:
        sights = student.inspect(self._world.images(frames)) if student else [None] * len(frames)
        version = student.version if student else ""
        return [self._sighting(*each, version) for each in zip(frames, sights, strict=True)]

    def _sighting(self, frame: Frame, sight: Sight | None, version: str) -> Sighting:
        teacher = self._auto.get(frame.id)
        seen = Sighting(frame, teacher or Detections.empty(), TEACHER if teacher else "", teacher=teacher)
        if sight is None:
            return seen
        ours = self._student_map50 >= self._teacher_map50
        return replace(
            seen,
            shown=sight.found if ours or teacher is None else teacher,
            model=version if ours or teacher is None else TEACHER,
            second=teacher if ours else sight.found,
            student=sight.found,
            probabilities=sight.probabilities,
            vector=sight.vector,
        )

    # -- answering --------------------------------------------------------------------------------------------------

    def _answer(
        self, number: int, decision: Decision, sightings: Sequence[Sighting], pick: Pick, rng: Generator
    ) -> float:
        """Have somebody answer; returns the corrections found."""
        seen, worth, memory = sightings[pick.index], decision.worths[pick.index], self._memory
        would = seen.shown.above(self._setting.shown_above)
        blind = pick.purpose in BLIND or not self._scheme.shown or not len(seen.shown)
        frame = seen.frame
        scene = Scene(self._world.truth[frame.id], (frame.width, frame.height), len(self._world.names))
        said = self._crew.answer(len(memory.entries), scene, None if blind else would, rng)
        asked = Asked(
            model="" if blind else seen.model,
            hidden=worth.hidden,
            alone=worth.alone,
            predicted=would if blind else None,
            price=pick.seconds,
        )
        entry = memory.note(number, frame.id, pick.purpose, None if blind else would, asked, said)
        self._usd += self._setting.prices.people_usd(said.seconds)
        return entry.edits.corrections

    # -- training ---------------------------------------------------------------------------------------------------

    def _train(self) -> bool:
        """The next student and its mAP50; False where there is nothing to learn from."""
        pool = [each.id for each in self._world.pool]
        auto = self._auto if self._scheme.taught else {}
        lessons = training_set(pool, self._memory.labels, auto, {}, self._setting.rule)
        if not any(len(each.labels) for each in lessons.values()):
            return False
        paths = {each.id: self._world.path(each) for each in self._world.pool}
        examples = [Example(paths[f], each.labels, each.human, each.weight) for f, each in lessons.items()]
        self._weights = self._trainings.fit(examples, self._world.names, self._weights, self._hyper())
        self._student_map50 = self._test()
        return True

    def _hyper(self) -> Hyper:
        setting = self._setting
        return replace(
            setting.hyper, seed=self._seed, steps=setting.later_steps if self._weights else setting.hyper.steps
        )

    def _test(self) -> float:
        student = self._student()
        found = student.detect(self._world.images(self._world.golden)) if student else []
        return map50(self._world, found)


def full_cost(world: World, prices: Prices) -> float:
    """Dollars to draw every object of the pool by hand: the yardstick of budgets."""
    drawn = (Edits(added=float(len(world.truth[each.id]))) for each in world.pool)
    return sum(prices.people_usd(prices.frame_seconds(each.counts)) for each in drawn)


def full_supervision(world: World, setting: Setting, seed: int, trainings: Trainings) -> float:
    """mAP50 of a student trained on the whole truth of the pool, for as long as a run trains its last student."""
    total = setting.hyper.steps + setting.later_steps * len(setting.budgets)
    examples = [Example(world.path(each), world.truth[each.id], human=True) for each in world.pool]
    hyper = replace(setting.hyper, seed=seed, steps=total)
    weights = trainings.fit(examples, world.names, None, hyper)
    return map50(world, trainings.student.open(weights, hyper).detect(world.images(world.golden)))


def map50(world: World, found: Sequence[Detections]) -> float:
    """mAP50 of what was found on the test frames, in their order."""
    golden = world.golden
    truth = [world.truth[each.id] for each in golden]
    return float(evaluate(truth, found, world.names, [(each.width, each.height) for each in golden]).map50)
