"""Take in what people said since the last round: corrections with their cost, and the labels they agree on."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from prefect import task

from nightshift.domain.agreement import Agreement, summarise
from nightshift.domain.consensus import consensus
from nightshift.domain.corrections import Change, compare
from nightshift.domain.models import Progress
from nightshift.domain.review import Answer
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.services.label_studio.answers import read
from nightshift.services.store import rows
from tasks.stage import RoundRef, run_stage


@task(name="ingest", retries=2, retry_delay_seconds=10)
def ingest(ref: RoundRef) -> Receipt:
    """Poll Label Studio; a later answer about a frame replaces an earlier one."""
    return run_stage(ref, "ingest", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    config, desk = night.config, night.project.desk
    project = desk.ensure_project(config.review.project or config.project, config.classes)
    polled = night.once("ingest/answers.json", lambda: _poll(night, project))
    answers, rejected = read(polled["tasks"], config.classes, config.prices.lead_time_cap_seconds)
    known = {(row["annotation"], row["answered_at"]): row["seconds"] for row in night.history("corrections")}
    new = [each for each in answers if (each.annotation, each.answered_at) not in known]
    paid = {annotation: seconds for (annotation, _), seconds in known.items()}
    night.write("corrections", [row for each in new for row in rows.correction_rows(each)])
    night.write("labels", _labels(night, answers, {each.frame_id for each in new}))
    progress(len(polled["tasks"]), len(polled["tasks"]))
    seconds = sum(max(0.0, each.seconds - paid.get(each.annotation, 0.0)) for each in new)
    return {
        **_counts(new),
        **agreement(night).figures,
        "frames_reviewed": len({each.frame_id for each in new}),
        "human_seconds": seconds,
        "human_usd": config.price_list.people_usd(seconds),
        "quarantined": night.quarantine("ingest", rejected),
        "watermark": polled["watermark"],
        "review_project": project,
    }


def _poll(night: OpenRound, project: int) -> dict[str, Any]:
    polled = night.project.desk.poll(project, _watermark(night))
    return {"tasks": polled.tasks, "watermark": polled.watermark.isoformat() if polled.watermark else None}


def _watermark(night: OpenRound) -> datetime | None:
    said = night.parent_summary("ingest").get("watermark")
    return datetime.fromisoformat(said) if said else None


def agreement(night: OpenRound) -> Agreement:
    """How far people agree, over all questions that several of them have answered."""
    said = rows.answers_from_rows(night.history("corrections"))
    return summarise(said, drawn=night.config.review.opinions)


def _labels(night: OpenRound, answers: Sequence[Answer], changed: set[str]) -> list[dict[str, Any]]:
    by_frame = {row["frame_id"]: row for row in night.parent_table("labels")}
    ordered = sorted((a for a in answers if a.frame_id in changed), key=lambda a: a.frame_id)
    for frame_id, group in groupby(ordered, key=lambda a: a.frame_id):
        said = list(group)
        by_frame.pop(frame_id, None)
        agreed = consensus(said)
        if agreed:
            by_frame[frame_id] = rows.label_row(frame_id, [each for each in said if not each.skipped], agreed.said)
    return [by_frame[key] for key in sorted(by_frame)]


def _counts(answers: Sequence[Answer]) -> dict[str, int]:
    shown = [each for each in answers if not each.skipped]
    changes = [change.change for each in shown for change in compare(each.shown, each.said)]
    return {f"boxes_{kind}": changes.count(kind) for kind in Change} | {"skipped": len(answers) - len(shown)}
