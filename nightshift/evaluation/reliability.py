"""How far each teacher of an ensemble can be trusted with each class: from people's corrections, or labelled frames.

A weight is the share of a teacher's boxes of a class that are right, drawn towards its share over all classes as long
as few boxes of the class are known, and relative to the mean of the teachers. So a teacher that nobody has corrected
yet counts as the others do, and no weight is 0. Knows no fusion.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections
from nightshift.domain.ledger import Ledger

PRIOR = 10.0  # boxes' worth of belief that a class is as any other of the teacher's
HALF = 0.5  # the share of right boxes of a teacher of which nothing is known


def reliability(ledger: Ledger, versions: Sequence[str], classes: int) -> NDArray[np.float64]:
    """(members, classes) weights around 1, from the correction ledger.

    Args:
        ledger: of all corrections; its tallies go by the version of the model that drew the boxes.
        versions: of the members. Boxes that others drew, or the ensemble as a whole, say nothing of one member.
        classes: how many there are.
    """
    right, shown = np.zeros((len(versions), classes)), np.zeros((len(versions), classes))
    for each in ledger.tallies:
        if each.model in versions and each.label < classes:
            at = versions.index(each.model), each.label
            right[at] += each.kept + each.moved
            shown[at] += each.shown
    return weights(right, shown)


def measured(
    truth: Sequence[Detections], members: Mapping[str, Sequence[Detections]], classes: int, least_score: float = 0.0
) -> NDArray[np.float64]:
    """(members, classes) weights around 1, from labelled frames.

    Args:
        truth: what is there, per frame.
        members: what each teacher found, per frame.
        classes: how many there are.
        least_score: boxes below it are ignored.
    """
    right, shown = np.zeros((len(members), classes)), np.zeros((len(members), classes))
    for row, found in enumerate(members.values()):
        for there, said in zip(truth, found, strict=True):
            sure = said.above(least_score)
            hits = [int(sure.classes[i]) for i, j, _ in match(sure, there) if sure.classes[i] == there.classes[j]]
            shown[row] += np.bincount(sure.classes, minlength=classes)
            right[row] += np.bincount(np.array(hits, np.int64), minlength=classes)
    return weights(right, shown)


def weights(right: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights around 1 from counts.

    Args:
        right: (members, classes) boxes that were right, moved or not.
        shown: (members, classes) boxes in all, not fewer.

    Returns:
        (members, classes), positive; the mean over the members is 1 for every class.
    """
    overall = (right.sum(axis=1) + HALF * PRIOR) / (shown.sum(axis=1) + PRIOR)
    share = (right + PRIOR * overall[:, None]) / (shown + PRIOR)
    unknown = shown.sum(axis=1) == 0
    if unknown.any() and not unknown.all():
        share[unknown] = share[~unknown].mean(axis=0)
    normed: NDArray[np.float64] = share / share.mean(axis=0)
    return normed
