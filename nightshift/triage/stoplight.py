"""Green, yellow or red for a frame, by fixed thresholds.

Thresholds are as good as whoever set them: they promise nothing yet about how many accepted boxes are wrong. Audits
measure it from the first night on.
"""

from dataclasses import dataclass
from enum import StrEnum

from nightshift.domain.detections import Detections


class Colour(StrEnum):
    """What becomes of a frame tonight."""

    GREEN = "green"  # auto-label accepted
    YELLOW = "yellow"  # worth asking a person
    RED = "red"  # not trusted, not used, not worth asking now


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the colours begin.

    Args:
        accept_above: every trusted box of a green frame scores at least this.
        trust_above: a box below counts as noise.
        novel_above: student and teacher of a green frame differ by at most this many expected corrections.
    """

    accept_above: float
    trust_above: float
    novel_above: float

    def __post_init__(self) -> None:
        if not 0 <= self.trust_above <= self.accept_above <= 1:
            raise ValueError("0 ≤ trust_above ≤ accept_above ≤ 1 does not hold")


@dataclass(frozen=True, slots=True)
class Light:
    """A colour with the reason in words."""

    colour: Colour
    reason: str


def light(auto: Detections, value: float, disagreement: float, limits: Thresholds) -> Light:
    """The colour of a frame.

    Args:
        auto: the teacher's detections of the frame.
        value: expected corrections if a person were asked.
        disagreement: of teacher and student, in expected corrections; 0 while there is no student.
        limits: the thresholds.
    """
    trusted = auto.above(limits.trust_above)
    if len(trusted) == 0:
        return _nothing_found(value, limits)
    weakest = float(trusted.scores.min())
    if weakest < limits.accept_above:
        return Light(Colour.YELLOW, f"weakest box scores {weakest:.2f}")
    if disagreement > limits.novel_above:
        return Light(Colour.YELLOW, f"teacher and student differ by {disagreement:.1f} boxes")
    return Light(Colour.GREEN, f"all {len(trusted)} boxes score {weakest:.2f} or more")


def _nothing_found(value: float, limits: Thresholds) -> Light:
    if value > limits.novel_above:
        return Light(Colour.YELLOW, f"nothing found, yet {value:.1f} corrections are expected")
    return Light(Colour.RED, "nothing found that can be trusted")
