"""What carried labels mean for tonight's questions: what people see, what need not be asked, and blind audits.

Audits are the frames that come next in their batch's own order. They are paid before anything else is chosen, from half
of the audits' share of the night; the newest batch comes last, so that one is brought to an end before the next.
"""

from collections import defaultdict
from dataclasses import replace

from nightshift.carried import carried, turn, verdicts, vouched
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.frames import Split
from nightshift.domain.review import Purpose
from nightshift.policy.knowledge import Knowledge, mean_objects
from nightshift.policy.night import Sighting
from nightshift.round import OpenRound, Row
from nightshift.services.store import rows

SHARE = 0.5  # of what audits may cost: the teacher's boxes need some as well
REASON = "random check of labels carried along the clip"


def carried_audits(night: OpenRound, known: Knowledge) -> list[Row]:
    """Tonight's rows of the queue; none where nothing is carried.

    Args:
        night: the round.
        known: what questions take.
    """
    version, _ = verdicts(night)
    if not version:
        return []
    labels, asked = night.labels(), night.asked()
    pool = {f.id for f in night.frames if f.split is Split.POOL} - labels.keys() - asked
    due: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for frame, each in carried(night, version).items():
        if frame in pool and each.batch < night.number:
            due[each.batch].append((turn(night, frame, each.labels), frame))
    average = Edits(added=mean_objects(labels, known.rates.additions.objects))
    seconds = known.prices.frame_seconds(average.counts)
    usd = max(known.prices.people_usd(seconds), 1e-6)
    affordable = int(night.config.budget.usd_per_night * night.config.budget.audit_share * SHARE / usd)
    chosen = [frame for batch in sorted(due) for _, frame in sorted(due[batch])]
    return [_row(night, frame, seconds, usd) for frame in chosen[:affordable]]


def with_carried(night: OpenRound, sightings: list[Sighting]) -> list[Sighting]:
    """What is known of frames, with the carried labels shown where there are some, and green where these may be."""
    version, _ = verdicts(night)
    if not version:
        return sightings
    there, green = carried(night, version), vouched(night, [each.frame for each in sightings])
    return [
        replace(each, shown=there[f].labels, model=version, vouched=green[f][0] if f in green else None)
        if (f := each.frame.id) in there
        else each
        for each in sightings
    ]


def _row(night: OpenRound, frame: str, seconds: float, usd: float) -> Row:
    return rows.detections_row(frame, "", Detections.empty()) | {
        "purpose": str(Purpose.AUDIT),
        "position": 0,
        "value": 0.0,
        "seconds": seconds,
        "usd": usd,
        "reason": REASON,
        "blind": True,
        "key": f"{night.number:04d}-{frame}",
        "opinions": 1,
        "hidden": 0.0,
        "alone": 0.0,
    }
