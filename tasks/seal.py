"""Seal the round: report, MLflow run, round.json, and HEAD last.

Everything before round.json can be done twice without a trace; once round.json exists its figures stand.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_link_artifact, create_table_artifact

from nightshift.domain.figures import figures, stage_seconds
from nightshift.domain.rounds import Sealed
from nightshift.report.page import render
from nightshift.round import OpenRound
from nightshift.services.tracking import DatasetNote
from nightshift.services.tracking.tracking import RunLink
from tasks.evaluate import champion
from tasks.report import report_view
from tasks.stage import RoundRef, run_stage, worth_retrying
from tasks.train import trusted_labels

STAGES = (
    "ingest", "register", "embed", "autolabel", "propagate", "vouch", "calibrate", "train", "evaluate", "score",
    "choose", "push", "retrospect",
)  # fmt: skip


@task(name="seal", retries=2, retry_delay_seconds=10, retry_condition_fn=worth_retrying)
def seal(ref: RoundRef) -> dict[str, Any]:
    """Close the round and let HEAD name it; returns its figures."""
    night = ref.open()
    sealed = night.sealed(night.number) or _summary(night)
    run_stage(ref, "report", lambda round_, _: _report(round_, sealed))
    link = track(night, sealed)
    sealed = night.seal(sealed)
    _show(night, sealed, link)
    return {"round": sealed.number} | _with_gaps(sealed)


def _summary(night: OpenRound) -> Sealed:
    receipts = {name: done for name in STAGES if (done := night.receipt(name))}
    return Sealed(
        number=night.number,
        parent=night.plan.parent,
        kind=night.plan.kind,
        sealed_at=datetime.now(UTC),
        champion=champion(night),
        metrics=figures(receipts, night.config.price_list, night.spent()),
        per_class=night.summary("evaluate").get("per_class", {}),
        stages=stage_seconds(receipts),
    )


def _report(night: OpenRound, sealed: Sealed) -> dict[str, Any]:
    page = render(report_view(night, sealed)).encode()
    night.store.create(night.keys.key("report.html"), page)
    return {"bytes": len(page)}


def track(night: OpenRound, sealed: Sealed) -> RunLink:
    """The round's run in MLflow, from what lies in the store: tonight, or years later when MLflow was lost."""
    weights = sealed.champion
    trained = night.summary("train").get("trained")
    return night.project.tracking.log_round(
        night.config.project,
        night.plan,
        sealed,
        _artifacts(night),
        dataset=_dataset(night) if trained else None,
        curves=_curves(night) if trained else (),
        weights_uri=night.store.uri(weights.key) if weights else None,
        links={"Label Studio": night.summary("push")["queue_url"], "Rounds in S3": night.store.uri(night.keys.folder)},
    )


def _artifacts(night: OpenRound) -> dict[str, Path | bytes]:
    kept = {"report.html": night.keys.key("report.html"), "curves.json": _curves_key(night)}
    return {name: night.store.read(key) for name, key in kept.items() if night.store.exists(key)}


def _dataset(night: OpenRound) -> DatasetNote:
    labels = {frame: lesson.labels for frame, lesson in trusted_labels(night).items()}
    content = hashlib.sha256()
    for frame_id in sorted(labels):
        said = labels[frame_id]
        content.update(frame_id.encode() + said.boxes.tobytes() + said.classes.tobytes())
        content.update(b"".join(said.masks.counts if said.masks else ()))
    return DatasetNote(
        name=night.config.project,
        digest=content.hexdigest(),
        uri=night.store.uri(night.keys.key("labels.parquet")),
        frames=len(labels),
        boxes=sum(len(each) for each in labels.values()),
    )


def _curves(night: OpenRound) -> list[dict[str, float]]:
    curves: list[dict[str, float]] = json.loads(night.store.read(_curves_key(night)))
    return curves


def _curves_key(night: OpenRound) -> str:
    """Where the training curves lie; a name for all of them in rounds of an older Nightshift."""
    return str(night.summary("train").get("curves") or night.keys.key("student/curves.json"))


def _show(night: OpenRound, sealed: Sealed, link: RunLink) -> None:
    figure_rows = [{"figure": name, "value": round(value, 4)} for name, value in sorted(sealed.metrics.items())]
    create_table_artifact(figure_rows, key="round", description=f"Round {sealed.number:04d}")
    create_link_artifact(night.summary("push")["queue_url"], "the queue in Label Studio", key="queue")
    if link.url:
        create_link_artifact(link.url, "the round in MLflow", key="mlflow")
        create_link_artifact(f"{link.url}/artifacts/report.html", "the round's report", key="report")


def _with_gaps(sealed: Sealed) -> dict[str, Any]:
    return {"map50_95": None, "map50": None} | sealed.metrics
