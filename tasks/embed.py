"""See where new frames lie, by the configured embedder; nothing is done where the champion's own vectors serve."""

from typing import Any

from prefect import task

from nightshift.domain.embedding import STUDENT, Embedder
from nightshift.domain.errors import ModelError
from nightshift.domain.frames import Frame
from nightshift.domain.models import Progress
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.search.vectors import FOLDER, STAGE, known
from tasks.shards import Shards, gather, plan_shards, run_shard
from tasks.stage import RoundRef, run_stage, worth_retrying

SHARDS = Shards(STAGE, FOLDER, "vectors")


@task(name="embed: plan")
def plan_embed(ref: RoundRef) -> list[int]:
    """Which frames, in which shards; the numbers of the shards."""
    return plan_shards(ref, SHARDS, _waiting)


@task(name="embed", retries=1, retry_condition_fn=worth_retrying, task_run_name="embed {shard}")
def embed(ref: RoundRef, shard: int) -> Receipt:
    """One shard."""
    return run_shard(ref, SHARDS, shard, _look)


@task(name="embed: gather")
def gather_vectors(ref: RoundRef) -> Receipt:
    """Close the stage over its shards."""
    return run_stage(ref, STAGE, lambda night, _: gather(night, SHARDS) | {"model": _model(night)})


def _waiting(night: OpenRound) -> list[str]:
    """Frames that this version has not seen: a frame is looked at once."""
    if not _wanted(night):
        return []
    done = known(night, _embedder(night).version)
    return [each.id for each in night.frames if each.id not in done]


def _look(night: OpenRound, frames: list[Frame], progress: Progress) -> list[dict[str, Any]]:
    model = _embedder(night)
    vectors = night.project.embed(model, frames, progress)
    return [
        {"frame_id": frame.id, "model": model.version, "vector": vector.tolist()}
        for frame, vector in zip(frames, vectors, strict=True)
    ]


def _model(night: OpenRound) -> str:
    """Whose vectors this round goes by; empty for the champion's own."""
    return _embedder(night).version if _wanted(night) else ""


def _wanted(night: OpenRound) -> bool:
    return night.project.config.embedding.name != STUDENT


def _embedder(night: OpenRound) -> Embedder:
    found = night.project.embedder()
    if found is None:
        raise ModelError("embedding", "it has nothing to look with", "Name another in nightshift.yaml.")
    return found
