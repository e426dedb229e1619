"""Train the student on human labels and greens, warm from the champion, in a process and a folder of its own."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from prefect import task

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Checkpoint, Example, Progress
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.triage.stoplight import Colour, light
from tasks.stage import RoundRef, run_stage

MIN_EXAMPLES = 4  # below it a detector learns nothing worth the minutes


@task(name="train", retries=1)
def train(ref: RoundRef) -> Receipt:
    """The challenger of this round."""
    return run_stage(ref, "train", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    if night.plan.kind == "backfill":
        return {"trained": False, "why": "a backfill only registers and auto-labels"}
    trusted = trusted_labels(night)
    human = set(night.labels())
    figures = {
        "examples_human": sum(f in human for f in trusted),
        "examples_auto": sum(f not in human for f in trusted),
    }
    if len(trusted) < MIN_EXAMPLES:
        return figures | {"trained": False, "why": f"{len(trusted)} labelled frames are too few"}
    return figures | _train(night, trusted, human, progress)


def trusted_labels(night: OpenRound) -> dict[str, Detections]:
    """Labels to train on, by frame of the pool: what people said, else what the stoplight accepts."""
    human, auto, doubted = night.labels(), night.autolabels(), _doubts(night)
    limits = night.project.thresholds
    trusted = {}
    for frame in (f for f in night.frames if f.split is Split.POOL):
        if frame.id in human:
            trusted[frame.id] = human[frame.id]
        elif (
            frame.id in auto and light(auto[frame.id][1], 0, doubted.get(frame.id, 0.0), limits).colour is Colour.GREEN
        ):
            trusted[frame.id] = auto[frame.id][1].above(limits.trust_above)
    return trusted


def _doubts(night: OpenRound) -> dict[str, float]:
    if not night.ancestors:
        return {}
    return {row["frame_id"]: row["disagreement"] for row in night.read_parts("scores", "scores", night.ancestors[-1])}


def _train(night: OpenRound, trusted: dict[str, Detections], human: set[str], progress: Progress) -> dict[str, Any]:
    frames = [f for f in night.frames if f.id in trusted]
    night.project.fetch(frames)
    init = night.project.weights_file(night.plan.champion) if night.plan.champion else None
    folder = Path(tempfile.mkdtemp(prefix=f"{night.number:04d}-", dir=night.project.workspace))
    try:
        made = night.project.student.fit(
            [_example(night, f, trusted[f.id], human) for f in frames],
            night.config.classes.names,
            init,
            folder / "student",
            night.config.hyper,
            progress,
        )
        return _publish(night, made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _example(night: OpenRound, frame: Frame, labels: Detections, human: set[str]) -> Example:
    return Example(night.project.frame_file(frame), labels, frame.id in human)


def _publish(night: OpenRound, made: Checkpoint) -> dict[str, Any]:
    night.check_lease()
    key = night.keys.key("student/weights.pt")
    night.store.upload(made.path, key)
    night.store.write(night.keys.key("student/curves.json"), json.dumps(made.curves).encode())
    return {"trained": True, "origin": made.origin, "key": key, "sha256": made.sha256, "epochs": len(made.curves)}
