"""Novelty: how far a frame lies from everything people have labelled, as the student sees it.

Formula: 1 − highest cosine similarity to a labelled frame's vector, from the common mean (the distance that core-set
selection covers, Sener & Savarese 2018, arXiv 1708.00489). Unit: cosine distance in [0, 2].
Bias: outliers (black frames, lens flare) are the most novel of all; one vector a frame says little about small objects.
Needs: the student's vectors. While nothing is labelled every frame is equally novel, 1.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.looks import looks, most_similar
from nightshift.acquisition.pool import Pool, missing


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) cosine distance to the nearest labelled frame.

    Raises:
        ConfigError: there are no vectors.
    """
    del rng
    if not pool.vectors.shape[1]:
        raise missing("novelty", "a vector for each frame", "Train a student first; typical frames need one too.")
    if not len(pool.labelled_vectors):
        return np.ones(len(pool))
    return np.clip(1.0 - most_similar(*looks(pool)).astype(np.float64), 0.0, 2.0)
