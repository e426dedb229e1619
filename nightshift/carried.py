"""Labels carried along clips, as the rounds keep them, and what may be accepted of them.

Carried labels are auto-labels of a teacher of their own. What makes their promise hold although they come from people's
answers: a frame is carried to once, from answers that were there before, and never again under the same version; frames
of one round are one batch; audits of a batch are drawn afterwards, in an order of its own that nothing before depends
on; and each batch is judged by its own audits alone, with its own part of δ. So when a batch's audits are drawn, its
labels are as fixed as a teacher's are.

Knows an open round's tables; knows no picture and no way to carry labels.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split, audit_rank
from nightshift.round import OpenRound
from nightshift.services.store import rows
from nightshift.triage.calibration import calibrate
from nightshift.triage.evidence import Evidence, Population, audit_turn, evidence
from nightshift.triage.promise import Promise, Stoplight
from nightshift.triage.stoplight import Colour, Light, Limits, light

FOLDER, STAGE, JUDGED = "carried", "propagate", "vouch"


@dataclass(frozen=True, slots=True)
class Carried:
    """What was carried to one frame.

    Args:
        batch: the round that did it.
        labels: the boxes, weak ones included.
    """

    batch: int
    labels: Detections


def carried(night: OpenRound, version: str) -> dict[str, Carried]:
    """Every frame that labels were ever carried to under a version; the first word counts."""
    found: dict[str, Carried] = {}
    for keys in [*night.ancestors, night.keys]:
        for row in night.read_parts(FOLDER, "detections", keys):
            if row["model"] == version:
                found.setdefault(row["frame_id"], Carried(keys.number, rows.detections_from_row(row)))
    return found


def rank(frame_id: str, seed: int) -> float:
    """Where a frame stands when audits of carried labels are drawn: independent of the teacher's order."""
    return audit_rank(f"carried/{frame_id}", seed)


def turn(night: OpenRound, frame_id: str, labels: Detections) -> float:
    """When a frame is audited, the lowest first."""
    return audit_turn(rank(frame_id, night.config.seed), labels.above(night.config.triage.trust_above))


def judge(night: OpenRound, version: str) -> dict[int, Stoplight]:
    """Tonight's verdict on each batch before tonight's own, by the round that carried it.

    The k-th batch, from 0 on, may use δ / 2^(k + 1).
    """
    batches: dict[int, dict[str, Detections]] = defaultdict(dict)
    pool = {f.id for f in night.frames if f.split is Split.POOL}
    floor = night.config.triage.trust_above
    for frame, each in carried(night, version).items():
        if each.batch < night.number and frame in pool:
            batches[each.batch][frame] = each.labels.above(floor)
    delta = 1 - night.config.triage.confidence
    return {
        number: _verdict(night, number, batches[number], delta / 2 ** (k + 1))
        for k, number in enumerate(sorted(batches))
    }


def _verdict(night: OpenRound, number: int, batch: Mapping[str, Detections], delta: float) -> Stoplight:
    labels, asked, seed = night.labels(), night.asked(), night.config.seed
    frames = sorted(batch)
    ranks = [rank(f, seed) for f in frames]
    known = [f in asked or f in labels for f in frames]
    population = Population.of([batch[f] for f in frames], [number] * len(frames), ranks, known)
    seen = [
        evidence(batch[f], labels[f], u, number, night.number)
        for f, u in zip(frames, ranks, strict=True)
        if f in labels
    ]
    # A batch never grows, so nothing can drift in it, and its thresholds are the same every night.
    promise = Promise(precision=night.config.triage.precision, delta=delta, missed_delta=delta, patience=0)
    return calibrate(Evidence.of(seen), population, promise, len(night.config.classes), night.number)


def verdicts(night: OpenRound) -> tuple[str, dict[int, Stoplight]]:
    """The version that this round has judged, and its batches; nothing where nothing is carried."""
    said: dict[str, Any] = night.summary(JUDGED)
    found = {int(number): Stoplight.from_dict(each) for number, each in said.get("batches", {}).items()}
    return said.get("version", ""), found


def vouched(night: OpenRound, frames: Iterable[Frame]) -> dict[str, tuple[Light, Detections, Detections]]:
    """Of frames whose carried labels are green: why, the accepted boxes, and the doubtful ones that are left out."""
    version, batches = verdicts(night)
    there = carried(night, version) if batches else {}
    found = {}
    for frame in frames:
        each = there.get(frame.id)
        if each is not None and each.batch in batches:
            limits = _limits(night, batches[each.batch], each.batch)
            said = light(each.labels, 0.0, 0.0, limits)
            if said.colour is Colour.GREEN:
                found[frame.id] = (replace(said, reason=f"carried along: {said.reason}"), *limits.split(each.labels))
    return found


def _limits(night: OpenRound, lights: Stoplight, batch: int) -> Limits:
    accept, triage = lights.limits(batch), night.config.triage
    among = range(len(night.config.classes))
    return Limits(
        tuple(accept.get(label) for label in among), triage.trust_above, triage.novel_above, triage.doubtful_share
    )
