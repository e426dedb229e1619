"""Train the student on people's labels and trusted auto-labels, warm from the champion, in a folder of its own."""

import json
from dataclasses import replace
from typing import Any

from prefect import task

from nightshift.carried import vouched
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Checkpoint, Example, Hyper, Progress
from nightshift.domain.rounds import Receipt
from nightshift.leftovers import working_folder
from nightshift.policy.training_set import Lesson, TrainingRule, training_set
from nightshift.round import OpenRound
from nightshift.trusted import accepted
from tasks.stage import RoundRef, run_stage, worth_retrying

MIN_EXAMPLES = 4  # below it a detector learns nothing worth the minutes


@task(name="train", retries=1, retry_condition_fn=worth_retrying)
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
    taken = accepted(night, pool, auto) if rule.auto_labels == "accepted" else {}
    kept, doubtful = ({f: each[i] for f, each in taken.items()} for i in (0, 1))
    along = vouched(night, pool) if rule.auto_labels != "none" else {}
    others = [f.id for f in pool if f.id not in along]
    lessons = training_set(others, night.labels(), auto, kept, rule, doubtful)
    sure = {f: said for f, (_, said, _) in along.items()}
    left = {f: unsure for f, (_, _, unsure) in along.items()}
    accepting = replace(rule, auto_labels="accepted")
    return lessons | training_set(list(along), night.labels(), {}, sure, accepting, left)


def _train(night: OpenRound, lessons: dict[str, Lesson], progress: Progress) -> dict[str, Any]:
    frames = [f for f in night.frames if f.id in lessons]
    night.project.fetch(frames)
    init = night.project.weights_file(night.plan.champion) if night.plan.champion else None
    lessons = _with_masks(night, frames, lessons)
    hyper = _fitting(night)
    with working_folder(night.project.workspace, f"{night.number:04d}-") as folder:
        made = night.project.student.fit(
            [_example(night, f, lessons[f.id]) for f in frames],
            night.config.classes.names,
            init,
            folder / "student",
            hyper,
            progress,
        )
        return _publish(night, made) | {"batch": hyper.batch}


def _with_masks(night: OpenRound, frames: list[Frame], lessons: dict[str, Lesson]) -> dict[str, Lesson]:
    """Where objects are segmented, labels that came as boxes are learned with the masker's masks."""
    labels = night.project.masked(frames, [lessons[f.id].labels for f in frames])
    return {f.id: replace(lessons[f.id], labels=each) for f, each in zip(frames, labels, strict=True)}


def _fitting(night: OpenRound) -> Hyper:
    """As planned, in smaller batches if the configuration asks for them by now: how much fits is this machine's matter.

    A round whose training ran out of memory could never be sealed otherwise, as its plan does not change.
    """
    return replace(night.config.hyper, batch=min(night.config.hyper.batch, night.project.config.hyper.batch))


def _example(night: OpenRound, frame: Frame, lesson: Lesson) -> Example:
    path = night.project.frame_file(frame)
    return Example(path, lesson.labels, lesson.human, lesson.weight, lesson.doubtful.boxes)


def _publish(night: OpenRound, made: Checkpoint) -> dict[str, Any]:
    """Under the weights' own digest: two attempts that trained differently can neither mix nor replace each other."""
    night.check_lease()
    endings = (made.path.suffix, "-curves.json")
    weights, curves = (night.keys.key(f"student/{made.sha256[:12]}{each}") for each in endings)
    night.store.upload(made.path, weights)
    night.store.create(curves, json.dumps(made.curves).encode())
    figures = {"epochs": len(made.curves), "curves": curves}
    return {"trained": True, "origin": made.origin, "key": weights, "sha256": made.sha256, **figures}
