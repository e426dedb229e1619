"""A question as a Label Studio task: what the reviewer sees, and what we need to know it again.

Knows the task's fields. Knows no server and no answer.
"""

from typing import Any

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame
from nightshift.domain.ontology import Ontology
from nightshift.domain.review import BLIND, Question
from nightshift.services.label_studio.percent import IMAGE
from nightshift.services.label_studio.regions import regions_of

# One name for every prediction we push, whichever model made it (that is in the task's `model`): the label
# stream shows a prediction only where its model_version equals the project's, so with a name per champion
# the frames of an older round would be asked without their boxes.
MODEL_VERSION = "nightshift"
FIRST_PRIORITY = 99_999  # five digits for every position: sorted as text or as numbers, the order is the same
BLIND_REASON = "Draw every object you see."


def task_of(question: Question, ontology: Ontology) -> dict[str, Any]:
    """The task to import for a question; a prediction comes with it unless the question is blind."""
    task: dict[str, Any] = {"data": data_of(question)}
    if question.shown is not None and len(question.shown):
        task["predictions"] = [_prediction(question.frame, question.shown, ontology)]
    return task


def priority(position: int) -> int:
    """Greater is asked earlier: position 0 of a round has FIRST_PRIORITY."""
    return max(FIRST_PRIORITY - position, 0)


def data_of(question: Question) -> dict[str, Any]:
    """What a question's task says of itself: to the reviewer, and to us when it comes back."""
    frame = question.frame
    return {
        IMAGE: frame.uri,
        # A blind frame's reason would tell the reviewer that he is being tested; the queue table keeps it.
        "reason": BLIND_REASON if question.purpose in BLIND else question.reason,
        "priority": priority(question.position),
        "name": frame.name,
        "clip": frame.clip,
        "round": question.round,
        "value": round(question.value, 3),
        "usd": round(question.usd, 4),
        "model": question.model,
        "purpose": str(question.purpose),
        "width": frame.width,
        "height": frame.height,
        "frame_id": frame.id,
        "key": question.key,
    }


def _prediction(frame: Frame, shown: Detections, ontology: Ontology) -> dict[str, Any]:
    return {
        "model_version": MODEL_VERSION,
        "score": round(float(shown.scores.mean()), 6),
        "result": regions_of(shown, ontology, (frame.width, frame.height)),
    }
