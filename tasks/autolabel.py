"""Auto-label the frames that this teacher has not labelled yet, in shards."""

from typing import Any

from prefect import task

from nightshift.domain.frames import Frame
from nightshift.domain.models import Detector, Progress
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.services.store import rows
from tasks.shards import Shards, gather, plan_shards, run_shard
from tasks.stage import RoundRef, run_stage, worth_retrying

SHARDS = Shards("autolabel", "autolabels", "detections")


@task(name="auto-label: plan")
def plan_autolabel(ref: RoundRef) -> list[int]:
    """Which frames, in which shards; the numbers of the shards."""
    return plan_shards(ref, SHARDS, _waiting)


@task(name="auto-label", retries=1, retry_condition_fn=worth_retrying, task_run_name="auto-label {shard}")
def autolabel(ref: RoundRef, shard: int) -> Receipt:
    """One shard."""
    return run_shard(ref, SHARDS, shard, _label)


@task(name="auto-label: gather")
def gather_autolabels(ref: RoundRef) -> Receipt:
    """Close the stage over its shards."""
    return run_stage(ref, "autolabel", lambda night, _: gather(night, SHARDS))


def _teacher(night: OpenRound) -> Detector | None:
    return night.project.teacher(night.plan.champion)


def _waiting(night: OpenRound) -> list[str]:
    teacher = _teacher(night)
    if teacher is None:
        return []
    done, labelled = night.autolabels(), night.labels()
    return [f.id for f in night.frames if f.id not in labelled and done.get(f.id, ("", None))[0] != teacher.version]


def _label(night: OpenRound, frames: list[Frame], progress: Progress) -> list[dict[str, Any]]:
    teacher = _teacher(night)
    if teacher is None:
        return []
    found = night.project.detect(teacher, frames, progress)
    return [rows.detections_row(frame.id, teacher.version, each) for frame, each in zip(frames, found, strict=True)]
