"""Expected additions from a model's own confidences.

A box too weak to be shown may still be an object that a person would have to draw. Scores are taken at face value
here: nothing is calibrated yet, and an overconfident model looks more certain than it is.
"""

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


def expected_additions(scores: Scores, shown_above: float) -> float:
    """Objects hidden among the boxes not shown: Σ s over s < shown_above, noise under a third of it left out.

    A detector emits hundreds of boxes near zero whose sum means nothing; only the band just under the threshold
    speaks for objects that were nearly found.

    Args:
        scores: (n,) in [0, 1].
        shown_above: boxes under it are not drawn for the person.
    """
    hidden = scores[(scores < shown_above) & (scores >= shown_above / 3)]
    return float(np.sum(hidden, dtype=np.float64))
