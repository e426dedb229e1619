"""What a simulated project remembers: labels and the ledger."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nightshift.domain.corrections import BoxChange, compare
from nightshift.domain.detections import Detections
from nightshift.domain.ledger import NO_CLASS, Asked, BoxEntry, Entry
from nightshift.domain.review import Purpose
from nightshift.simulation.people import Said

DAY_ONE = datetime(2000, 1, 1, tzinfo=UTC)  # simulated people need a calendar, not a date


@dataclass(slots=True)
class Memory:
    """Grows with every answer."""

    labels: dict[str, Detections] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)

    def note(
        self, night: int, frame_id: str, purpose: Purpose, shown: Detections | None, asked: Asked, said: Said
    ) -> Entry:
        """Take down an answer; returns its entry."""
        start = Detections.empty() if shown is None else shown
        entry = Entry(
            annotation=len(self.entries) + 1,
            frame_id=frame_id,
            round=night,
            purpose=purpose,
            annotator=said.annotator,
            answered_at=DAY_ONE + timedelta(days=night, seconds=len(self.entries)),
            seconds=said.seconds,
            boxes=tuple(box_entry(each, start, said.boxes) for each in compare(start, said.boxes)),
            asked=asked,
        )
        self.entries.append(entry)
        self.labels[frame_id] = said.boxes
        return entry


def box_entry(change: BoxChange, shown: Detections, said: Detections) -> BoxEntry:
    """What became of a box, for the ledger."""
    before, after = change.before, change.after
    return BoxEntry(
        change.change,
        NO_CLASS if before is None else int(shown.classes[before]),
        NO_CLASS if after is None else int(said.classes[after]),
        0.0 if before is None else float(shown.scores[before]),
        change.iou,
    )
