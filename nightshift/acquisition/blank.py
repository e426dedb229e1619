"""What a frame is worth on which the models found nothing at all.

Confidences say nothing there: a student that never saw the night shift is silent about it, not uncertain. What people
found on such frames before is evidence; without any, one such frame in two is assumed to hold objects (Laplace's rule
of succession).
"""


def expected_missing(objects_per_frame: float, blank_asked: int, blank_with_objects: int) -> float:
    """Expected additions on a frame without detections.

    Args:
        objects_per_frame: mean number of objects on frames that hold any, from people's answers or the teacher.
        blank_asked: frames without detections that people have answered.
        blank_with_objects: those of them on which people drew something.
    """
    share = (blank_with_objects + 1) / (blank_asked + 2)
    return objects_per_frame * share
