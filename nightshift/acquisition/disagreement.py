"""Expected corrections from two models that do not see the same boxes.

Where teacher and student differ one of them is wrong, and a person would have to change its boxes. A match of another
class counts one relabel; a box that only one of them sees counts the confidence of the one that sees it.
"""

import numpy as np

from nightshift.domain.corrections import match
from nightshift.domain.detections import Detections


def disagreement(teacher: Detections, student: Detections) -> float:
    """Σ scores of boxes only one model sees, plus the weaker score of every pair whose classes differ.

    Args:
        teacher: boxes of the first model that would be shown.
        student: boxes of the second model that would be shown.

    Returns:
        Expected corrections, ≥ 0; 0 for equal detections; symmetric.
    """
    pairs = match(teacher, student)
    alone = _alone(teacher, {i for i, _, _ in pairs}) + _alone(student, {j for _, j, _ in pairs})
    return alone + sum(_relabel(teacher, student, i, j) for i, j, _ in pairs)


def _alone(detections: Detections, paired: set[int]) -> float:
    rest = [i for i in range(len(detections)) if i not in paired]
    return float(np.sum(detections.scores[rest], dtype=np.float64))


def _relabel(teacher: Detections, student: Detections, i: int, j: int) -> float:
    if teacher.classes[i] == student.classes[j]:
        return 0.0
    return float(min(teacher.scores[i], student.scores[j]))
