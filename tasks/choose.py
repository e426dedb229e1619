"""Triage every frame and choose tonight's questions within tonight's dollars."""

from collections import Counter
from typing import Any

from prefect import task

from nightshift.acquisition.queue import Allowance, Candidate, Pick, compose
from nightshift.acquisition.value import Worth, expected_seconds
from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame
from nightshift.domain.models import Progress
from nightshift.domain.review import BLIND, Purpose, Question
from nightshift.domain.rounds import Receipt
from nightshift.round import OpenRound, Row
from nightshift.services.store import rows
from nightshift.triage.stoplight import Light, light
from tasks.stage import RoundRef, run_stage

Opinion = tuple[Worth, Light, str]  # what asking brings, the colour, who drew the boxes


@task(name="triage and select")
def choose(ref: RoundRef) -> Receipt:
    """Green, yellow or red for each frame; then the queue."""
    return run_stage(ref, "choose", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    labels, asked = night.labels(), night.asked()
    opinions = _opinions(night)
    waiting = [f for f in night.frames if f.id not in labels and f.id not in asked]
    candidates = [_candidate(night, f, opinions.get(f.id)) for f in waiting]
    outstanding = _outstanding(night)
    picks = _compose(night, candidates, outstanding, cold=not any(o[0].boxes for o in opinions.values()))
    night.write("triage", [_triage_row(f, o) for f, o in sorted(opinions.items())])
    night.write("queue", [_queue_row(night, i, p, candidates, opinions) for i, p in enumerate(picks)])
    progress(1, 1)
    colours = Counter(str(o[1].colour) for o in opinions.values())
    return {
        **{name: colours[name] for name in ("green", "yellow", "red")},
        "queue": len(picks),
        "queue_usd": sum(p.usd for p in picks),
        "outstanding_usd": outstanding,
        **{f"queue_{purpose}": sum(p.purpose is purpose for p in picks) for purpose in Purpose},
    }


def _opinions(night: OpenRound) -> dict[str, Opinion]:
    auto, limits = night.autolabels(), night.project.thresholds
    opinions = {}
    for frame_id, row in night.scores().items():
        shown = rows.detections_from_row(row)
        accepted = auto[frame_id][1] if frame_id in auto else shown
        verdict = light(accepted, row["value"], row["disagreement"], limits)
        boxes = len(shown.above(limits.trust_above))
        value = Worth(row["value"], row["uncertainty"], row["disagreement"], boxes, row["additions"])
        opinions[frame_id] = (value, verdict, row["model"])
    return opinions


def _candidate(night: OpenRound, frame: Frame, opinion: Opinion | None) -> Candidate:
    value = opinion[0] if opinion else _unseen(night)
    prices = night.config.price_list
    return Candidate(
        frame.id,
        frame.clip,
        frame.split,
        str(opinion[1].colour) if opinion else "",
        value.value,
        expected_seconds(value, prices, blind=False),
        expected_seconds(value, prices, blind=True),
    )


def _unseen(night: OpenRound) -> Worth:
    """Golden frames are not scored: their price is that of an average frame."""
    blank = float(night.summary("score")["blank"])
    return Worth(blank, blank, 0.0, 0, blank * 2)


def _outstanding(night: OpenRound) -> float:
    """Dollars of earlier questions that still wait: they are paid from tonight's budget first. A skip is an answer."""
    answered = {row["frame_id"] for row in night.history("corrections")}
    return float(sum(row["usd"] for row in night.history("queue") if row["frame_id"] not in answered))


def _compose(night: OpenRound, candidates: list[Candidate], outstanding: float, *, cold: bool) -> list[Pick]:
    budget = night.config.budget
    allowance = Allowance.tonight(
        budget.usd_per_night, outstanding, budget.golden_share, budget.audit_share, budget.control_share
    )
    seed_frames = night.config.review.seed_frames
    return compose(
        candidates, allowance, night.config.price_list, night.rng("choose"), cold=cold, seed_frames=seed_frames
    )


def _triage_row(frame_id: str, opinion: Opinion) -> Row:
    value, verdict, _ = opinion
    return {"frame_id": frame_id, "colour": str(verdict.colour), "reason": verdict.reason, "value": value.value}


def _queue_row(
    night: OpenRound, position: int, pick: Pick, candidates: list[Candidate], opinions: dict[str, Opinion]
) -> Row:
    asked = candidates[pick.index]
    opinion = opinions.get(asked.frame_id)
    return {
        "frame_id": asked.frame_id,
        "purpose": str(pick.purpose),
        "position": position,
        "value": asked.value,
        "seconds": pick.seconds,
        "usd": pick.usd,
        "reason": _reason(pick.purpose, opinion),
        "blind": pick.purpose in BLIND,
        "model": opinion[2] if opinion and pick.purpose not in BLIND else "",
        "key": f"{night.number:04d}-{asked.frame_id}",
    }


def _reason(purpose: Purpose, opinion: Opinion | None) -> str:
    if purpose is Purpose.REVIEW and opinion:
        return opinion[1].reason
    return {
        Purpose.AUDIT: "random check of an accepted frame",
        Purpose.CONTROL: "random frame: what would chance have brought?",
        Purpose.GOLDEN: "test frame: draw every object",
        Purpose.SEED: "first frames: draw every object",
    }.get(purpose, "")


def questions(night: OpenRound) -> list[Question]:
    """The queue with the boxes to show: the champion's, or the teacher's where that is all there is."""
    frames = {f.id: f for f in night.frames}
    shown = {
        f: rows.detections_from_row(row).above(night.config.triage.trust_above) for f, row in night.scores().items()
    }
    return [
        rows.question_from_row(row, frames[row["frame_id"]], night.number, _shown(row, shown))
        for row in night.read("queue")
    ]


def _shown(row: Row, shown: dict[str, Detections]) -> Detections | None:
    return None if row["blind"] else shown.get(row["frame_id"], Detections.empty())
