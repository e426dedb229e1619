"""Take in what people said since the last round: corrections with their cost, and the labels they agree on."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect import task

from nightshift.domain.agreement import Agreement, summarise
from nightshift.domain.consensus import consensus
from nightshift.domain.corrections import Change, compare
from nightshift.domain.frames import Rejected
from nightshift.domain.intake import counting, new_answers, owed_seconds
from nightshift.domain.models import Progress
from nightshift.domain.review import Answer
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound
from nightshift.services.label_studio.answers import held, read
from nightshift.services.label_studio.evidence import WHOLE, kept
from nightshift.services.label_studio.interface import label_config
from nightshift.services.store import rows
from tasks.record import record_of
from tasks.stage import RoundRef, run_stage, worth_retrying

MOST_HELD = 500  # tasks with an answer that could not be used, which are read again every night
QUARANTINE = "quarantine/ingest.parquet"
GONE = "it was taken in, and is not in Label Studio any more: what it said counts until the frame is answered again"
ALTERED = "it is not Nightshift's, and Label Studio keeps it while answers use its labels: mend or delete those"


@task(name="ingest", retries=2, retry_delay_seconds=10, retry_condition_fn=worth_retrying)
def ingest(ref: RoundRef) -> Receipt:
    """Poll Label Studio; a later answer about a frame replaces an earlier one."""
    return run_stage(ref, "ingest", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    config, desk = night.config, night.project.desk
    project = desk.ensure_project(config.review.project or config.project, config.classes)
    before = _before(night)
    polled = _unasked(night) | night.once("ingest/answers.json", lambda: _poll(night, project, before))
    record = record_of(night, polled["tasks"], datetime.fromisoformat(polled["read_at"]))
    answers, rejected = read(polled["tasks"], config.classes, config.prices.lead_time_cap_seconds, record)
    new = new_answers(answers, before)
    night.write("corrections", [row for each in new for row in rows.correction_rows(each)])
    night.write("labels", _labels(night, answers, before, {each.frame_id for each in new}))
    progress(len(polled["tasks"]), len(polled["tasks"]))
    seconds, waiting = owed_seconds(new, before), held(rejected)
    return {
        **_counts(new),
        **agreement(night).figures,
        "frames_reviewed": len({each.frame_id for each in new}),
        "human_seconds": seconds,
        "human_usd": config.price_list.people_usd(seconds),
        "quarantined": night.quarantine("ingest", [*rejected, *_missing(night, polled["gone"]), *_interface(polled)]),
        "answers_held": len(waiting),
        "held": waiting[:MOST_HELD],
        "watermark": polled["watermark"],
        "review_project": project,
    }


def _before(night: OpenRound) -> list[Answer]:
    """What the rounds before took in; this one's own table may be there already when the stage is run again."""
    return rows.answers_from_rows(row for keys in night.ancestors for row in night.read("corrections", keys=keys))


def _poll(night: OpenRound, project: int, before: Sequence[Answer]) -> dict[str, Any]:
    """What changed, and what is looked at again: answers that could not be used, and those that may be gone."""
    desk, since, began = night.project.desk, _watermark(night), datetime.now(UTC)
    gone = desk.gone(project, {(each.task, each.annotation) for each in before})
    polled = desk.poll(project, since)
    seen = {task["id"] for task in polled.tasks}
    again = [each for each in night.parent_summary("ingest").get("held", ()) if each not in seen]
    # Never ahead of the time at which we began: what is changed meanwhile, or under a clock that was ahead and is
    # set right one day, is polled again.
    until = min(polled.watermark, began) if polled.watermark else None
    return {
        "tasks": [*polled.tasks, *(desk.raw_tasks(project, again) if again else ())],
        "watermark": until.isoformat() if until else None,
        "read_at": began.isoformat(),
        "gone": gone,
        "interface": desk.interface(project),
        "expected": label_config(night.config.classes),
    }


def _unasked(night: OpenRound) -> dict[str, Any]:
    """What an older Nightshift did not ask when it polled for a round that is continued now."""
    return {"read_at": night.plan.opened_at.isoformat(), "gone": [], "interface": "", "expected": ""}


def _watermark(night: OpenRound) -> datetime | None:
    said = night.parent_summary("ingest").get("watermark")
    return datetime.fromisoformat(said) if said else None


def _missing(night: OpenRound, gone: Sequence[tuple[int, int]]) -> list[Rejected]:
    """Answers that were taken in and are not in Label Studio any more, told once.

    They go on counting: whoever restores an old database must not lose labels by it, and whoever deletes an answer
    on purpose answers the frame again.
    """
    told = {row["subject"] for keys in night.ancestors for row in night.read("quarantine", QUARANTINE, keys)
            if row["reason"] == GONE}  # fmt: skip
    missing = (f"task {task}, annotation {number} (deleted)" for task, number in gone)
    return [Rejected(subject, GONE) for subject in missing if subject not in told]


def _interface(polled: dict[str, Any]) -> list[Rejected]:
    if polled["interface"] == polled["expected"]:
        return []
    return [Rejected("the label interface", ALTERED, kept(polled["interface"], WHOLE))]


def agreement(night: OpenRound) -> Agreement:
    """How far people agree, over all questions that several of them have answered."""
    said = rows.answers_from_rows(night.history("corrections"))
    return summarise(said, drawn=night.config.review.opinions)


def _labels(
    night: OpenRound, answers: Sequence[Answer], before: Sequence[Answer], changed: set[str]
) -> list[dict[str, Any]]:
    by_frame = {row["frame_id"]: row for row in night.parent_table("labels")}
    now, earlier = _by_frame(answers), _by_frame(before)
    for frame_id in sorted(changed):
        said = counting(now[frame_id], earlier[frame_id])
        by_frame.pop(frame_id, None)
        agreed = consensus(said)
        if agreed:
            by_frame[frame_id] = rows.label_row(frame_id, [each for each in said if not each.skipped], agreed.said)
    return [by_frame[key] for key in sorted(by_frame)]


def _by_frame(answers: Sequence[Answer]) -> defaultdict[str, list[Answer]]:
    found: defaultdict[str, list[Answer]] = defaultdict(list)
    for each in answers:
        found[each.frame_id].append(each)
    return found


def _counts(answers: Sequence[Answer]) -> dict[str, int]:
    shown = [each for each in answers if not each.skipped]
    changes = [change.change for each in shown for change in compare(each.shown, each.said)]
    return {f"boxes_{kind}": changes.count(kind) for kind in Change} | {"skipped": len(answers) - len(shown)}
