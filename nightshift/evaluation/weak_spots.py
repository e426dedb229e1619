"""Groups of frames that look alike and on which the models do worse than elsewhere. Knows vectors, errors and clips.

Groups are k-means' (scikit-learn); whether one is worse is asked of a bootstrap over clips, for frames of a clip are
alike. As the worst of several groups looks bad by chance alone, the confidence holds for all of them together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from nightshift.domain.embedding import Vectors, unit
from nightshift.evaluation.interval import Interval

LEAST = 24  # frames whose errors are known
PER_GROUP, MOST_GROUPS = 12, 12
CLIPS = 3  # of a group: fewer tell little of other clips
DRAWS = 4000
CONFIDENCE = 0.9  # that all intervals hold together
SEEDS = 2**31
Values = NDArray[np.float64]
Groups = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class WeakSpot:
    """One group.

    Args:
        frames: indices, the most typical first.
        clips: how many the frames come from.
        mean: errors a frame.
        more: errors a frame more than the mean of all; None where the clips are too few to tell.
    """

    frames: tuple[int, ...]
    clips: int
    mean: float
    more: Interval | None

    @property
    def worse(self) -> bool:
        """Whether the group is worse than the mean, beyond chance."""
        return self.more is not None and self.more.low > 0


def weak_spots(vectors: Vectors, errors: Sequence[float], clips: Sequence[str], rng: Generator) -> list[WeakSpot]:
    """Every group, the one with the most errors a frame first; none where too few errors are known.

    Args:
        vectors: (n, d), where each frame lies.
        errors: n, ≥ 0: what people had to correct.
        clips: n names.
        rng: seeds the groups and draws the clips.
    """
    seed, values = int(rng.integers(SEEDS)), np.asarray(errors, np.float64)
    if len(values) < LEAST:
        return []
    rows = unit(vectors - vectors.mean(axis=0))
    groups = _groups(rows, seed)
    more = _more(values, groups, clips, rng)
    found = [_spot(g, rows, values, groups, clips, more) for g in sorted(set(groups.tolist()))]
    return sorted(found, key=lambda each: (-each.mean, each.frames))


def _groups(rows: Vectors, seed: int) -> Groups:
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    count = min(MOST_GROUPS, max(2, len(rows) // PER_GROUP), len(np.unique(rows, axis=0)))
    with threadpool_limits(1):
        groups = KMeans(count, n_init=4, random_state=seed).fit_predict(rows.astype(np.float64))
    return np.asarray(groups, np.intp)


def _spot(
    group: int, rows: Vectors, values: Values, groups: Groups, clips: Sequence[str], more: dict[int, Interval]
) -> WeakSpot:
    inside = np.flatnonzero(groups == group)
    middle = rows[inside].mean(axis=0)
    typical = inside[np.argsort(-(rows[inside] @ middle), kind="stable")]
    return WeakSpot(
        tuple(int(i) for i in typical), len({clips[i] for i in inside}), float(values[inside].mean()), more.get(group)
    )


def _more(values: Values, groups: Groups, clips: Sequence[str], rng: Generator) -> dict[int, Interval]:
    """Group → its mean minus the mean of all, over draws of whole clips."""
    clip = np.unique(np.asarray(clips), return_inverse=True)[1]
    sums, sizes = (np.zeros((clip.max() + 1, groups.max() + 1)) for _ in range(2))
    np.add.at(sums, (clip, groups), values)
    np.add.at(sizes, (clip, groups), 1.0)
    times = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=DRAWS)
    told = [g for g in range(sums.shape[1]) if (sizes[:, g] > 0).sum() >= CLIPS]
    overall = (times @ sums.sum(axis=1)) / (times @ sizes.sum(axis=1))
    tail = (1 - CONFIDENCE) / 2 / max(len(told), 1)
    found = {}
    for group in told:
        with np.errstate(invalid="ignore"):  # a draw without any of its clips says nothing of it
            draws = (times @ sums[:, group]) / (times @ sizes[:, group]) - overall
        low, high = np.nanquantile(draws, [tail, 1 - tail])
        value = float(sums[:, group].sum() / sizes[:, group].sum() - values.mean())
        found[group] = Interval(value, min(float(low), value), max(float(high), value))
    return found
