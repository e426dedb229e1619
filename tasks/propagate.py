"""Carry people's labels to the other frames of their clips, once to each, in shards; then judge what was carried."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prefect import task

from nightshift.carried import FOLDER, JUDGED, STAGE, carried, judge
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ModelError
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Progress
from nightshift.domain.rounds import Receipt
from nightshift.propagation import Propagator
from nightshift.round import OpenRound
from nightshift.services.store import rows
from tasks.shards import Shards, gather, plan_shards, run_shard
from tasks.stage import RoundRef, run_stage, worth_retrying

SHARDS = Shards(STAGE, FOLDER, "detections")
Film = tuple[str, int, int]  # clip, width, height: frames of one size follow each other


@task(name="propagate: plan")
def plan_propagate(ref: RoundRef) -> list[int]:
    """Which frames, in which shards; the numbers of the shards."""
    return plan_shards(ref, SHARDS, _waiting)


@task(name="propagate", retries=1, retry_condition_fn=worth_retrying, task_run_name="propagate {shard}")
def propagate(ref: RoundRef, shard: int) -> Receipt:
    """One shard."""
    return run_shard(ref, SHARDS, shard, _carry)


@task(name="propagate: gather")
def gather_carried(ref: RoundRef) -> Receipt:
    """Close the stage over its shards."""
    return run_stage(ref, STAGE, lambda night, _: gather(night, SHARDS))


@task(name="vouch")
def vouch(ref: RoundRef) -> Receipt:
    """What may be accepted of what earlier rounds have carried."""
    return run_stage(ref, JUDGED, _judge)


def films(frames: Iterable[Frame]) -> dict[Film, list[Frame]]:
    """The pool's frames of each clip and size, in the order of their names, which is that of time."""
    found: dict[Film, list[Frame]] = defaultdict(list)
    for each in sorted(frames, key=lambda each: (each.clip, each.name, each.id)):
        if each.split is Split.POOL:
            found[each.clip, each.width, each.height].append(each)
    return found


def within_reach(film: Sequence[Frame], labels: Mapping[str, Detections], reach: int) -> list[Frame]:
    """The frames without a label that lie at most so many frames from one with a label."""
    known = [i for i, each in enumerate(film) if each.id in labels]
    near = {j for i in known for j in range(max(0, i - reach), min(len(film), i + reach + 1))}
    return [film[j] for j in sorted(near) if film[j].id not in labels]


def _waiting(night: OpenRound) -> list[str]:
    carrier = night.project.propagator()
    if carrier is None:
        return []
    labels, done = night.labels(), carried(night, carrier.version)
    reached = [f for film in films(night.frames).values() for f in within_reach(film, labels, carrier.reach)]
    return [f.id for f in reached if f.id not in done]


def _carry(night: OpenRound, frames: list[Frame], progress: Progress) -> list[dict[str, Any]]:
    carrier = night.project.propagator()
    if carrier is None:
        raise ModelError("propagation", "it has gone while its round ran", "Name it in nightshift.yaml again.")
    wanted, labels = {each.id for each in frames}, night.labels()
    found: dict[str, Detections] = {}
    for film in films(night.frames).values():
        stretch = _stretch(film, wanted, labels)
        if stretch:
            found.update(_along(night, carrier, stretch, labels, wanted))
            progress(len(found), len(frames))
    return [rows.detections_row(each.id, carrier.version, found[each.id]) for each in frames]


def _stretch(film: Sequence[Frame], wanted: set[str], labels: Mapping[str, Detections]) -> list[Frame]:
    """The part of a film that decides what is carried to the wanted frames."""
    places = [i for i, each in enumerate(film) if each.id in wanted]
    if not places:
        return []
    known = [i for i, each in enumerate(film) if each.id in labels]
    first = max((i for i in known if i < places[0]), default=places[0])
    last = min((i for i in known if i > places[-1]), default=places[-1])
    return list(film[first : last + 1])


def _along(
    night: OpenRound, carrier: Propagator, film: Sequence[Frame], labels: Mapping[str, Detections], wanted: set[str]
) -> Iterator[tuple[str, Detections]]:
    night.project.fetch(film)
    known = {i: labels[each.id] for i, each in enumerate(film) if each.id in labels}
    said = night.project.carry(carrier, film, known)
    return ((each.id, boxes) for each, boxes in zip(film, said, strict=True) if each.id in wanted)


def _judge(night: OpenRound, progress: Progress) -> dict[str, Any]:
    carrier = night.project.propagator()
    progress(1, 1)
    if carrier is None:
        return {"version": "", "batches": {}}
    found = judge(night, carrier.version)
    accepting = sum(t is not None for each in found.values() for t in each.thresholds.values())
    return {
        "version": carrier.version,
        "accepting": accepting,
        "batches": {str(number): each.as_dict() for number, each in found.items()},
    }
