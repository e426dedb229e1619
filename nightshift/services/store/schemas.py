"""The columns of every table. Boxes are xyxy pixels, flattened: four float32 a box.

A change here that old readers cannot take raises SCHEMA in nightshift.domain.rounds. The columns of MASKED are written
only where an object has a mask: tables of boxes stay as they are, and a reader that does not know masks refuses a table
with them, for a column that it does not know, instead of reading half of it.
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
    # what a model found, a row per frame; prompts: which of the ontology's found each box, -1 where unknown
    "detections": _table(frame_id=TEXT, model=TEXT, boxes=REALS, classes=INTS, scores=REALS, prompts=INTS),
    # what the champion found, with all class scores of each box, and where the frame lies; no model and no boxes
    # while there is no champion
    "scores": _table(
        frame_id=TEXT, model=TEXT, boxes=REALS, classes=INTS, scores=REALS, prompts=INTS,
        probabilities=REALS, embedding=REALS,
    ),
    # where a frame lies among the others, as the configured embedder sees it: of length 1
    "vectors": _table(frame_id=TEXT, model=TEXT, vector=REALS),
    # the colour is green, yellow or red
    "triage": _table(frame_id=TEXT, colour=TEXT, reason=TEXT, value=REAL),
    # what is asked, in which order, of how many people, at what expected price for each; key is the idempotency key
    # in Label Studio. The boxes are those that are shown, or would be were the question not blind. What was hinted at
    # beside them: hidden (sum of the scores just below those shown), alone (of boxes that only the other model has)
    "queue": _table(
        frame_id=TEXT, purpose=TEXT, position=INT, value=REAL, seconds=REAL, usd=USD, reason=TEXT,
        blind=TRUTH, model=TEXT, key=TEXT, opinions=INT, boxes=REALS, classes=INTS, scores=REALS, prompts=INTS,
        hidden=REAL, alone=REAL,
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

# masks are COCO's compressed run lengths, one text a box; mask_size is [height, width] of the picture. A row whose
# boxes have no masks has none, and no size either
_MASKS = _table(masks=TEXTS, mask_size=INTS)
MASKED = {
    **dict.fromkeys(("detections", "scores", "queue", "labels"), _MASKS),
    "corrections": _table(mask_before=TEXT, mask_after=TEXT, mask_size=INTS),
}
