"""A map of the frames: many dimensions to two, so that what is alike lies together. Knows no frame and no picture.

Principal components first, then t-SNE (van der Maaten & Hinton 2008), both scikit-learn's; t-SNE starts from the first
two components, so that the picture does not depend on chance more than it must. One thread: sums over threads
come out differently each time, and t-SNE turns that into another map.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from nightshift.domain.embedding import Vectors

LEAST = 12  # frames; fewer are looked at one by one
COMPONENTS = 50
PERPLEXITY = 30.0
SAME = 1e-6  # spread of the vectors, below which all frames are alike
SEEDS = 2**31
Places = NDArray[np.float64]


def flat_map(vectors: Vectors, rng: Generator) -> Places | None:
    """(n, d) → (n, 2) places in [0, 1]; None where there is nothing to see: few frames, or all alike.

    Args:
        vectors: one row a frame.
        rng: seeds t-SNE.
    """
    seed = int(rng.integers(SEEDS))
    if len(vectors) < LEAST or float(vectors.std(axis=0).max(initial=0)) < SAME:
        return None
    from sklearn.decomposition import PCA  # noqa: PLC0415 - heavy
    from sklearn.manifold import TSNE  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    count = min(COMPONENTS, len(vectors) - 1, vectors.shape[1])
    with threadpool_limits(1):
        few = PCA(count, svd_solver="full").fit_transform(vectors.astype(np.float64))
        few = np.pad(few, ((0, 0), (0, max(0, 2 - count))))
        perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
        places = TSNE(perplexity=perplexity, init=_start(few), random_state=seed, n_jobs=1).fit_transform(few)
    return _fitted(places.astype(np.float64))


def drawn(groups: Sequence[str], most: int, rng: Generator) -> list[int]:
    """Indices of at most `most` frames, in order, so that every group is there.

    A group has its share, but at least an equal part of a quarter of the places, or all of its frames where they
    are fewer.
    """
    if len(groups) <= most:
        return list(range(len(groups)))
    names = sorted(set(groups))
    members = {name: [i for i, each in enumerate(groups) if each == name] for name in names}
    least = {name: min(len(members[name]), most // (4 * len(names))) for name in names}
    left = (most - sum(least.values())) / (len(groups) - sum(least.values()))
    wanted = {name: least[name] + int((len(members[name]) - least[name]) * left) for name in names}
    return sorted(int(i) for name in names for i in rng.choice(members[name], wanted[name], replace=False))


def landmarks(places: Places, count: int) -> tuple[list[int], NDArray[np.intp]]:
    """Frames to go by, one in the middle of each part of a map, and to which of them each frame is nearest.

    Args:
        places: (n, 2), n ≥ 1.
        count: of landmarks, at most.

    Returns:
        Indices of the landmarks, in reading order, and (n,) which of them each frame belongs to.
    """
    from sklearn.cluster import KMeans  # noqa: PLC0415 - heavy
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    distinct = len(np.unique(places, axis=0))
    with threadpool_limits(1):
        middles = KMeans(min(count, distinct), n_init=4, random_state=0).fit(places).cluster_centers_
    rows = np.minimum((middles[:, 1] * 3).astype(int), 2)
    middles = middles[np.lexsort((middles[:, 0], rows))]
    far = np.linalg.norm(places[:, None] - middles[None], axis=2)
    chosen = list(dict.fromkeys(far.argmin(axis=0).tolist()))
    return chosen, np.linalg.norm(places[:, None] - places[chosen][None], axis=2).argmin(axis=1)


def _start(few: NDArray[np.float64]) -> NDArray[np.float32]:
    """The first two components, so small that everything can still move."""
    spread = max(float(few[:, 0].std()), SAME)
    return np.asarray(few[:, :2] / spread * 1e-4, np.float32)


def _fitted(places: Places) -> Places:
    low, high = places.min(axis=0), places.max(axis=0)
    return np.asarray((places - low) / np.maximum(high - low, 1e-9), np.float64)
