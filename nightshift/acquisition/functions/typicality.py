"""Typicality: how many frames look like this one; what to ask first when nothing is known.

Formula: mean cosine similarity to the 20 nearest frames within the frame's cluster (TypiClust, Hacohen, Dekel &
Weinshall 2022, arXiv 2202.02794, equation 4, with similarity for inverse distance), never under 0; √n clusters, at
most 500.
Unit: cosine in [0, 1]. Bias: prefers what is common, and says nothing of what is rare; dense clips look typical
because they repeat themselves, so take one a cluster (`typiclust`), never simply the highest.
Needs: vectors.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._clusters import MOST, cluster, typical
from nightshift.acquisition.looks import looks
from nightshift.acquisition.pool import Pool, missing


def value(pool: Pool, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n,) mean similarity to the nearest of its cluster; 0 for a frame alone.

    Raises:
        ConfigError: there are no vectors.
    """
    del rng
    if not pool.vectors.shape[1]:
        raise missing("typicality", "a vector for each frame", "Use any network's embedding, or choose chance.")
    ours, _ = looks(pool)
    return typical(ours, cluster(ours, min(MOST, int(np.ceil(np.sqrt(len(pool)))))))
