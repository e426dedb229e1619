"""In the style of PPAL: uncertain frames by classes the student finds hard, then those of them that differ most.

Source: Yang, Huang & Crowley 2024, "Plug and Play Active Learning for Object Detection" (CVPR; arXiv 2211.11612).
1. Difficulty-calibrated uncertainty: Σ over boxes of w(class) × entropy, where w = 1 + αβ log(1 + γd), γ = exp(1/α)
   − 1 and d is the class's difficulty: the mean of 1 − p^ξ IoU^(1−ξ) over its objects.
2. The highest, worth δ times the budget, are the candidates; of them the budget buys those that k-center greedy
   seeds and medoid rounds find, and what is left goes to the most uncertain of the rest.

What differs from the paper: difficulty is not averaged through training, but taken from the caller, or from
people's boxes on the pool's frames, or, without either, from 1 − mean score of the class; similarity is that of one
vector a frame, not of matched objects of a category, because our students give one vector a frame; the seeds begin with
the most uncertain candidate instead of a random one; boxes count from a third of `shown_above` on instead of 0.05; the
budget is in dollars. The four constants are theirs.
Bias: crowded frames, and the price plays no part. Needs: vectors.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.acquisition.functions._boxes import Scores, entropy, in_order, measured, opinion
from nightshift.acquisition.functions._clusters import medoids
from nightshift.acquisition.looks import looks
from nightshift.acquisition.pool import Pool, missing
from nightshift.acquisition.select import afford, top
from nightshift.acquisition.spread import k_center
from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections

ALPHA, BETA, DELTA, XI = 0.3, 0.2, 4.0, 0.6


def rank(pool: Pool, budget_usd: float, rng: np.random.Generator) -> list[int]:
    """Indices in the order to ask; frames dearer than what is left are passed over.

    Raises:
        ConfigError: there are no vectors.
    """
    del rng
    if not pool.vectors.shape[1]:
        raise missing("ppal", "a vector for each frame", "Train a student first, or choose entropy_sum_top.")
    candidates = top(uncertainty(pool), pool.usd, DELTA * budget_usd)
    ours, usd = looks(pool)[0][candidates], pool.usd[candidates]
    seeds = k_center(ours, np.full(len(candidates), -1, np.float32), usd, budget_usd)  # the most uncertain is first
    middle = medoids(ours, seeds) if seeds else []
    rest = sorted(set(range(len(candidates))) - set(middle))
    return [candidates[i] for i in afford([*middle, *rest], usd, budget_usd)]


def uncertainty(pool: Pool) -> NDArray[np.float64]:
    """(n,) entropies of the boxes, summed with the weights of their classes."""
    found = measured(pool, entropy)
    weights = 1 + ALPHA * BETA * np.log1p(np.expm1(1 / ALPHA) * difficulty(pool))
    return np.asarray(np.bincount(found.frames, found.values * weights[found.classes], len(pool)), np.float64)


def difficulty(pool: Pool) -> NDArray[np.float64]:
    """(C,) in [0, 1]: the caller's; else from people's boxes; else 1 − mean score; 1 for a class never found."""
    if pool.class_difficulty is not None:
        return pool.class_difficulty
    guess = _by_score(pool)
    total, count = np.zeros(pool.classes), np.zeros(pool.classes)
    for found, said in zip(opinion(pool), pool.labelled, strict=True):
        if said is not None:
            np.add.at(total, said.classes, _per_object(in_order(found), said))
            np.add.at(count, said.classes, 1)
    return np.where(count > 0, total / np.maximum(count, 1), guess)


def _by_score(pool: Pool) -> NDArray[np.float64]:
    found = measured(pool, _top)
    count = np.bincount(found.classes, minlength=pool.classes)
    mean = np.bincount(found.classes, found.values, pool.classes) / np.maximum(count, 1)
    return np.asarray(1 - mean, np.float64)


def _per_object(found: Detections, said: Detections) -> NDArray[np.float64]:
    """(objects,) 1 − p^ξ IoU^(1−ξ); 1 for an object not found, or found as another class."""
    result = np.ones(len(said))
    for i, j, iou in match(found, said):
        if found.classes[i] == said.classes[j]:
            result[j] = 1 - float(found.scores[i]) ** XI * iou ** (1 - XI)
    return result


def _top(scores: Scores) -> NDArray[np.float64]:
    return np.asarray(scores.max(axis=1), np.float64)
