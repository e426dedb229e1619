"""Is one student better than another, or was it luck? A paired bootstrap over clips.

Frames of a clip are alike, so whole clips are drawn (Field & Welsh 2007, cluster bootstrap); both students are
judged on the same draw, so that hard clips hurt both. Knows nothing of what is decided from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.detections import Detections, on_equal_terms
from nightshift.evaluation.average_precision import check
from nightshift.evaluation.matches import ClassMatches, match_all, mean_average_precision

DRAWS = 1000
AT_ONCE = 64  # draws; keeps the arrays small


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much mean average precision is greater, over the draws.

    Args:
        mean: mean difference, ours minus theirs, in [-1, 1].
        low: 2.5% of the draws are below.
        high: 2.5% of the draws are above.
        probability_better: share of draws in which ours is better; a tie counts half.
    """

    mean: float
    low: float
    high: float
    probability_better: float

    def __post_init__(self) -> None:
        if not -1 <= self.low <= self.high <= 1 or not 0 <= self.probability_better <= 1:
            raise ValueError(f"not a gain: {self}")


UNKNOWN = Gain(0.0, 0.0, 0.0, 0.5)


def paired_gain(
    truth: Sequence[Detections],
    ours: Sequence[Detections],
    theirs: Sequence[Detections],
    clips: Sequence[str],
    names: Sequence[str],
    rng: np.random.Generator,
    draws: int = DRAWS,
    ious: Sequence[float] = (0.5,),
) -> Gain:
    """The gain of one set of detections over another, on the same frames.

    Args:
        truth: what is there, per frame.
        ours: what the candidate found, per frame.
        theirs: what its rival found, per frame.
        clips: the clip of each frame.
        names: class names by index.
        rng: draws the clips.
        draws: how many; the error of the probability is about 0.5 / sqrt(draws).
        ious: thresholds whose mean is compared; (0.5,) is mAP50.

    Raises:
        ValueError: lengths differ, or a class has no name.

    Returns:
        The gain; where the truth has no box at all, none with probability one half.
    """
    for found in (ours, theirs):
        check(truth, found, len(names))
    if len(clips) != len(truth):
        raise ValueError(f"{len(clips)} clips for {len(truth)} frames")
    if not any(len(each) for each in truth):
        return UNKNOWN
    truth, ours, theirs = on_equal_terms(truth, ours, theirs)
    weights = resample(clips, draws, rng)
    values = [_values(truth, found, len(names), ious, weights) for found in (ours, theirs)]
    return _gain(values[0] - values[1])


def map50_sd(
    truth: Sequence[Detections],
    found: Sequence[Detections],
    clips: Sequence[str],
    names: Sequence[str],
    rng: np.random.Generator,
    draws: int = 200,
) -> float | None:
    """Standard error of mAP50, by drawing clips with repeats; None where the truth has no box.

    Args:
        truth: what is there, per frame.
        found: what was found, per frame.
        clips: the clip of each frame.
        names: class names by index.
        rng: draws the clips.
        draws: how many.
    """
    check(truth, found, len(names))
    if not any(len(each) for each in truth):
        return None
    values = _values(truth, found, len(names), (0.5,), resample(clips, draws, rng))
    known = values[~np.isnan(values)]
    return float(known.std()) if len(known) else None


def between(
    truth: Sequence[Detections],
    found: Sequence[Detections],
    clips: Sequence[str],
    names: Sequence[str],
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """What 95% of mAP50 lie between, when clips are drawn with repeats; the truth has a box.

    Args:
        truth: what is there, per frame.
        found: what was found, per frame.
        clips: the clip of each frame.
        names: class names by index.
        rng: draws the clips.
        draws: how many.
    """
    check(truth, found, len(names))
    values = _values(truth, found, len(names), (0.5,), resample(clips, draws, rng))
    low, high = np.quantile(values[~np.isnan(values)], [0.025, 0.975]).tolist()
    return low, high


def resample(clips: Sequence[str], draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """(draws, frames): how often each frame counts when as many clips as there are, are drawn with repeats."""
    _, clip_of_frame = np.unique(np.asarray(clips, np.str_), return_inverse=True)
    number = int(clip_of_frame.max()) + 1
    counts: NDArray[np.int64] = rng.multinomial(number, np.full(number, 1 / number), size=draws)
    return counts[:, clip_of_frame]


def _values(
    truth: Sequence[Detections],
    found: Sequence[Detections],
    classes: int,
    ious: Sequence[float],
    weights: NDArray[np.int64],
) -> NDArray[np.float64]:
    each = [_all_draws(match_all(truth, found, classes, iou), weights) for iou in ious]
    values: NDArray[np.float64] = np.stack(each).mean(axis=0)
    return values


def _all_draws(matches: Sequence[ClassMatches], weights: NDArray[np.int64]) -> NDArray[np.float64]:
    parts = range(0, len(weights), AT_ONCE)
    return np.concatenate([mean_average_precision(matches, weights[i : i + AT_ONCE]) for i in parts])


def _gain(differences: NDArray[np.float64]) -> Gain:
    known = differences[~np.isnan(differences)]  # a draw without any box says nothing
    if not len(known):
        return UNKNOWN
    low, high = np.quantile(known, [0.025, 0.975]).tolist()
    better = float((known > 0).mean() + (known == 0).mean() / 2)
    return Gain(float(known.mean()), low, high, better)
