"""Measure from audits how often accepted boxes were right. Thresholds stay where the configuration put them."""

from typing import Any

from prefect import task

from nightshift.domain.models import Progress
from nightshift.domain.review import Purpose
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.triage.audit import audit
from tasks.stage import RoundRef, run_stage


@task(name="calibrate")
def calibrate(ref: RoundRef) -> Receipt:
    """Hold people's blind answers against what was accepted unseen."""
    return run_stage(ref, "calibrate", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    labels, accepted = night.labels(), night.autolabels()
    asked = [row["frame_id"] for row in night.history("queue") if row["purpose"] == Purpose.AUDIT]
    limit = night.config.triage.trust_above
    counts = audit([(accepted[f][1].above(limit), labels[f]) for f in asked if f in labels and f in accepted])
    progress(1, 1)
    return {
        "audited_frames": counts.frames,
        "audited_boxes": counts.accepted,
        "audited_right": counts.right,
        "audited_missed": counts.missed,
        "audited_precision": counts.precision,
        "audited_precision_lower": counts.lower_bound() if counts.accepted else None,
    }
