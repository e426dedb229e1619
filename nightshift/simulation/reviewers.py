"""Simulated reviewers: what a person with human-like habits, slips and speed would answer.

A pure function of the truth, of what was shown and of a random generator. Knows no Label Studio; the name of
every reviewer says that it is simulated.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator

from nightshift.domain.corrections import Change, compare, match
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Boxes, Detections, area

SMALL_SIDE = 16.0  # pixels: objects of this size and below are missed twice as often
SMALLEST_SIDE = 1.0  # pixels of a drawn box


@dataclass(frozen=True, slots=True)
class Skill:
    """How one simulated reviewer works.

    Args:
        name: says that it is simulated.
        miss_rate: share of objects without a box that are overlooked (twice that for small ones).
        overlook_rate: share of false boxes that are left standing.
        wrong_class_rate: share of drawn or relabelled boxes that get another class.
        jitter: how far a drawn side is off, standard deviation as a share of the box's side.
        sloppy_accept: a shown box with at least this IoU is left where it is.
        noise: standard deviation of the logarithm of the time taken.
        prices: seconds per edit.
    """

    name: str = "simulated reviewer"
    miss_rate: float = 0.03
    overlook_rate: float = 0.02
    wrong_class_rate: float = 0.01
    jitter: float = 0.02
    sloppy_accept: float = 0.75
    noise: float = 0.35
    prices: Prices = field(default_factory=Prices)

    def __post_init__(self) -> None:
        rates = (self.miss_rate, self.overlook_rate, self.wrong_class_rate, self.jitter, self.sloppy_accept)
        if "simulated" not in self.name.lower():
            raise ValueError(f"the name '{self.name}' does not say that the reviewer is simulated")
        if not all(0 <= rate <= 1 for rate in rates) or not self.noise >= 0:
            raise ValueError("rates lie in [0, 1] and noise is not negative")


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to see.

    Args:
        truth: every object, in pixels.
        size: (width, height) of the frame, pixels.
        classes: how many classes the ontology has.
    """

    truth: Detections
    size: tuple[int, int]
    classes: int


def review(scene: Scene, shown: Detections | None, rng: Generator, skill: Skill) -> tuple[Detections, float]:
    """What the reviewer says, and the seconds it took.

    Starts from what is shown (None is blind): boxes that fit are kept, near ones moved, wrong classes corrected,
    false ones deleted, missing ones drawn. Now and then something slips.

    Args:
        scene: the truth.
        shown: the pre-annotation.
        rng: the only source of chance: the same state gives the same answer.
        skill: of the reviewer.
    """
    start = Detections.empty() if shown is None else shown
    pairs = match(start, scene.truth)
    worked = [_correct(scene, start, pair, rng, skill) for pair in pairs]
    worked += _overlooked(start, {before for before, _, _ in pairs}, rng, skill)
    worked += _drawn(scene, {after for _, after, _ in pairs}, rng, skill)
    said = Detections.of([box for box, _ in worked], np.array([label for _, label in worked], np.int64))
    return said, _seconds(start, said, rng, skill)


def _correct(
    scene: Scene,
    shown: Detections,
    pair: tuple[int, int, float],
    rng: Generator,
    skill: Skill,
) -> tuple[Boxes, int]:
    before, after, iou = pair
    right = int(scene.truth.classes[after])
    label = right if shown.classes[before] == right else _label(scene, right, rng, skill)
    if iou >= skill.sloppy_accept:
        return shown.boxes[before], label
    return _draw(scene, scene.truth.boxes[after], rng, skill), label


def _overlooked(shown: Detections, paired: set[int], rng: Generator, skill: Skill) -> list[tuple[Boxes, int]]:
    """False boxes that the reviewer did not delete."""
    false = [i for i in range(len(shown)) if i not in paired]
    stays = rng.random(len(false)) < skill.overlook_rate
    return [(shown.boxes[i], int(shown.classes[i])) for i, stay in zip(false, stays, strict=True) if stay]


def _drawn(scene: Scene, paired: set[int], rng: Generator, skill: Skill) -> list[tuple[Boxes, int]]:
    """Objects without a box, drawn unless missed."""
    truth = scene.truth
    missing = [i for i in range(len(truth)) if i not in paired]
    small = np.sqrt(area(truth.boxes)) <= SMALL_SIDE
    seen = rng.random(len(missing)) >= skill.miss_rate * (1 + small[missing])
    return [
        (_draw(scene, truth.boxes[i], rng, skill), _label(scene, int(truth.classes[i]), rng, skill))
        for i, sees in zip(missing, seen, strict=True)
        if sees
    ]


def _draw(scene: Scene, box: Boxes, rng: Generator, skill: Skill) -> Boxes:
    """The box as a hand draws it: every side a little off, inside the frame, never without area."""
    sides = np.tile(box[2:] - box[:2], 2)
    limits = np.array([*scene.size, *scene.size], np.float64)
    off = np.clip(box + rng.normal(0, skill.jitter, 4) * sides, 0, limits)
    solid = (off[2:] - off[:2] >= SMALLEST_SIDE).all()
    return np.asarray(off if solid else box, np.float32)


def _label(scene: Scene, right: int, rng: Generator, skill: Skill) -> int:
    if scene.classes < 2 or rng.random() >= skill.wrong_class_rate:  # noqa: PLR2004 - one class leaves no choice
        return right
    return int((right + rng.integers(1, scene.classes)) % scene.classes)


def _seconds(shown: Detections, said: Detections, rng: Generator, skill: Skill) -> float:
    """Priced like the estimate that put the frame into the queue, times noise with mean 1."""
    counts = dict.fromkeys(Change, 0.0)
    for change in compare(shown, said):
        counts[change.change] += 1
    noise = rng.lognormal(-(skill.noise**2) / 2, skill.noise)
    return float(skill.prices.frame_seconds(counts) * noise)


def crew(number: int, skill: Skill | None = None) -> list[Skill]:
    """Several reviewers of the same skill, named 'simulated reviewer 1' and so on."""
    base = skill or Skill()
    return [replace(base, name=f"simulated reviewer {i}") for i in range(1, number + 1)]
