"""Which labels the student learns from: people's, and those of the teacher that are good enough to learn from.

What is good enough to learn from need not be good enough to accept: a student averages over noisy boxes, a data set
that is delivered does not. Published work finds the downstream mAP best at thresholds of 0.1 to 0.2, far below those at
which labels are right (arXiv 2506.02359).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nightshift.domain.detections import Detections

Source = Literal["confident", "accepted", "none"]


@dataclass(frozen=True, slots=True)
class TrainingRule:
    """What to learn from beside people's labels.

    Args:
        auto_labels: 'confident' takes the teacher's boxes from `auto_above`, 'accepted' what the stoplight accepts,
            'none' nothing.
        auto_above: lowest score of a teacher's box that is learned from.
        human_weight: how often a frame that people labelled counts, for one that the teacher labelled.
    """

    auto_labels: Source = "confident"
    auto_above: float = 0.2
    human_weight: float = 8.0

    def __post_init__(self) -> None:
        if not 0 <= self.auto_above <= 1 or not self.human_weight > 0:
            raise ValueError("auto_above lies in [0, 1] and human_weight is positive")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One frame's labels to learn from.

    Args:
        labels: its boxes.
        human: whether people said so.
        weight: how often it counts.
        doubtful: boxes of which nobody knows whether they are right: the student is told neither way.
    """

    labels: Detections
    human: bool
    weight: float
    doubtful: Detections = field(default_factory=Detections.empty)


def training_set(
    pool: Sequence[str],
    human: Mapping[str, Detections],
    auto: Mapping[str, Detections],
    accepted: Mapping[str, Detections],
    rule: TrainingRule,
    doubtful: Mapping[str, Detections] | None = None,
) -> dict[str, Lesson]:
    """Frame → what to learn from it; frames without a trusted word are left out.

    Args:
        pool: frames that may be learned from, in order.
        human: people's labels; an empty one says that there is nothing.
        auto: the teacher's boxes of frames.
        accepted: boxes of the frames that the stoplight accepts.
        rule: what to take.
        doubtful: boxes of those frames that are not accepted, and are painted over.
    """
    lessons = {}
    for frame in pool:
        if frame in human:
            lessons[frame] = Lesson(human[frame], human=True, weight=rule.human_weight)
        elif boxes := _taught(frame, auto, accepted, rule):
            left_out = doubtful.get(frame) if doubtful else None
            lessons[frame] = Lesson(boxes, human=False, weight=1.0, doubtful=left_out or Detections.empty())
    return lessons


def _taught(
    frame: str, auto: Mapping[str, Detections], accepted: Mapping[str, Detections], rule: TrainingRule
) -> Detections | None:
    """Boxes of a frame that nobody has labelled; none where the teacher found nothing, which may be its mistake."""
    if rule.auto_labels == "none":
        return None
    if rule.auto_labels == "accepted" or frame not in auto:
        return accepted.get(frame)
    found = auto[frame].above(rule.auto_above)
    return found if len(found) else None
