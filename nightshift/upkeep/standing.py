"""Where a project stands: the last sealed round, the lease, the open round stage by stage, and what to do next.

Reads the store only; Label Studio is asked by `inbox`.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from nightshift.domain.errors import NotFound
from nightshift.domain.rounds import Plan, RoundKeys, Sealed
from nightshift.services.store import state
from nightshift.services.store.lease import Holder, current_holder
from nightshift.services.store.owner import is_gone
from nightshift.services.store.s3 import Store
from nightshift.upkeep.layout import Stage, stages
from nightshift.upkeep.lineage import Lineage, read_lineage, summaries

State = Literal["done", "begun", "not begun"]


@dataclass(frozen=True, slots=True)
class StageLine:
    """How far a stage of the open round has come.

    Args:
        name: of the stage.
        state: done (it left its receipt), begun (part of its output is there), or not begun.
        seconds: that it took; of a stage with shards, of all that are done.
        shards: (done, planned); None for a stage without shards, or before they were planned.
        redo: what a rerun will do, in a few words; empty when it is done.
        forecast: seconds that this took last time; None where it never ran.
    """

    name: str
    state: State
    seconds: float
    shards: tuple[int, int] | None
    redo: str
    forecast: float | None


@dataclass(frozen=True, slots=True)
class OpenLine:
    """The round that is not sealed yet."""

    number: int
    kind: str
    opened_at: datetime
    stages: tuple[StageLine, ...]

    @property
    def forecast(self) -> float | None:
        """Seconds that the rest took last time, as far as known; None where nothing is known of it."""
        known = [each.forecast for each in self.stages if each.forecast is not None]
        return sum(known) if known else None

    @property
    def untold(self) -> tuple[str, ...]:
        """What is left and never ran before, so that nobody knows how long it takes."""
        return tuple(each.name for each in self.stages if each.state != "done" and each.forecast is None)

    @property
    def stands_at(self) -> str:
        """The first stage that is not done; `seal` when all are."""
        return next((each.name for each in self.stages if each.state != "done"), "seal")


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the store says of where a project stands.

    Args:
        rounds: of the lineage.
        head: what the last sealed round came to; None before the first.
        holder: of the lease; None while it is free.
        holder_gone: the holder certainly lives no more, so nobody has to wait for it.
        open: the round that is not sealed yet; None where there is none.
    """

    rounds: Lineage
    head: Sealed | None
    holder: Holder | None
    holder_gone: bool
    open: OpenLine | None

    @property
    def running(self) -> bool:
        """Whether somebody holds the lease and may be alive."""
        return self.holder is not None and not self.holder_gone

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "head": self.rounds.head,
            "sealed": asdict(self.head) if self.head else None,
            "lease": asdict(self.holder) | {"gone": self.holder_gone} if self.holder else None,
            "open": asdict(self.open) | {"forecast_seconds": self.open.forecast} if self.open else None,
            "broken": [str(each) for each in self.rounds.broken],
        }


def read_standing(store: Store, now: datetime) -> Standing:
    """Ask the store.

    Raises:
        StoreError: it is away, or HEAD, the lease or the open round's plan cannot be read.
    """
    rounds = read_lineage(store)
    told = summaries(store, rounds)
    holder = current_holder(store, now)
    opened = None if rounds.open is None else _open_line(store, state.read_plan(store, rounds.open), told)
    head = None if rounds.head is None else told.get(rounds.head)
    return Standing(rounds, head, holder, holder is not None and is_gone(holder.owner), opened)


def _open_line(store: Store, plan: Plan, told: Mapping[int, Sealed]) -> OpenLine:
    names = {each.key.removeprefix(plan.keys.key("")) for each in store.list(plan.keys.key(""))}
    before = [told[number].stages for number in sorted(told, reverse=True)]
    if told:
        drawn = state.read_receipt(store, RoundKeys(max(told)), "report")  # a summary is written before its report
        before.append({"report": drawn.seconds} if drawn else {})
    lines = tuple(_stage_line(store, plan.keys, stage, names, before) for stage in stages(plan.kind))
    return OpenLine(plan.number, plan.kind, plan.opened_at, lines)


def _stage_line(
    store: Store, keys: RoundKeys, stage: Stage, names: set[str], before: list[dict[str, float]]
) -> StageLine:
    receipt = state.read_receipt(store, keys, stage.name) if f"stages/{stage.name}.json" in names else None
    last = next((each[stage.name] for each in before if stage.name in each), None)
    if receipt:
        shards = int(receipt.summary["shards"]) if "shards" in receipt.summary else None
        seconds = receipt.seconds + float(receipt.summary.get("shard_seconds", 0.0))
        return StageLine(stage.name, "done", seconds, None if shards is None else (shards, shards), "", None)
    if stage.parts:
        return _sharded(store, keys, stage, names, last)
    begun = any(name in names for name in stage.outputs) or _has_weights(stage, names)
    said = f"{stage.does}, from its beginning" if begun else stage.does
    return StageLine(stage.name, "begun" if begun else "not begun", 0.0, None, said, last)


def _sharded(store: Store, keys: RoundKeys, stage: Stage, names: set[str], last: float | None) -> StageLine:
    planned = _planned(store, keys, stage) if stage.cut in names else None
    if planned is None:
        return StageLine(stage.name, "not begun", 0.0, None, stage.does, last)
    ready = [i for i in range(planned) if f"stages/{stage.shard(i)}.json" in names]
    receipts = [state.read_receipt(store, keys, stage.shard(i)) for i in ready]
    seconds = sum(each.seconds for each in receipts if each)
    left = planned - len(ready)
    forecast = seconds / len(ready) * left if ready else last
    said = f"{stage.does}: {left} of {planned} shards" if left else "gather its shards"
    return StageLine(stage.name, "begun", seconds, (len(ready), planned), said, forecast)


def _planned(store: Store, keys: RoundKeys, stage: Stage) -> int | None:
    try:
        return len(json.loads(store.read(keys.key(stage.cut))))
    except (NotFound, ValueError):
        return None


def _has_weights(stage: Stage, names: set[str]) -> bool:
    return stage.name == "train" and any(name.startswith("student/") for name in names)
