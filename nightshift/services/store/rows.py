"""Rows of tables to domain types and back; the columns are in `schemas`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np

from nightshift.domain.corrections import BoxChange, compare
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, FrameRecord, FrameState, Rejected, Split
from nightshift.domain.ledger import Asked
from nightshift.domain.masks import Masks
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
        "prompts": found.prompts.tolist(),
        **_mask_columns(found),
    }


def detections_from_row(row: Row) -> Detections:
    """The detections of a row of 'detections', 'scores' or 'queue'."""
    classes, scores = np.array(row["classes"], np.int64), np.array(row["scores"], np.float32)
    prompts = np.array(row["prompts"], np.int64)
    return Detections.of(_boxes(row["boxes"]), classes, scores, prompts, _masks(row.get("masks"), row))


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
        **_mask_columns(agreed),
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
        **_mask_columns(labels),
    }


def label_from_row(row: Row) -> Detections:
    """The boxes of a row of 'labels', with score 1."""
    masks = _masks(row.get("masks"), row)
    return Detections.of(_boxes(row["boxes"]), np.array(row["classes"], np.int64), masks=masks)


def question_from_row(row: Row, frame: Frame) -> Question:
    """The question of a row of 'queue'.

    Args:
        row: of the table.
        frame: the one it names.
    """
    named = ("position", "value", "seconds", "usd", "reason", "model", "opinions")
    values = {name: row[name] for name in named}
    shown = None if row["blind"] else detections_from_row(row)
    return Question(frame=frame, round=asked_in(row), purpose=Purpose(row["purpose"]), shown=shown, **values)


def asked_in(row: Row) -> int:
    """The round that first put a question of 'queue': a dispute keeps the key of the question it is about."""
    return int(str(row["key"]).partition("-")[0])


def asked_from_row(row: Row) -> Asked:
    """What was known when a question of 'queue' was put."""
    boxes = detections_from_row(row)
    return Asked(
        model="" if row["blind"] else row["model"],
        hidden=row["hidden"],
        alone=row["alone"],
        predicted=boxes if row["blind"] else None,
        price=row["seconds"],
    )


def answers_from_rows(found: Iterable[Row]) -> list[Answer]:
    """The answers in rows of 'corrections', in the order in which they were given."""

    def key(row: Row) -> tuple[Any, ...]:
        # Label Studio gives out an annotation's number again when its database was restored from a backup.
        return row["answered_at"], row["annotation"], row["frame_id"], row["round"], row["task"]

    groups = groupby(sorted(found, key=key), key)
    return [_answer(list(group)) for _, group in groups]


def _answer(group: Sequence[Row]) -> Answer:
    first = group[0]
    before = [row for row in group if row["box_before"]]
    after = [row for row in group if row["box_after"]]
    named = ("frame_id", "round", "task", "annotation", "annotator", "answered_at", "seconds", "skipped")
    shown = [row["box_before"] for row in before], [row["class_before"] for row in before]
    said = [row["box_after"] for row in after], [row["class_after"] for row in after]
    return Answer(
        purpose=Purpose(first["purpose"]),
        shown=Detections.of(*shown, [row["score_before"] for row in before], masks=_masks_of(before, "mask_before")),
        said=Detections.of(*said, masks=_masks_of(after, "mask_after")),
        **{name: first[name] for name in named},
    )


def correction_rows(answer: Answer) -> list[dict[str, Any]]:
    """Rows of 'corrections': one per box, or a single one when there is no box or the answer was skipped."""
    if answer.skipped:
        return [_correction(answer, None)]
    changes = compare(answer.shown, answer.said)
    return [_correction(answer, each) for each in changes] or [_correction(answer, None)]


def rejected_row(stage: str, rejected: Rejected) -> dict[str, Any]:
    """A row of 'quarantine'."""
    return {"stage": stage, "subject": rejected.subject, "reason": rejected.reason, "detail": rejected.detail}


def rejected_from_row(row: Row) -> Rejected:
    """What a row of 'quarantine' tells."""
    return Rejected(row["subject"], row["reason"], row["detail"])


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
        **_correction_masks(answer, before, after),
    }


def _side(name: str, boxes: Detections, index: int | None) -> dict[str, Any]:
    if index is None:
        return {f"class_{name}": NO_CLASS, f"box_{name}": []}
    return {f"class_{name}": int(boxes.classes[index]), f"box_{name}": boxes.boxes[index].tolist()}


def _boxes(flat: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.array(flat, np.float32).reshape(-1, 4)


def _mask_columns(found: Detections) -> dict[str, Any]:
    """Nothing where there are no masks: `tables` fills in what other rows of the table say."""
    masks = found.masks
    return {"masks": _texts(masks), "mask_size": list(masks.size)} if masks else {}


def _correction_masks(answer: Answer, before: int | None, after: int | None) -> dict[str, Any]:
    sides = (("mask_before", answer.shown.masks, before), ("mask_after", answer.said.masks, after))
    columns: dict[str, Any] = {}
    for name, masks, index in sides:
        if masks is not None and index is not None:
            columns |= {name: _texts(masks)[index], "mask_size": list(masks.size)}
    return columns


def _texts(masks: Masks) -> list[str]:
    return [each.decode("ascii") for each in masks.counts]


def _masks(texts: Sequence[str] | None, row: Row) -> Masks | None:
    if not texts:
        return None
    height, width = row["mask_size"]
    return Masks((height, width), tuple(each.encode("ascii") for each in texts))


def _masks_of(group: Sequence[Row], column: str) -> Masks | None:
    """Of one side of an answer's rows; None where a box has none."""
    texts = [row.get(column, "") for row in group]
    return _masks(texts, group[0]) if texts and all(texts) else None
