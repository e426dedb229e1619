"""One frame's worth and price: what a person is expected to change on it, and how long that takes.

Expected corrections are the larger of what the student's own confidences say and what its disagreement with the
teacher says: the two see much the same errors, so adding them would count errors twice.
"""

from dataclasses import dataclass

from nightshift.acquisition.disagreement import disagreement
from nightshift.acquisition.uncertainty import expected_additions, expected_changes
from nightshift.domain.corrections import Change
from nightshift.domain.costs import Prices
from nightshift.domain.detections import Detections


@dataclass(frozen=True, slots=True)
class Worth:
    """What asking about a frame is expected to bring.

    Args:
        value: expected corrections.
        uncertainty: from the student's confidences alone.
        disagreement: of teacher and student; 0 where there is no teacher.
        boxes: shown to the person.
        additions: objects a person is expected to draw.
    """

    value: float
    uncertainty: float
    disagreement: float
    boxes: int
    additions: float


def worth(student: Detections, teacher: Detections | None, shown_above: float, blank: float) -> Worth:
    """The worth of one frame.

    Args:
        student: the champion's detections (the teacher's while there is no champion).
        teacher: the teacher's, where it labelled the frame.
        shown_above: boxes under it are not drawn for the person.
        blank: expected additions where nothing at all would be shown.
    """
    shown = int((student.scores >= shown_above).sum())
    additions = expected_additions(student.scores, shown_above) if shown else blank
    uncertainty = expected_changes(student.scores, shown_above) + additions
    other = _disagreement(student, teacher, shown_above)
    return Worth(max(uncertainty, other), uncertainty, other, shown, additions)


def expected_seconds(frame: Worth, prices: Prices, *, blind: bool) -> float:
    """Seconds a person is expected to spend: verify what is right, adjust what is not, draw what is missing.

    Blind frames show no boxes, so that every object has to be drawn.
    """
    if blind:
        return prices.frame_seconds({Change.ADDED: frame.boxes + frame.additions})
    wrong = min(max(frame.value - frame.additions, 0.0), float(frame.boxes))
    edits = {Change.KEPT: frame.boxes - wrong, Change.MOVED: wrong, Change.ADDED: frame.additions}
    return prices.frame_seconds(edits)


def _disagreement(student: Detections, teacher: Detections | None, shown_above: float) -> float:
    if teacher is None:
        return 0.0
    return disagreement(teacher.above(shown_above), student.above(shown_above))
