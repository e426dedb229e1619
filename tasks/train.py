"""Train the student on people's labels and trusted auto-labels, warm from the champion, in a folder of its own."""

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
from nightshift.policy.training_set import Lesson, TrainingRule, training_set
from nightshift.round import OpenRound
from nightshift.triage.stoplight import Colour, light
from tasks.calibrate import limits
from tasks.stage import RoundRef, run_stage

MIN_EXAMPLES = 4  # below it a detector learns nothing worth the minutes


@task(name="train", retries=1)
def train(ref: RoundRef) -> Receipt:
    """The challenger of this round."""
    return run_stage(ref, "train", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    if night.plan.kind == "backfill":
        return {"trained": False, "why": "a backfill only registers and auto-labels"}
    lessons = trusted_labels(night)
    figures = {
        "examples_human": sum(each.human for each in lessons.values()),
        "examples_auto": sum(not each.human for each in lessons.values()),
    }
    if len(lessons) < MIN_EXAMPLES:
        return figures | {"trained": False, "why": f"{len(lessons)} labelled frames are too few"}
    return figures | _train(night, lessons, progress)


def trusted_labels(night: OpenRound) -> dict[str, Lesson]:
    """What to learn from, by frame of the pool: what people said, else what may be trusted of the teacher's word."""
    auto = {f: found for f, (_, found) in night.autolabels().items()}
    pool = [f for f in night.frames if f.split is Split.POOL]
    rule = TrainingRule(**night.config.training.model_dump())
    taken = _accepted(night, pool, auto) if rule.auto_labels == "accepted" else {}
    accepted, doubtful = ({f: each[i] for f, each in taken.items()} for i in (0, 1))
    return training_set([f.id for f in pool], night.labels(), auto, accepted, rule, doubtful)


def _accepted(
    night: OpenRound, pool: list[Frame], auto: dict[str, Detections]
) -> dict[str, tuple[Detections, Detections]]:
    """The accepted boxes of frames of which (nearly) all boxes are, and those that are left out."""
    by_round = {number: limits(night, number) for number in {f.round for f in pool}}
    return {
        f.id: by_round[f.round].split(auto[f.id])
        for f in pool
        if f.id in auto and light(auto[f.id], 0.0, 0.0, by_round[f.round]).colour is Colour.GREEN
    }


def _train(night: OpenRound, lessons: dict[str, Lesson], progress: Progress) -> dict[str, Any]:
    frames = [f for f in night.frames if f.id in lessons]
    night.project.fetch(frames)
    init = night.project.weights_file(night.plan.champion) if night.plan.champion else None
    folder = Path(tempfile.mkdtemp(prefix=f"{night.number:04d}-", dir=night.project.workspace))
    try:
        made = night.project.student.fit(
            [_example(night, f, lessons[f.id]) for f in frames],
            night.config.classes.names,
            init,
            folder / "student",
            night.config.hyper,
            progress,
        )
        return _publish(night, made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _example(night: OpenRound, frame: Frame, lesson: Lesson) -> Example:
    path = night.project.frame_file(frame)
    return Example(path, lesson.labels, lesson.human, lesson.weight, lesson.doubtful.boxes)


def _publish(night: OpenRound, made: Checkpoint) -> dict[str, Any]:
    night.check_lease()
    key = night.keys.key("student/weights.pt")
    night.store.upload(made.path, key)
    night.store.write(night.keys.key("student/curves.json"), json.dumps(made.curves).encode())
    return {"trained": True, "origin": made.origin, "key": key, "sha256": made.sha256, "epochs": len(made.curves)}
