"""What a score means: the probabilities that a shown box is kept, moved, relabelled or deleted.

Counts per confidence bin are smoothed towards a broader group, that one towards a broader still, and the broadest
towards taking scores at face value (Dirichlet pseudo-counts, the back-off of MacKay & Bauman Peto 1995, "A hierarchical
Dirichlet language model"): prior → all boxes → one family of models → one class of that family. A surer box is never
less often right: the share is made monotone in the score by pooling adjacent violators (Zadrozny & Elkan 2002,
"Transforming classifier scores into accurate multiclass probability estimates").

Anchoring is in these figures: they say what people do with boxes they are shown, not how many of them are right.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from nightshift.domain.ledger import BINS, confidence_bin

Array = NDArray[np.float64]
Group = tuple[str, int]  # family of models and class; ANY stands for all of them
ANY_FAMILY, ANY_CLASS = "", -1
EVERYTHING: Group = (ANY_FAMILY, ANY_CLASS)
CENTRES: Array = (np.arange(BINS) + 0.5) / BINS
PSEUDO = 8.0  # boxes that the broader group counts in every bin
MOVED, RELABELLED = 0.25, 0.10  # of right ones, and of wrong ones, before anybody has answered: a guess
KEPT_AT, MOVED_AT, RELABELLED_AT, DELETED_AT = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Fates:
    """Shown boxes and what became of them, as arrays of equal length.

    Args:
        families: names of the models' families.
        family: (n,) int64, index into families.
        label: (n,) int64, class as shown.
        score: (n,) float64 in [0, 1].
        fate: (n,) int64: 0 kept, 1 moved, 2 relabelled, 3 deleted.
        weight: (n,) float64: 1, or less for what is long ago.
    """

    families: tuple[str, ...]
    family: NDArray[np.int64]
    label: NDArray[np.int64]
    score: Array
    fate: NDArray[np.int64]
    weight: Array


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Of one group, by confidence bin.

    Args:
        right: (BINS,) share kept or moved; never falls.
        moved: (BINS,) share of the right ones that is moved.
        relabelled: (BINS,) share of the wrong ones that is relabelled.
    """

    right: Array
    moved: Array
    relabelled: Array

    def at(self, scores: NDArray[np.floating[Any]]) -> Array:
        """(n,) scores → (n, 4) probabilities of kept, moved, relabelled, deleted; between bin centres, linearly."""
        right = np.interp(scores, _KNOTS, _to_the_ends(self.right))
        moved = np.interp(scores, CENTRES, self.moved)
        relabelled = np.interp(scores, CENTRES, self.relabelled)
        parts = (right * (1 - moved), right * moved, (1 - right) * relabelled, (1 - right) * (1 - relabelled))
        return np.stack(parts, axis=1)

    @property
    def table(self) -> Array:
        """(BINS, 4) probabilities at the bin centres."""
        return self.at(CENTRES)


_KNOTS = np.concatenate([[0.0], CENTRES, [1.0]])


def face_value(classes: int) -> Curve:
    """Before anybody has answered: a box of score s is right with probability s. One class leaves no other to give."""
    relabelled = RELABELLED if classes > 1 else 0.0
    return Curve(CENTRES, np.full(BINS, MOVED), np.full(BINS, relabelled))


def fit_curves(fates: Fates, classes: int, pseudo: float = PSEUDO) -> dict[Group, Curve]:
    """A curve for everything, for each family and for each class of a family.

    Args:
        fates: what became of the boxes.
        classes: of the ontology.
        pseudo: boxes that the broader group counts in each bin.
    """
    curves = {EVERYTHING: _update(face_value(classes), _counts(fates, np.ones(len(fates.score), np.bool_)), pseudo)}
    for index, family in enumerate(fates.families):
        own = fates.family == index
        curves[family, ANY_CLASS] = _update(curves[EVERYTHING], _counts(fates, own), pseudo)
        for label in np.unique(fates.label[own]).tolist():
            counts = _counts(fates, own & (fates.label == label))
            curves[family, label] = _update(curves[family, ANY_CLASS], counts, pseudo)
    return curves


def curve_for(curves: Mapping[Group, Curve], family: str, label: int) -> Curve:
    """The narrowest group that has been seen."""
    known = ((family, label), (family, ANY_CLASS), EVERYTHING)
    return next(curves[group] for group in known if group in curves)


def family_of(model: str) -> str:
    """What the versions of one model have in common: weights change from night to night, habits of scoring less."""
    return model.removeprefix("champion/").split("@")[0]


def _counts(fates: Fates, which: NDArray[np.bool_]) -> Array:
    """(BINS, 4) weighted numbers."""
    table = np.zeros((BINS, 4))
    np.add.at(table, (confidence_bin(fates.score[which]), fates.fate[which]), fates.weight[which])
    return table


def _update(parent: Curve, counts: Array, pseudo: float) -> Curve:
    """The Dirichlet posterior mean with `pseudo` boxes of the parent in each bin, then monotone."""
    total = counts + pseudo * parent.table
    right = total[:, [KEPT_AT, MOVED_AT]].sum(axis=1)
    wrong = total[:, [RELABELLED_AT, DELETED_AT]].sum(axis=1)
    share: Array = isotonic_regression(right / (right + wrong), weights=right + wrong).x
    return Curve(np.clip(share, 0, 1), _share(total[:, MOVED_AT], right), _share(total[:, RELABELLED_AT], wrong))


def _share(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _to_the_ends(values: Array) -> Array:
    """Half a bin further on both sides, along the outermost slope, within [0, 1]."""
    first = values[0] - (values[1] - values[0]) / 2
    last = values[-1] + (values[-1] - values[-2]) / 2
    return np.clip(np.concatenate([[first], values, [last]]), 0, 1)
