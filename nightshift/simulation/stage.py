"""A backtest set up: the data set, the teacher, the people and the student of every run, from one request.

This is where a request's plain values become things; whoever runs the trials (a flow, a test) holds one stage per data
set.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic

import numpy as np

from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections, area
from nightshift.domain.models import Hyper, Progress, no_progress
from nightshift.frames.datasets import Dataset, read_dataset
from nightshift.policy.training_set import TrainingRule
from nightshift.simulation import real_teacher
from nightshift.simulation.grid import FULL, Outcome, Shelf, Trial
from nightshift.simulation.people import hire
from nightshift.simulation.provenance import code_digest
from nightshift.simulation.replay import Night, Replay, Setting, full_cost, full_supervision, map50
from nightshift.simulation.reviewers import Skill
from nightshift.simulation.schemes import Scheme, scheme
from nightshift.simulation.teachers import Profile, SimulatedTeacher, median_side
from nightshift.simulation.trainings import Trainings
from nightshift.simulation.world import build
from nightshift.students import open_student

LEAST_SIDE, MOST_SIDE = 160, 320  # pixels, where the request leaves it open
CLEAR = 14.0  # pixels of an object of median size that a small student still tells apart
PEOPLE = 2
ALL = 1.0  # share of what drawing everything costs: how far the way without a teacher is followed
LONGER = 2  # nights that it takes there


@dataclass(frozen=True, slots=True)
class Request:
    """What to replay, as plain values.

    Args:
        shares: each night's dollars, as a share of what drawing every box of the pool by hand would cost.
        family: of the student, a file in nightshift/students.
        model: the student's architecture.
        side: pixels; 0 chooses by the size of the objects.
        steps: of the first training.
        later_steps: of every training after it.
        batch: pictures per step.
        golden_share: of the frames, kept for testing.
        teacher: 'simulated', 'none', or the path of a nightshift.yaml whose teacher labels the pictures.
        profile: of the simulated teacher.
        rule: what students learn from beside people's labels.
        prices: what people are thought to take.
        shown_above: boxes under it are not drawn for people.
        clip_pattern: regular expression on a picture's name with a group 'clip'; empty where names tell nothing.
    """

    shares: tuple[float, ...] = (0.03, 0.06, 0.12, 0.2)
    family: str = "ultralytics"
    model: str = "yolo11p"
    side: int = 0
    steps: int = 300
    later_steps: int = 80
    batch: int = 16
    golden_share: float = 0.3
    teacher: str = "simulated"
    profile: Profile = field(default_factory=Profile)
    rule: TrainingRule = field(default_factory=TrainingRule)
    prices: Prices = field(default_factory=Prices)
    shown_above: float = 0.3
    clip_pattern: str = ""

    def __post_init__(self) -> None:
        if not self.shares or min(self.shares) <= 0:
            raise ValueError("every night needs some dollars")
        if self.teacher not in {"simulated", "none"} and not self.teacher.endswith((".yaml", ".yml")):
            raise ValueError(f"teacher '{self.teacher}' is neither 'simulated', 'none' nor a nightshift.yaml")


class Stage:
    """Everything the runs over one data set share.

    Args:
        source: folder of the labelled data set.
        work: folder for small copies, trainings and results.
        request: what to replay.
        progress: told while pictures are made small.
    """

    def __init__(self, source: Path, work: Path, request: Request, progress: Progress = no_progress) -> None:
        self.name, self.request = source.name, request
        self._source, self._work = source, work
        labels = read_dataset(source)
        self.side = side = request.side or fitting_side(labels)
        folder = work / "frames" / self.name / str(side)
        self.world = build(
            self.name, source, labels, folder, side, request.golden_share, 0, request.clip_pattern, progress
        )
        self.rejected = labels.rejected
        self._trainings = Trainings(open_student(request.family), work / "trainings")
        self._hyper = Hyper(request.model, side, request.steps, request.batch, 0, "cpu")
        frames = sorted(each.id for each in self.world.frames)
        self._shelf = Shelf(
            work / "runs", {"request": asdict(request), "side": side, "frames": frames, "code": code_digest()}
        )

    @cached_property
    def yardstick_usd(self) -> float:
        """Dollars to draw every box of the pool by hand."""
        return full_cost(self.world, self.request.prices)

    @property
    def budget_usd(self) -> float:
        """Dollars of all nights together."""
        return self.yardstick_usd * sum(self.request.shares)

    def find(self, trial: Trial) -> Outcome | None:
        """The result of a run that is on the shelf already."""
        return self._shelf.find(trial)

    def run(self, trial: Trial, progress: Progress = no_progress) -> Outcome:
        """The result of a run, from the shelf where it is there."""
        done = self._shelf.find(trial)
        if done:
            return done
        began = monotonic()
        nights = self._full(trial.seed) if trial.strategy == FULL else self._replay(trial).run(progress)
        return self._shelf.keep(Outcome(trial, tuple(nights), monotonic() - began))

    def teacher(self, seed: int) -> Mapping[str, Detections] | None:
        """What the teacher finds on every frame; None without one."""
        if self.request.teacher == "none":
            return None
        if self.request.teacher != "simulated":
            return self._real
        world = self.world
        habit = SimulatedTeacher(self.request.profile, len(world.names), median_side(world.truth), seed)
        return {f.id: habit.label(f.id, world.truth[f.id], (f.width, f.height)) for f in world.frames}

    @cached_property
    def _real(self) -> Mapping[str, Detections]:
        """What the real teacher finds on every frame, looked at once."""
        teacher, batch = real_teacher.open_from(Path(self.request.teacher), self.world.names)
        name = hashlib.sha256(f"{teacher.version} {self.name} {self.side}".encode()).hexdigest()[:16]
        kept = self._work / "teacher" / f"{name}.json"
        return real_teacher.label(teacher, self._source, self.world.frames, batch, kept)

    def teacher_map50(self, seed: int) -> float | None:
        """mAP50 of the teacher on the test frames; None without one."""
        found = self.teacher(seed)
        return map50(self.world, [found[each.id] for each in self.world.golden]) if found else None

    def _full(self, seed: int) -> Sequence[Night]:
        value = full_supervision(self.world, self._setting(), seed, self._trainings)
        return [Night(self.yardstick_usd, value, len(self.world.pool))]

    def _replay(self, trial: Trial) -> Replay:
        skill = Skill(prices=self.request.prices)
        crew = hire(PEOPLE, skill, trial.seed)
        chosen = scheme(trial.strategy)
        return Replay(
            self.world, chosen, self._setting(chosen), trial.seed, self.teacher(trial.seed), crew, self._trainings
        )

    def _setting(self, chosen: Scheme | None = None) -> Setting:
        """What a scheme's runs share; drawing from nothing goes on until everything is paid for."""
        request = self.request
        shares = request.shares if chosen is None or chosen.shown else to_the_end(request.shares)
        budgets = tuple(self.yardstick_usd * share for share in shares)
        return Setting(budgets, self._hyper, request.later_steps, request.rule, request.prices, request.shown_above)


def to_the_end(shares: tuple[float, ...]) -> tuple[float, ...]:
    """Nights' shares, and some more nights that spend what is left of the whole."""
    left = max(ALL - sum(shares), 0.0)
    return (*shares, *[left / LONGER] * LONGER) if left else shares


def fitting_side(labels: Dataset) -> int:
    """The side at which an object of median size is still clear, in steps of 32 pixels."""
    longest = float(np.median([max(size) for size in labels.sizes.values()]))
    sides = [np.sqrt(area(each.boxes)) for each in labels.samples.values() if len(each)]
    median = float(np.median(np.concatenate(sides))) if sides else longest
    wanted = CLEAR / max(median, 1.0) * longest
    return int(np.clip(-(-wanted // 32) * 32, LEAST_SIDE, MOST_SIDE))
