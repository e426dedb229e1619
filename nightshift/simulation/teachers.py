"""A simulated foundation model: finds what a zero-shot teacher of a declared quality would find.

Its mistakes are those that matter in practice, and they are not independent: a frame has a difficulty of its own that
all its boxes share, a class may be known badly as a whole, small objects are missed more often, and a class is taken
for one other class, always the same. So errors cluster within frames and a student can learn them. The same seed and
frame give the same boxes in any order. It sees the truth, never the pixels, and its version says that it is simulated.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import expit, logit

from nightshift.domain.detections import Boxes, Detections, area, clean


@dataclass(frozen=True, slots=True)
class Profile:
    """How good a simulated teacher is.

    Args:
        recall: share of objects that get a box, for an average class, size and frame.
        class_spread: standard deviation of a class's log-odds of being found.
        frame_spread: standard deviation of a frame's log-odds, shared by all its boxes.
        small_penalty: log-odds lost for every halving of an object's side below the data set's median.
        confusion: share of found objects that get the class's usual wrong class.
        false_boxes: mean number of boxes on nothing, a frame.
        jitter: standard deviation of a side's place, as a share of the box's side.
    """

    recall: float = 0.75
    class_spread: float = 0.8
    frame_spread: float = 0.8
    small_penalty: float = 0.6
    confusion: float = 0.08
    false_boxes: float = 0.8
    jitter: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.recall < 1 or not 0 <= self.confusion <= 1:
            raise ValueError("recall lies in (0, 1) and confusion in [0, 1]")
        if min(self.class_spread, self.frame_spread, self.small_penalty, self.false_boxes, self.jitter) < 0:
            raise ValueError("spreads, penalties and rates are not negative")

    @property
    def text(self) -> Mapping[str, float]:
        """What it is made of, by name, for whoever shows it."""
        return asdict(self)


class SimulatedTeacher:
    """A teacher over frames whose truth is known.

    Args:
        profile: its quality.
        classes: how many classes there are.
        median_side: of the objects of the data set, pixels.
        seed: of its habits and its slips.
    """

    def __init__(self, profile: Profile, classes: int, median_side: float, seed: int) -> None:
        self._profile, self._classes, self._median, self._seed = profile, classes, median_side, seed
        rng = np.random.default_rng([seed, 0])
        self._known = rng.normal(0, profile.class_spread, classes)
        self._mistaken_for = (np.arange(classes) + rng.integers(1, max(classes, 2), classes)) % classes

    @property
    def version(self) -> str:
        """Says that it is simulated, and how good it is."""
        return f"simulated-teacher-recall-{self._profile.recall:.2f}-seed-{self._seed}"

    def label(self, frame_id: str, truth: Detections, size: tuple[int, int]) -> Detections:
        """What it finds on one frame.

        Args:
            frame_id: names the frame: the only source of chance beside the seed.
            truth: every object.
            size: (width, height), pixels.
        """
        rng = np.random.default_rng([self._seed, *blake2b(frame_id.encode(), digest_size=8).digest()])
        ease = rng.normal(0, self._profile.frame_spread)
        found = self._found(truth, ease, rng)
        false = self._false(size, ease, rng)
        boxes = np.concatenate([found[0], false[0]])
        classes, scores = np.concatenate([found[1], false[1]]), np.concatenate([found[2], false[2]])
        return clean(boxes, classes, scores, size).by_score()

    def _found(self, truth: Detections, ease: float, rng: Generator) -> tuple[Boxes, NDArray[np.int64], Boxes]:
        small = np.clip(np.log2(self._median / np.maximum(np.sqrt(area(truth.boxes)), 1.0)), 0, None)
        odds = logit(self._profile.recall) + self._known[truth.classes] + ease - self._profile.small_penalty * small
        seen = rng.random(len(truth)) < expit(odds)
        wrong = rng.random(len(truth)) < self._profile.confusion
        classes = np.where(wrong, self._mistaken_for[truth.classes], truth.classes)
        certainty = odds + rng.normal(0.3, 1.0, len(truth)) - 1.2 * wrong
        moved = _shaken(truth.boxes, self._profile.jitter, rng)
        return moved[seen], classes[seen], expit(certainty[seen]).astype(np.float32)

    def _false(self, size: tuple[int, int], ease: float, rng: Generator) -> tuple[Boxes, NDArray[np.int64], Boxes]:
        number = int(rng.poisson(self._profile.false_boxes * np.exp(-0.5 * ease)))
        sides = np.maximum(self._median * rng.lognormal(0, 0.4, (number, 2)), 4.0)
        corner = rng.random((number, 2)) * np.maximum(np.array(size) - sides, 1.0)
        boxes = np.concatenate([corner, corner + sides], axis=1).astype(np.float32)
        classes = rng.integers(0, self._classes, number)
        return boxes, classes, expit(rng.normal(-1.0, 0.9, number)).astype(np.float32)


def median_side(truth: Mapping[str, Detections]) -> float:
    """The median of √area over all objects, pixels; 32 where there is none."""
    sides = [np.sqrt(area(each.boxes)) for each in truth.values() if len(each)]
    return float(np.median(np.concatenate(sides))) if sides else 32.0


def _shaken(boxes: Boxes, jitter: float, rng: Generator) -> Boxes:
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], (1, 2))
    return np.asarray(boxes + rng.normal(0, 1, boxes.shape) * jitter * sides, np.float32)
