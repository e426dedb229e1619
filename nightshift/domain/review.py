"""What people are asked, and what they answer."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame


class Purpose(StrEnum):
    """Why a frame is in the queue."""

    REVIEW = "review"  # the acquisition function chose it
    AUDIT = "audit"  # a random frame that the teacher labelled, drawn blind
    CONTROL = "control"  # a random frame: what would chance have brought?
    GOLDEN = "golden"  # a test frame, drawn blind
    SEED = "seed"  # cold start: nothing is known yet
    WISH = "wish"  # somebody looked for such frames and asked for them


BLIND = frozenset({Purpose.AUDIT, Purpose.GOLDEN})


@dataclass(frozen=True, slots=True)
class Question:
    """One frame in the queue.

    Args:
        frame: the frame to look at.
        round: the round that asks.
        purpose: why it is asked.
        position: 0 is asked first.
        value: expected corrections.
        seconds: expected seconds of a person.
        usd: expected price.
        reason: one line for the reviewer.
        shown: pre-annotation; None is blind.
        model: who made the pre-annotation.
        opinions: how many people are asked, each once. `seconds` and `usd` are for one of them. Asking again with the
            same round and more opinions puts the same task to further people.
    """

    frame: Frame
    round: int
    purpose: Purpose
    position: int
    value: float
    seconds: float
    usd: float
    reason: str
    shown: Detections | None
    model: str
    opinions: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "purpose", Purpose(self.purpose))
        if self.opinions < 1:
            raise ValueError("a question is put to at least one person")
        if self.purpose in BLIND and self.shown is not None:
            raise ValueError(f"a {self.purpose} frame is asked blind, without pre-annotation")

    @property
    def key(self) -> str:
        """The idempotency key in Label Studio: round and frame."""
        return f"{self.round:04d}-{self.frame.id}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said about one frame, already checked.

    Args:
        frame_id: the frame.
        round: the round that asked.
        purpose: why it was asked.
        task: Label Studio's task id.
        annotation: Label Studio's annotation id.
        annotator: who answered (id or e-mail).
        answered_at: when, UTC.
        seconds: lead time, capped.
        skipped: the person declined; `said` is then empty and is no label.
        shown: the pre-annotation the person saw (empty when blind).
        said: the boxes in the answer.
    """

    frame_id: str
    round: int
    purpose: Purpose
    task: int
    annotation: int
    annotator: str
    answered_at: datetime
    seconds: float
    skipped: bool
    shown: Detections
    said: Detections
