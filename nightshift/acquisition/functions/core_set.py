"""Core-set: always the frame farthest from everything labelled or chosen, whatever it costs.

Source: k-center greedy of Sener & Savarese 2018 (arXiv 1708.00489, algorithm 1), with the cosine distance from the
common mean where they take the Euclidean one: on vectors of length 1 the order is the same. While nothing is
labelled it starts with the first frame. Bias: outliers first; uncertainty and price play no part. Needs: vectors.
"""

import numpy as np

from nightshift.acquisition.looks import looks, most_similar
from nightshift.acquisition.pool import Pool, missing
from nightshift.acquisition.spread import k_center


def rank(pool: Pool, budget_usd: float, rng: np.random.Generator) -> list[int]:
    """Indices in the order to ask; frames dearer than what is left are passed over.

    Raises:
        ConfigError: there are no vectors.
    """
    del rng
    if not pool.vectors.shape[1]:
        raise missing("core_set", "a vector for each frame", "Train a student first, or choose gain_per_dollar.")
    ours, labelled = looks(pool)
    return k_center(ours, most_similar(ours, labelled), pool.usd, budget_usd)
