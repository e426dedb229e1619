"""Whether several teachers fused are better than the best of them alone. Published results warn: often they are not.

All are judged on the same labelled frames. The best single one is chosen on those frames too, which favours it a
little: the fusion has to be better all the same. Knows nothing of how a fusion is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nightshift.domain.detections import Detections
from nightshift.evaluation.bootstrap import UNKNOWN, Gain, between, paired_gain
from nightshift.evaluation.matches import match_all, mean_average_precision

PROVEN = 0.95  # probability of being better: a fusion costs the time of all its members every night


@dataclass(frozen=True, slots=True)
class Rating:
    """One teacher on the labelled frames.

    Args:
        name: of the teacher.
        map50: mAP50, in [0, 1].
        low: 2.5% of the draws of clips are below.
        high: 2.5% of the draws are above.
    """

    name: str
    map50: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FusionVerdict:
    """Whether to fuse.

    Args:
        use: the fusion is better than the best single teacher, as surely as PROVEN says.
        best: the best single teacher.
        gain: of the fusion over it.
        ratings: of every single teacher, the best first, and last of the fusion.
        reason: as sentences with the figures.
    """

    use: bool
    best: str
    gain: Gain
    ratings: tuple[Rating, ...]
    reason: str


def fusion_is_better(
    truth: Sequence[Detections],
    fused: Sequence[Detections],
    members: Mapping[str, Sequence[Detections]],
    clips: Sequence[str],
    names: Sequence[str],
    rng: np.random.Generator,
    sure_enough: float = PROVEN,
    what: str = "the fusion",
) -> FusionVerdict:
    """The fusion against the best single teacher, by a paired bootstrap over clips.

    Args:
        truth: what is there, per frame.
        fused: what the fusion found, per frame.
        members: what each single teacher found, by its name; at least one.
        clips: the clip of each frame.
        names: class names by index.
        rng: draws the clips; for all comparisons from the same seed.
        sure_enough: least probability of being better.
        what: the fusion is called in the reason; another way to combine teachers is judged as well.

    Raises:
        ValueError: lengths differ, a class has no name, or there is no single teacher.
    """
    if not members:
        raise ValueError("there is no single teacher to compare with")
    seed = int(rng.integers(2**32))
    rated = [rate(name, truth, found, clips, names, np.random.default_rng(seed)) for name, found in members.items()]
    ranked = sorted(rated, key=lambda each: -each.map50)
    best = ranked[0].name
    gain = paired_gain(truth, fused, members[best], clips, names, np.random.default_rng(seed))
    use = gain is not UNKNOWN and gain.probability_better >= sure_enough
    ratings = (*ranked, rate(what, truth, fused, clips, names, np.random.default_rng(seed)))
    return FusionVerdict(use, best, gain, ratings, _reason(what, best, gain, use=use, sure_enough=sure_enough))


def rate(
    name: str,
    truth: Sequence[Detections],
    found: Sequence[Detections],
    clips: Sequence[str],
    names: Sequence[str],
    rng: np.random.Generator,
) -> Rating:
    """mAP50 on all frames, and between what it lies when clips are drawn; 0 where the truth has no box."""
    if not any(len(each) for each in truth):
        return Rating(name, 0.0, 0.0, 0.0)
    whole = np.ones((1, len(truth)), np.int64)
    value = float(mean_average_precision(match_all(truth, found, len(names), 0.5), whole)[0])
    return Rating(name, value, *between(truth, found, clips, names, rng))


def _reason(what: str, best: str, gain: Gain, *, use: bool, sure_enough: float) -> str:
    if gain is UNKNOWN:
        return f"Use '{best}' without it: no frame has a labelled box, so nothing shows that {what} is better."
    low, mean, high = (f"{100 * value:+.1f}" for value in (gain.low, gain.mean, gain.high))
    figures = f"its gain is {mean} points of mAP50 ({low} to {high} in 95% of the draws)"
    sure = f"better than '{best}' with probability {gain.probability_better:.2f}"
    if use:
        subject = what[0].upper() + what[1:]
        return f"{subject} may be used: it is {sure}, at least the {sure_enough:.2f} asked for; {figures}."
    return f"Use '{best}' without it: {what} is {sure}, less than the {sure_enough:.2f} asked for; {figures}."
