"""The correction ledger: rows of people's answers to entries, entries to tallies.

A row is a box of an answer, as the table 'corrections' has it; what was known of a frame when it was asked stands
elsewhere and is handed in. Of an answer that was changed later only the last version counts; answers of several people
about one frame all count, for each is an observation of what people do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nightshift.domain.corrections import Change
from nightshift.domain.ledger import Asked, BoxEntry, Entry, Ledger, Tally, confidence_bin
from nightshift.domain.review import Purpose

Row = Mapping[str, Any]
Key = tuple[int, str]  # the round that asked, and the frame
Cell = tuple[str, int, int]  # model, class, bin
Versions = dict[datetime, list[Row]]  # of one answer
NO_BOX = "none"  # the change of an answer that has no box
NOTHING_KNOWN = Asked()


def entries_from_rows(rows: Iterable[Row], asked: Mapping[Key, Asked] | None = None) -> list[Entry]:
    """Answers, oldest first; skipped ones are left out.

    Args:
        rows: of 'corrections': a row per box, one row with change 'none' for an answer without any.
        asked: what was known of each frame, by the round that asked and the frame.
    """
    versions: dict[tuple[str, int, int], Versions] = defaultdict(lambda: defaultdict(list))
    for row in rows:  # a restored Label Studio gives an annotation's number to another frame's answer
        versions[row["frame_id"], row["round"], row["annotation"]][row["answered_at"]].append(row)
    last = [version[max(version)] for version in versions.values()]
    entries = [_entry(version, asked or {}) for version in last if not version[0]["skipped"]]
    return sorted(entries, key=lambda each: (each.answered_at, each.annotation))


def tally(entries: Sequence[Entry]) -> Ledger:
    """Everything counted; the order of the entries does not matter."""
    cells: dict[Cell, list[BoxEntry]] = defaultdict(list)
    for entry in entries:
        for box in entry.boxes:
            if box.change is not Change.ADDED:
                cells[_cell(entry.asked.model, box)].append(box)
    blind = [each for each in entries if each.blind]
    return Ledger(
        tuple(_tally(cell, boxes) for cell, boxes in sorted(cells.items())),
        _relabels(entries),
        _added(entries),
        len(entries),
        len(blind),
        float(sum(each.seconds for each in entries)),
    )


def _entry(rows: Sequence[Row], asked: Mapping[Key, Asked]) -> Entry:
    first = rows[0]
    return Entry(
        annotation=int(first["annotation"]),
        frame_id=first["frame_id"],
        round=int(first["round"]),
        purpose=Purpose(first["purpose"]),
        annotator=first["annotator"],
        answered_at=first["answered_at"],
        seconds=float(first["seconds"]),
        boxes=tuple(_box(row) for row in rows if row["change"] != NO_BOX),
        asked=asked.get((int(first["round"]), first["frame_id"]), NOTHING_KNOWN),
    )


def _box(row: Row) -> BoxEntry:
    return BoxEntry(
        Change(row["change"]),
        int(row["class_before"]),
        int(row["class_after"]),
        float(row["score_before"]),
        float(row["iou"]),
    )


def _cell(model: str, box: BoxEntry) -> Cell:
    return model, box.class_before, int(confidence_bin(box.score_before))


def _tally(cell: Cell, boxes: Sequence[BoxEntry]) -> Tally:
    count = Counter(each.change for each in boxes)
    left = sorted(each.iou for each in boxes if each.change is not Change.DELETED)
    kept, moved, relabelled, deleted = (
        count[each] for each in (Change.KEPT, Change.MOVED, Change.RELABELLED, Change.DELETED)
    )
    return Tally(*cell, kept, moved, relabelled, deleted, sum(left) / len(left) if left else 0.0)


def _relabels(entries: Sequence[Entry]) -> tuple[tuple[int, int, int], ...]:
    pairs = Counter(
        (box.class_before, box.class_after)
        for entry in entries
        for box in entry.boxes
        if box.change is Change.RELABELLED
    )
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple((before, after, n) for (before, after), n in ranked)


def _added(entries: Sequence[Entry]) -> tuple[tuple[int, int, int], ...]:
    drawn = Counter(
        (box.class_after, entry.blind) for entry in entries for box in entry.boxes if box.change is Change.ADDED
    )
    labels = sorted({label for label, _ in drawn})
    return tuple((label, drawn[label, False], drawn[label, True]) for label in labels)
