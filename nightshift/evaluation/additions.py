"""How many boxes a person draws: on frames with boxes shown, on frames where nothing was found, on blind ones.

Expected additions where boxes are shown are a·hidden + b·alone + c·shown + d, where hidden is the sum of the scores
just below the threshold, and alone that of the second model's boxes that are not shown. The coefficients are not
negative and start from a = b = 1, c = d = 0, which takes scores at face value; PSEUDO answers' worth of that belief
stays in. Counts scatter like their mean, so answers are weighted by the inverse of what is expected (iterated; the
identity-link Poisson fit of McCullagh & Nelder 1989, chapter 6).

Where the model found nothing, confidences say nothing: a student that never saw the night shift is silent about it, not
uncertain. What people found on such frames before is evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from nightshift.domain.ledger import Entry
from nightshift.domain.review import Purpose

Array = NDArray[np.float64]
PSEUDO = 8.0  # answers that the prior counts
AT_FACE_VALUE = np.array([1.0, 1.0, 0.0, 0.0])  # of hidden, alone, shown and one
LEAST_VARIANCE = 0.25  # of a number of additions, where next to none are expected
ROUNDS = 4  # of reweighting
NOTHING = 1e-9  # hints that are less on average teach nothing; squares of the least floats would vanish
UNSELECTED = frozenset({Purpose.GOLDEN, Purpose.SEED, Purpose.CONTROL})  # random frames


@dataclass(frozen=True, slots=True)
class Additions:
    """Expected numbers of boxes drawn.

    Args:
        hidden: per unit of hidden mass, where boxes are shown.
        alone: per unit of what only the second model saw, where boxes are shown.
        per_box: per shown box.
        base: per frame.
        blank: on a frame where the model found nothing to show.
        objects: on an average frame, of which nothing is known.
    """

    hidden: float
    alone: float
    per_box: float
    base: float
    blank: float
    objects: float

    def __post_init__(self) -> None:
        if not min(self.hidden, self.alone, self.per_box, self.base, self.blank, self.objects) >= 0:
            raise ValueError(f"a number of additions is negative: {self}")

    def expect(self, boxes: NDArray[np.int64], hidden: Array, alone: Array) -> Array:
        """(f,) boxes shown, (f,) hidden mass, (f,) mass that only the second model saw → (f,) expected additions."""
        some = self.hidden * hidden + self.alone * alone + self.per_box * boxes + self.base
        return np.where(boxes > 0, some, np.maximum(self.blank, self.alone * alone))


def fit_additions(entries: Sequence[Entry], weights: Array, objects: float) -> Additions:
    """From people's answers.

    Args:
        entries: the answers.
        weights: (n,) how much each counts.
        objects: per frame, as far as known without them.
    """
    return Additions(*_slopes(entries, weights), _blank(entries, objects), mean_objects(entries, objects))


def expected_missing(objects_per_frame: float, blank_asked: int, blank_with_objects: int) -> float:
    """Expected additions on a frame without detections; by Laplace's rule of succession, one in two before the first.

    Args:
        objects_per_frame: mean number of objects on frames that hold any, from people's answers or the teacher.
        blank_asked: frames without detections that people have answered.
        blank_with_objects: those of them on which people drew something.
    """
    share = (blank_with_objects + 1) / (blank_asked + 2)
    return objects_per_frame * share


def mean_objects(entries: Sequence[Entry], objects: float, pseudo: float = 2.0) -> float:
    """Objects on an average frame: by random frames where there are enough, for people are asked about crowded ones.

    Args:
        entries: the answers.
        objects: what to start from.
        pseudo: answers that the start counts; the mean of all answers then counts twice as many.
    """
    everywhere = _shrunk([each.objects for each in entries], objects, pseudo)
    return _shrunk([each.objects for each in entries if each.purpose in UNSELECTED], everywhere, 2 * pseudo)


def _slopes(entries: Sequence[Entry], weights: Array) -> tuple[float, float, float, float]:
    seen = _with_boxes(entries, weights)
    if not seen:
        return 1.0, 1.0, 0.0, 0.0
    rows = [(e.asked.hidden, e.asked.alone, e.shown, 1.0, e.edits.added, w) for e, w in seen]
    table = np.array(rows, np.float64)
    x, y, weight = table[:, :4], table[:, 4], table[:, 5]
    slopes = AT_FACE_VALUE
    for _ in range(ROUNDS):
        slopes = _weighted(x, y, weight / np.maximum(x @ slopes, LEAST_VARIANCE))
    hidden, alone, per_box, base = slopes.tolist()
    return hidden, alone, per_box, base


def _with_boxes(entries: Sequence[Entry], weights: Array) -> list[tuple[Entry, float]]:
    return [(e, w) for e, w in zip(entries, weights.tolist(), strict=True) if not e.blind and e.shown]


def _weighted(x: Array, y: Array, weight: Array) -> Array:
    """Least squares with coefficients ≥ 0, and PSEUDO average answers at which the prior is right."""
    typical = np.where(x.mean(axis=0) > NOTHING, x.mean(axis=0), 1.0)
    belief = np.sqrt(PSEUDO * weight.mean()) * np.diag(typical)
    root = np.sqrt(weight)
    left = np.vstack([root[:, None] * x, belief])
    found: Array = nnls(left, np.concatenate([root * y, belief @ AT_FACE_VALUE]))[0]
    return found


def _blank(entries: Sequence[Entry], objects: float) -> float:
    blank = [each for each in entries if _nothing_found(each)]
    held = [each.objects for each in entries if each.objects]
    return expected_missing(_shrunk(held, objects, 2.0), len(blank), sum(each.objects > 0 for each in blank))


def _nothing_found(entry: Entry) -> bool:
    predicted = entry.asked.predicted
    return not entry.shown and (predicted is not None and not len(predicted) if entry.blind else True)


def _shrunk(values: Sequence[float], start: float, pseudo: float) -> float:
    return (sum(values) + pseudo * start) / (len(values) + pseudo)
