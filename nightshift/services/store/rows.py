"""Rows of tables to domain types and back; the columns are in `schemas`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from nightshift.domain.corrections import BoxChange, compare
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, FrameRecord, FrameState, Rejected, Split
from nightshift.domain.review import Answer, Purpose, Question

Row = Mapping[str, Any]
NOTHING = "none"  # the change of an answer that has no box
NO_CLASS = -1


def frame_row(record: FrameRecord) -> dict[str, Any]:
    """A row of 'frames'."""
    frame = record.frame
    named = {name: getattr(frame, name) for name in ("uri", "width", "height", "clip", "name", "round")}
    remembered = {"size": record.size, "stamp": record.stamp, "state": str(record.state)}
    return {"frame_id": frame.id, "split": str(frame.split), **named, **remembered}


def frame_from_row(row: Row) -> Frame:
    """The frame of a row of 'frames'."""
    named = {name: row[name] for name in ("uri", "width", "height", "clip", "name", "round")}
    return Frame(id=row["frame_id"], split=Split(row["split"]), **named)


def record_from_row(row: Row) -> FrameRecord:
    """The whole of a row of 'frames'."""
    return FrameRecord(frame_from_row(row), row["size"], row["stamp"], FrameState(row["state"]))


def detections_row(frame_id: str, model: str, found: Detections) -> dict[str, Any]:
    """A row of 'detections', and the first half of one of 'scores'."""
    return {
        "frame_id": frame_id,
        "model": model,
        "boxes": found.boxes.ravel().tolist(),
        "classes": found.classes.tolist(),
        "scores": found.scores.tolist(),
    }


def detections_from_row(row: Row) -> Detections:
    """The detections of a row of 'detections' or 'scores'."""
    return Detections.of(_boxes(row["boxes"]), np.array(row["classes"], np.int64), np.array(row["scores"], np.float32))


def label_row(frame_id: str, said: Sequence[Answer], agreed: Detections) -> dict[str, Any]:
    """A row of 'labels': what the people who answered (at least one) agreed on."""
    latest = max(said, key=lambda each: each.answered_at)
    return {
        "frame_id": frame_id,
        "purpose": str(latest.purpose),
        "boxes": agreed.boxes.ravel().tolist(),
        "classes": agreed.classes.tolist(),
        "answered_at": latest.answered_at,
        "annotators": sorted({each.annotator for each in said}),
    }


def imported_row(frame_id: str, labels: Detections, at: datetime) -> dict[str, Any]:
    """A row of 'labels' for a label that came with the frame, in a data set."""
    return {
        "frame_id": frame_id,
        "purpose": "imported",
        "boxes": labels.boxes.ravel().tolist(),
        "classes": labels.classes.tolist(),
        "answered_at": at,
        "annotators": ["data set"],
    }


def label_from_row(row: Row) -> Detections:
    """The boxes of a row of 'labels', with score 1."""
    return Detections.of(_boxes(row["boxes"]), np.array(row["classes"], np.int64))


def question_row(question: Question) -> dict[str, Any]:
    """A row of 'queue'."""
    named = ("position", "value", "seconds", "usd", "reason", "model", "key")
    values = {name: getattr(question, name) for name in named}
    identity = {"frame_id": question.frame.id, "purpose": str(question.purpose)}
    return {**identity, **values, "blind": question.shown is None}


def question_from_row(row: Row, frame: Frame, number: int, shown: Detections | None) -> Question:
    """The question of a row of 'queue'.

    Args:
        row: of the table.
        frame: the one it names.
        number: the round whose queue it is.
        shown: what its model found there; ignored where the row is blind.
    """
    named = ("position", "value", "seconds", "usd", "reason", "model")
    values = {name: row[name] for name in named}
    seen = None if row["blind"] else shown
    return Question(frame=frame, round=number, purpose=Purpose(row["purpose"]), shown=seen, **values)


def correction_rows(answer: Answer) -> list[dict[str, Any]]:
    """Rows of 'corrections': one per box, or a single one when there is no box or the answer was skipped."""
    if answer.skipped:
        return [_correction(answer, None)]
    changes = compare(answer.shown, answer.said)
    return [_correction(answer, each) for each in changes] or [_correction(answer, None)]


def rejected_row(stage: str, rejected: Rejected) -> dict[str, Any]:
    """A row of 'quarantine'."""
    return {"stage": stage, "subject": rejected.subject, "reason": rejected.reason, "detail": rejected.detail}


def _correction(answer: Answer, change: BoxChange | None) -> dict[str, Any]:
    before = change.before if change else None
    after = change.after if change else None
    return {
        "frame_id": answer.frame_id,
        "round": answer.round,
        "purpose": str(answer.purpose),
        "task": answer.task,
        "annotation": answer.annotation,
        "annotator": answer.annotator,
        "answered_at": answer.answered_at,
        "seconds": answer.seconds,
        "skipped": answer.skipped,
        "change": str(change.change) if change else NOTHING,
        **_side("before", answer.shown, before),
        **_side("after", answer.said, after),
        "score_before": 0.0 if before is None else float(answer.shown.scores[before]),
        "iou": change.iou if change else 0.0,
    }


def _side(name: str, boxes: Detections, index: int | None) -> dict[str, Any]:
    if index is None:
        return {f"class_{name}": NO_CLASS, f"box_{name}": []}
    return {f"class_{name}": int(boxes.classes[index]), f"box_{name}": boxes.boxes[index].tolist()}


def _boxes(flat: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array(flat, np.float32).reshape(-1, 4)
