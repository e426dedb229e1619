"""Let the champion look at the pool: what it finds, how sure it is of every class, where each frame lies. In shards."""

from typing import Any

import numpy as np
from prefect import task

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Progress, Sight
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.services.store import rows
from tasks.evaluate import champion
from tasks.shards import Shards, gather, plan_shards, run_shard
from tasks.stage import RoundRef, run_stage, worth_retrying

SHARDS = Shards("score", "scores", "scores")
FAINT = 3.0  # boxes under the noise threshold divided by this tell nothing, and would fill the table


@task(name="score: plan")
def plan_score(ref: RoundRef) -> list[int]:
    """Which frames, in which shards; the numbers of the shards."""
    return plan_shards(ref, SHARDS, _waiting)


@task(name="score", retries=1, retry_condition_fn=worth_retrying, task_run_name="score {shard}")
def score(ref: RoundRef, shard: int) -> Receipt:
    """One shard."""
    return run_shard(ref, SHARDS, shard, _score)


@task(name="score: gather")
def gather_scores(ref: RoundRef) -> Receipt:
    """Close the stage over its shards."""
    return run_stage(ref, "score", lambda night, _: gather(night, SHARDS))


def _waiting(night: OpenRound) -> list[str]:
    """The whole pool: frames that people have labelled tell where the others are new."""
    return [f.id for f in night.frames if f.split is Split.POOL]


def _score(night: OpenRound, frames: list[Frame], progress: Progress) -> list[dict[str, Any]]:
    weights = champion(night)
    if weights is None:
        return [_row(frame, "", None, 0.0) for frame in frames]
    model = night.project.detector(weights)
    sights = night.project.inspect(model, frames, progress)
    faint = night.config.triage.trust_above / FAINT
    return [_row(frame, model.version, sight, faint) for frame, sight in zip(frames, sights, strict=True)]


def _row(frame: Frame, model: str, sight: Sight | None, faint: float) -> dict[str, Any]:
    if sight is None:
        nothing: dict[str, Any] = {"probabilities": [], "embedding": []}
        return rows.detections_row(frame.id, model, Detections.empty()) | nothing
    kept = sight.found.scores >= faint
    return rows.detections_row(frame.id, model, sight.found.take(kept)) | {
        "probabilities": sight.probabilities[kept].astype(np.float32).ravel().tolist(),
        "embedding": sight.vector.tolist(),
    }
