"""A stage cut into shards: planned once, each shard published once, then gathered.

The plan of the shards is itself published, so that a continued round cuts them the same way even if frames would be
chosen differently now.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from prefect.logging import get_run_logger

from nightshift.domain.frames import Frame
from nightshift.domain.models import Progress
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from tasks.stage import RoundRef, in_words, shown_progress

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shards:
    """Names of a sharded stage: the stage, the folder of its parts, the schema of their table."""

    stage: str
    folder: str
    table: str


def plan_shards(ref: RoundRef, shards: Shards, waiting: Callable[[OpenRound], list[str]]) -> list[int]:
    """Publish which frames go into which shard (unless that was done before); returns the shards' numbers."""
    night = ref.open()
    cut = night.once(_plan(shards), lambda: _cut(waiting(night), night.config.shard_frames))
    return list(range(len(cut)))


def run_shard(
    ref: RoundRef, shards: Shards, shard: int, body: Callable[[OpenRound, list[Frame], Progress], list[Row]]
) -> Receipt:
    """Run one shard unless it is done already."""
    night, name = ref.open(), f"{shards.stage}-{shard:04d}"
    done = night.receipt(name)
    if done:
        return done
    began, wanted = time.monotonic(), set(_read(night, shards)[shard])
    content = body(night, [f for f in night.frames if f.id in wanted], shown_progress(name))
    night.check_lease()
    night.write(shards.table, content, f"{shards.folder}/part-{shard:04d}.parquet")
    receipt = night.finish(Receipt(name, time.monotonic() - began, {"frames": len(content)}))
    get_run_logger().info("%s: %s", name, in_words(receipt))
    return receipt


def gather(night: OpenRound, shards: Shards) -> dict[str, Any]:
    """What the shards came to together; their seconds are the machine's work, whoever did it."""
    receipts = [night.receipt(f"{shards.stage}-{i:04d}") for i in range(len(_read(night, shards)))]
    done = [each for each in receipts if each]
    return {
        "shards": len(done),
        "frames": sum(each.summary["frames"] for each in done),
        "shard_seconds": sum(each.seconds for each in done),
    }


def _read(night: OpenRound, shards: Shards) -> list[list[str]]:
    content: list[list[str]] = json.loads(night.store.read(night.keys.key(_plan(shards))))
    return content


def _plan(shards: Shards) -> str:
    return f"{shards.folder}/shards.json"


def _cut(frame_ids: list[str], size: int) -> list[list[str]]:
    return [frame_ids[i : i + size] for i in range(0, len(frame_ids), size)]
