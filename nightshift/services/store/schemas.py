"""The columns of every table. Boxes are xyxy pixels, flattened: four float32 a box.

A change here that old readers cannot take raises SCHEMA in nightshift.domain.rounds.
"""

import pyarrow as pa

TEXT, INT, LONG, REAL, TRUTH = pa.string(), pa.int32(), pa.int64(), pa.float32(), pa.bool_()
USD, TIME = pa.float64(), pa.timestamp("us", tz="UTC")


def _list(of: pa.DataType) -> pa.ListType:
    return pa.list_(pa.field("item", of, nullable=False))


REALS, INTS, TEXTS = _list(REAL), _list(INT), _list(TEXT)


def _table(**columns: pa.DataType) -> pa.Schema:
    """No column may be empty: what is unknown has a value of its own (-1, an empty list or text)."""
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()])


TABLES = {
    # every frame known; stamp is the source's word for "unchanged"; state: pool | asked | labelled
    "frames": _table(
        frame_id=TEXT, uri=TEXT, width=INT, height=INT, clip=TEXT, split=TEXT, name=TEXT, round=INT,
        size=LONG, stamp=TEXT, state=TEXT,
    ),
    # what a model found, a row per frame
    "detections": _table(frame_id=TEXT, model=TEXT, boxes=REALS, classes=INTS, scores=REALS),
    # the boxes a person would be shown (the champion's, or the teacher's while that is the better one), what
    # asking about the frame is worth in expected corrections, and how many objects would have to be drawn
    "scores": _table(
        frame_id=TEXT, model=TEXT, boxes=REALS, classes=INTS, scores=REALS,
        value=REAL, uncertainty=REAL, disagreement=REAL, additions=REAL, embedding=REALS,
    ),
    # the colour is green, yellow or red
    "triage": _table(frame_id=TEXT, colour=TEXT, reason=TEXT, value=REAL),
    # what is asked, in which order, at what expected price; key is the idempotency key in Label Studio
    "queue": _table(
        frame_id=TEXT, purpose=TEXT, position=INT, value=REAL, seconds=REAL, usd=USD, reason=TEXT,
        blind=TRUTH, model=TEXT, key=TEXT,
    ),
    # a row per box of an answer; change: kept | moved | relabelled | added | deleted, and none for an answer
    # without any box; round is the one that asked; seconds are of the whole answer, repeated on its rows
    "corrections": _table(
        frame_id=TEXT, round=INT, purpose=TEXT, task=LONG, annotation=LONG, annotator=TEXT, answered_at=TIME,
        seconds=REAL, skipped=TRUTH, change=TEXT, class_before=INT, class_after=INT,
        box_before=REALS, box_after=REALS, score_before=REAL, iou=REAL,
    ),
    # the agreed human label of a frame; the latest wins
    "labels": _table(
        frame_id=TEXT, purpose=TEXT, boxes=REALS, classes=INTS, answered_at=TIME, annotators=TEXTS,
    ),
    # what could not be used, and why
    "quarantine": _table(stage=TEXT, subject=TEXT, reason=TEXT, detail=TEXT),
}  # fmt: skip
