"""What audits have measured: of the boxes that were accepted unseen, how many a blind person drew as well.

A point estimate with an exact binomial interval that takes boxes as independent. They are not: errors cluster within
frames, so the interval is too narrow. It is shown as a measurement, not as a guarantee.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import beta

from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections


@dataclass(frozen=True, slots=True)
class Audited:
    """Counts over audited frames.

    Args:
        frames: audited.
        accepted: boxes that were accepted unseen.
        right: those of them with a person's box of the same class at IoU ≥ 0.5.
        missed: people's boxes without an accepted one.
    """

    frames: int
    accepted: int
    right: int
    missed: int

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.accepted or self.missed < 0:
            raise ValueError("0 ≤ right ≤ accepted and missed ≥ 0 does not hold")

    @property
    def precision(self) -> float | None:
        """Share of the accepted boxes that were right; None before the first audit."""
        return self.right / self.accepted if self.accepted else None

    def lower_bound(self, confidence: float = 0.95) -> float:
        """One-sided lower limit of the precision (Clopper & Pearson 1934), boxes taken as independent."""
        if self.right == 0:
            return 0.0
        return float(beta.ppf(1 - confidence, self.right, self.accepted - self.right + 1))


def audit(pairs: Sequence[tuple[Detections, Detections]]) -> Audited:
    """Counts over (accepted, said) of each audited frame."""
    counts = [_count(accepted, said) for accepted, said in pairs]
    right = sum(each for each, _, _ in counts)
    return Audited(len(pairs), sum(n for _, n, _ in counts), right, sum(m for _, _, m in counts))


def _count(accepted: Detections, said: Detections) -> tuple[int, int, int]:
    pairs = match(accepted, said)
    right = sum(int(accepted.classes[i] == said.classes[j]) for i, j, _ in pairs)
    return right, len(accepted), len(said) - right
