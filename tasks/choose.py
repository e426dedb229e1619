"""Triage every frame and choose tonight's questions within tonight's dollars."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from prefect import task

from nightshift.acquisition.queue import Allowance, Pick
from nightshift.domain.detections import Detections
from nightshift.domain.edits import Edits
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Progress
from nightshift.domain.review import BLIND, Purpose, Question
from nightshift.domain.rounds import Receipt
from nightshift.policy.knowledge import mean_objects
from nightshift.policy.night import Decision, Rules, Sighting, Tonight, counts, decide
from nightshift.round import OpenRound, Row
from nightshift.services.store import rows
from nightshift.trusted import limits
from tasks.again import disputed, outstanding_usd, reviewers, suspected, with_opinions
from tasks.calibrate import knowledge
from tasks.carried_audits import carried_audits, with_carried
from tasks.stage import RoundRef, run_stage
from tasks.wishes import wished


@task(name="triage and select")
def choose(ref: RoundRef) -> Receipt:
    """Green, yellow or red for each frame; then the queue."""
    return run_stage(ref, "choose", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    wishes, strange = wished(night)
    sightings = _sightings(night)
    again = [*disputed(night), *suspected(night)]
    outstanding = outstanding_usd(night)
    audits = carried_audits(night, knowledge(night))
    sightings = [each for each in sightings if each.frame.id not in {row["frame_id"] for row in audits}]
    spoken_for = outstanding + sum(row["usd"] for row in [*again, *audits])
    decision = _decide(night, sightings, spoken_for, tuple(wishes))
    queue = [_queue_row(night, i, p, decision, sightings, wishes) for i, p in enumerate(decision.picks)]
    queue = [*with_opinions(night, queue), *audits]
    night.write("triage", _triage_rows(sightings, decision))
    night.write("queue", [row | {"position": i} for i, row in enumerate(mixed(queue, again))])
    progress(1, 1)
    colours = Counter(str(each.colour) for each in decision.lights)
    return {
        **{name: colours[name] for name in ("green", "yellow", "red")},
        **_accepted(night, sightings),
        "queue": len(queue) + len(again),
        "queue_usd": sum(row["usd"] * row["opinions"] for row in queue) + sum(row["usd"] for row in again),
        **_between(night, again, queue),
        "outstanding_usd": outstanding,
        "disputes": len(again),
        **{f"queue_{each}": sum(row["purpose"] == each for row in queue) for each in Purpose},
        "wishes_waiting": len({each.frame.id for each in sightings} & set(wishes) - {row["frame_id"] for row in queue}),
        "quarantined": strange,
    }


# -- what is known of every frame ---------------------------------------------------------------------------------


def _sightings(night: OpenRound) -> list[Sighting]:
    """Frames of the pool that are neither labelled nor asked, with what the models say of them."""
    auto, labels, asked, scores = night.autolabels(), night.labels(), night.asked(), night.scores()
    waiting = [f for f in night.frames if f.split is Split.POOL and f.id not in labels and f.id not in asked]
    teacher_better = bool(night.summary("evaluate").get("teacher_better"))
    seen = [_sighting(night, f, auto.get(f.id), scores[f.id], teacher_better=teacher_better) for f in waiting]
    return with_carried(night, seen)


def _sighting(
    night: OpenRound, frame: Frame, auto: tuple[str, Detections] | None, row: Row, *, teacher_better: bool
) -> Sighting:
    teacher = auto[1] if auto else None
    nothing = Sighting(frame, teacher or Detections.empty(), auto[0] if auto else "", teacher=teacher)
    if not row["model"]:
        return nothing
    found = rows.detections_from_row(row)
    same = auto is not None and auto[0].endswith(row["model"])  # the champion teaches: no second opinion
    theirs = auto is not None and teacher_better and not same
    return Sighting(
        frame,
        shown=nothing.shown if theirs else found,
        model=nothing.model if theirs else row["model"],
        second=None if same else found if theirs else teacher,
        teacher=teacher,
        student=found,
        probabilities=np.array(row["probabilities"], np.float32).reshape(-1, len(night.config.classes)),
        vector=np.array(row["embedding"], np.float32),
    )


def _decide(night: OpenRound, sightings: list[Sighting], spoken_for: float, wished: Sequence[str]) -> Decision:
    labels, asked, config = night.labels(), night.asked(), night.config
    golden = [f for f in night.frames if f.split is Split.GOLDEN and f.id not in labels and f.id not in asked]
    known, told = knowledge(night), counts(labels, len(config.classes))
    average = Edits(added=mean_objects(labels, known.rates.additions.objects))
    by_round = {number: limits(night, number) for number in {each.frame.round for each in sightings}}
    rules = Rules(
        function=config.acquisition.strategy,
        scale=known.scale(told, config.triage.trust_above),
        prices=known.prices,
        limits=by_round.__getitem__,
        allowance=_allowance(night, spoken_for),
        seed_frames=config.review.seed_frames,
        audit_seed=config.seed,
    )
    tonight = Tonight(sightings, golden, _labelled_vectors(night), told, average, wished)
    return decide(tonight, rules, night.rng("choose"))


def _labelled_vectors(night: OpenRound) -> np.ndarray[Any, np.dtype[np.float32]]:
    labels = night.labels()
    vectors = [row["embedding"] for f, row in night.scores().items() if f in labels and row["embedding"]]
    return np.array(vectors, np.float32) if vectors else np.zeros((0, 0), np.float32)


# -- dollars --------------------------------------------------------------------------------------------------------


def _allowance(night: OpenRound, spoken_for: float) -> Allowance:
    """What is left tonight, by purpose; second opinions are paid from it, so that each question has less."""
    budget, review = night.config.budget, night.config.review
    twice = 1 + review.second_opinion_share * (review.opinions - 1) if len(reviewers(night)) > 1 else 1.0
    left = max(0.0, budget.usd_per_night - spoken_for) / twice
    return Allowance.tonight(left, 0.0, budget.golden_share, budget.audit_share, budget.control_share)


# -- tables ---------------------------------------------------------------------------------------------------------


def _between(night: OpenRound, again: list[Row], queue: list[Row]) -> dict[str, float]:
    """What the queue may come to, in four nights of five; a question that is put again goes to one person more."""
    asked = [row["seconds"] for row in again] + [row["seconds"] for row in queue for _ in range(row["opinions"])]
    low, high = knowledge(night).queue_usd(asked)
    return {"queue_usd_low": low, "queue_usd_high": high}


def _accepted(night: OpenRound, sightings: list[Sighting]) -> dict[str, int]:
    """Of the teacher's boxes on frames that nobody has labelled, those that the promise accepts, and all of them."""
    by_round = {number: limits(night, number) for number in {each.frame.round for each in sightings}}
    seen = [(by_round[s.frame.round], s.teacher) for s in sightings if s.teacher is not None]
    return {
        "boxes_accepted": sum(int(rule.accepts(found).sum()) for rule, found in seen),
        "boxes_auto": sum(len(found.above(rule.trust_above)) for rule, found in seen),
    }


def mixed(queue: list[Row], again: list[Row]) -> list[Row]:
    """The queue in its order, its best frame first, with the questions that are put again evenly between."""
    places = [(i + 1) / (len(again) + 1) for i in range(len(again))]
    ranked = [(i / max(len(queue), 1), 0, i) for i in range(len(queue))] + [(p, 1, i) for i, p in enumerate(places)]
    return [(queue, again)[which][i] for _, which, i in sorted(ranked)]


def _triage_rows(sightings: list[Sighting], decision: Decision) -> Iterator[Row]:
    for each, worth, verdict in zip(sightings, decision.worths, decision.lights, strict=True):
        yield {
            "frame_id": each.frame.id,
            "colour": str(verdict.colour),
            "reason": verdict.reason,
            "value": worth.edits.corrections,
        }


def _queue_row(
    night: OpenRound,
    position: int,
    pick: Pick,
    decision: Decision,
    sightings: list[Sighting],
    wishes: Mapping[str, str],
) -> Row:
    asked, worth = decision.candidates[pick.index], decision.worth_of(pick)
    seen = sightings[pick.index] if worth else None
    boxes = seen.shown.above(night.config.triage.trust_above) if seen else Detections.empty()
    return rows.detections_row(asked.frame_id, seen.model if seen else "", boxes) | {
        "purpose": str(pick.purpose),
        "position": position,
        "value": asked.value,
        "seconds": pick.seconds,
        "usd": pick.usd,
        "reason": _reason(pick, decision, wishes.get(asked.frame_id, "")),
        "blind": pick.purpose in BLIND,
        "key": f"{night.number:04d}-{asked.frame_id}",
        "opinions": 1,
        "hidden": worth.hidden if worth else 0.0,
        "alone": worth.alone if worth else 0.0,
    }


def _reason(pick: Pick, decision: Decision, wish: str) -> str:
    if pick.purpose is Purpose.REVIEW:
        return decision.lights[pick.index].reason
    return {
        Purpose.AUDIT: "random check of the teacher",
        Purpose.CONTROL: "random frame: what would chance have brought?",
        Purpose.GOLDEN: "test frame: draw every object",
        Purpose.SEED: "first frames: draw every object",
        Purpose.WISH: f"asked for: {wish}",
    }[pick.purpose]


def questions(night: OpenRound) -> list[Question]:
    """The queue with the boxes to show."""
    frames = {f.id: f for f in night.frames}
    return [rows.question_from_row(row, frames[row["frame_id"]]) for row in night.read("queue")]
