"""Score the pool: what would be shown, what asking would bring, where each frame lies. In shards."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from prefect import task

from nightshift.acquisition.blank import expected_missing
from nightshift.acquisition.value import Worth, worth
from nightshift.domain.corrections import Change
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Progress
from nightshift.domain.review import Purpose
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.services.store import rows
from tasks.evaluate import champion
from tasks.shards import Shards, gather, plan_shards, run_shard
from tasks.stage import RoundRef, run_stage

SHARDS = Shards("score", "scores", "scores")
Opinion = tuple[str, Detections]  # a model's version, and what it found
WITH_BOXES = {Purpose.REVIEW, Purpose.CONTROL}  # asked with whatever boxes there were
OBJECTS_UNKNOWN = 5.0  # per frame, before anybody has seen any


@task(name="score: plan")
def plan_score(ref: RoundRef) -> list[int]:
    """Which frames, in which shards; the numbers of the shards."""
    return plan_shards(ref, SHARDS, _waiting)


@task(name="score", retries=1, task_run_name="score {shard}")
def score(ref: RoundRef, shard: int) -> Receipt:
    """One shard."""
    return run_shard(ref, SHARDS, shard, _score)


@task(name="score: gather")
def gather_scores(ref: RoundRef) -> Receipt:
    """Close the stage over its shards."""
    return run_stage(ref, "score", lambda night, _: gather(night, SHARDS) | {"blank": blank_value(night)})


def blank_value(night: OpenRound) -> float:
    """Expected additions on a frame where nothing is found, from the answers so far."""
    labels = [len(each) for each in night.labels().values()]
    told = [n for n in labels if n] or [len(d) for d in _trusted(night) if len(d)]
    blank = _blank_answers(night)
    return expected_missing(float(np.mean(told)) if told else OBJECTS_UNKNOWN, len(blank), sum(blank.values()))


def _blank_answers(night: OpenRound) -> dict[int, bool]:
    """Annotation → whether a person drew something where the models had found nothing to show."""
    answers: dict[int, list[str]] = {}
    for row in night.history("corrections"):
        if row["purpose"] in WITH_BOXES and not row["skipped"]:
            answers.setdefault(row["annotation"], []).append(row["change"])
    blank = {key: changes for key, changes in answers.items() if set(changes) <= {Change.ADDED, "none"}}
    return {key: Change.ADDED in changes for key, changes in blank.items()}


def _trusted(night: OpenRound) -> list[Detections]:
    limit = night.config.triage.trust_above
    return [found.above(limit) for _, found in night.autolabels().values()]


def _waiting(night: OpenRound) -> list[str]:
    labelled = night.labels()
    return [f.id for f in night.frames if f.split is Split.POOL and f.id not in labelled]


def _score(night: OpenRound, frames: list[Frame], progress: Progress) -> list[dict[str, Any]]:
    auto, blank = night.autolabels(), blank_value(night)
    by_teacher = [auto.get(f.id) for f in frames]
    by_student, vectors = _look(night, frames, progress)
    content = []
    for frame, teacher, student, vector in zip(frames, by_teacher, by_student, vectors, strict=True):
        (model, shown), other = _shown(night, teacher, student)
        value = worth(shown, other[1] if other else None, night.config.triage.trust_above, blank)
        content.append(_row(frame, model, shown, value, vector))
    return content


def _shown(night: OpenRound, teacher: Opinion | None, student: Opinion | None) -> tuple[Opinion, Opinion | None]:
    """Whose boxes a person would see, and the second opinion: the golden set says who is the better one."""
    if teacher is None or student is None:
        return student or teacher or ("", Detections.empty()), None
    same = teacher[0].endswith(student[0])  # the champion teaches: no second opinion
    if same:
        return student, None
    return (teacher, student) if night.summary("evaluate").get("teacher_better") else (student, teacher)


def _look(
    night: OpenRound, frames: list[Frame], progress: Progress
) -> tuple[list[Opinion | None], list[NDArray[np.float32]]]:
    weights = champion(night)
    if weights is None:
        return [None] * len(frames), [np.zeros(0, np.float32)] * len(frames)
    model = night.project.detector(weights)
    found, vectors = night.project.look(model, frames, progress)
    return [(model.version, each) for each in found], vectors


def _row(frame: Frame, model: str, shown: Detections, value: Worth, vector: NDArray[np.float32]) -> dict[str, Any]:
    return rows.detections_row(frame.id, model, shown) | {
        "value": value.value,
        "uncertainty": value.uncertainty,
        "disagreement": value.disagreement,
        "additions": value.additions,
        "embedding": vector.tolist(),
    }
