"""A round's figures, from what its stages left: the names that MLflow, the report and the summary share."""

from collections.abc import Mapping
from typing import Any

from nightshift.domain.corrections import Change
from nightshift.domain.costs import Prices
from nightshift.domain.rounds import Receipt

SKIPPED = "skipped"  # the only figure of a night that found another round running: who runs it
COPIED = {
    "ingest": (
        "frames_reviewed", "human_seconds", "human_usd", "skipped", *(f"boxes_{each}" for each in Change),
        "agreement_frames", "agreement_objects", "agreement_frames_alike", "agreement_objects_alike",
    ),
    "register": ("frames", "frames_new", "frames_golden"),
    "autolabel": ("frames",),
    "calibrate": (
        "audited_frames", "audited_boxes", "audited_precision", "audited_precision_lower", "audits_missing",
        "accepting", "missed_per_frame", "bands_withdrawn", "seconds_carried", "seconds_other", "seconds_drawn",
    ),
    "train": ("examples_human", "examples_auto", "epochs"),
    "evaluate": ("golden_frames", "map50_95", "map50", "map50_challenger", "map50_teacher", "map50_sd"),
    "choose": (
        "green", "yellow", "red", "boxes_accepted", "boxes_auto", "queue", "queue_usd",
        "queue_usd_low", "queue_usd_high", "outstanding_usd", "disputes",
    ),
    "retrospect": (
        "forecast_usd", "actual_usd", "forecast_error", "chosen_per_usd", "random_per_usd", "chosen_over_random",
        "forecast_gain", "usd_to_goal",
    ),
}  # fmt: skip
RENAMED = {("autolabel", "frames"): "frames_autolabelled", ("choose", "queue"): "queue_length"}


def stage_seconds(receipts: Mapping[str, Receipt]) -> dict[str, float]:
    """The machine's seconds per stage; a sharded stage counts the work of all its shards."""
    return {name: done.seconds + float(done.summary.get("shard_seconds", 0.0)) for name, done in receipts.items()}


def figures(receipts: Mapping[str, Receipt], prices: Prices, earlier_usd: float) -> dict[str, float]:
    """Every number of the round; what is not known yet (mAP before the first golden label) is left out.

    Args:
        receipts: by stage.
        prices: what seconds cost.
        earlier_usd: people and machine of all earlier rounds of the lineage.
    """
    found = dict(_copied(receipts))
    found["compute_usd"] = prices.compute_usd(sum(stage_seconds(receipts).values()))
    found["quarantined"] = float(sum(done.summary.get("quarantined", 0) for done in receipts.values()))
    found["total_usd"] = earlier_usd + found.get("human_usd", 0.0) + found["compute_usd"]
    if found.get("map50_95"):
        found["usd_per_map_point"] = found["total_usd"] / (100 * found["map50_95"])
    return found


def _copied(receipts: Mapping[str, Receipt]) -> list[tuple[str, float]]:
    return [
        (RENAMED.get((stage, name), name), float(value))
        for stage, names in COPIED.items()
        for name in names
        if (value := _value(receipts, stage, name)) is not None
    ]


def _value(receipts: Mapping[str, Receipt], stage: str, name: str) -> Any:
    return receipts[stage].summary.get(name) if stage in receipts else None
