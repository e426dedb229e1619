"""An alarm when the newest frames break a promise that the pool as a whole may still keep.

The mean over a whole pool hides a teacher that has just collapsed: two thousand good frames outweigh two hundred bad
ones. So the audits of new frames alone, in the order in which they came in, feed a Shiryaev-Roberts e-detector (Shin,
Ramdas & Rinaldo 2024, "E-detectors"): R ← (1 + R)(1 + λX/b), X and b as in `bets`. While every night's new frames keep
the promise, R after n audits has at most the mean n, so that crossing `rate` takes at least that many on average.
"""

import numpy as np
from numpy.typing import NDArray

from nightshift.triage.bets import SAFE, Array
from nightshift.triage.evidence import Evidence

NEW = 2  # rounds between registration and audit, at most, of a frame that counts as new
STAKES = np.array([4.0, 2.0, 1.0])


def alarm(cost: Array, evidence: Evidence, among: NDArray[np.bool_], precision: float, rate: float) -> bool:
    """Whether the detector has ever crossed.

    Args:
        cost: (n,) X/b of each audited frame.
        evidence: the audited frames.
        among: (n,) those of the era.
        precision: promised.
        rate: audits of new frames between two false alarms.
    """
    new = among & (evidence.audited - evidence.registered <= NEW)
    order = np.lexsort((evidence.turns[new], evidence.registered[new], evidence.audited[new]))
    stakes = np.minimum(STAKES, SAFE / (1 - precision))
    detector = np.zeros(len(stakes))
    for x in cost[new][order]:
        detector = (1 + detector) * (1 + stakes * x)
        if detector.mean() >= rate:
            return True
    return False
