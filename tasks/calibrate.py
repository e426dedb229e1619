"""Learn from people: which boxes may be accepted, what they change, how long it takes, which prompts help."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from prefect import task

from nightshift.domain.frames import Split, audit_rank
from nightshift.domain.ledger import Entry
from nightshift.domain.models import Progress
from nightshift.domain.review import Purpose
from nightshift.domain.rounds import Receipt
from nightshift.evaluation.carried import seconds_with_and_without
from nightshift.evaluation.ledger import entries_from_rows, tally
from nightshift.evaluation.prompts import prompt_advice, prompt_table
from nightshift.policy.knowledge import Knowledge, learn
from nightshift.round import OpenRound
from nightshift.services.store import rows
from nightshift.triage.calibration import calibrate as calibrate_thresholds
from nightshift.triage.evidence import Evidence, Population, evidence
from nightshift.triage.promise import Promise, Stoplight
from tasks.stage import RoundRef, run_stage

if TYPE_CHECKING:
    from nightshift.domain.detections import Detections

UNSEEN = frozenset({Purpose.AUDIT, Purpose.GOLDEN, Purpose.SEED})  # no boxes steered what people drew


@task(name="calibrate")
def calibrate(ref: RoundRef) -> Receipt:
    """The stoplight's thresholds, the ledger, and what it teaches."""
    return run_stage(ref, "calibrate", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    entries = ledger(night)
    promised = _stoplight(night)
    learned = learn(entries, night.config.price_list, len(night.config.classes), _objects(night))
    progress(1, 1)
    return {
        "answers": len(entries),
        "accepting": sum(each is not None for each in promised.thresholds.values()) if promised else 0,
        **_audited(promised),
        "stoplight": promised.as_dict() if promised else None,
        "teacher": _teacher(night),
        "knowledge": learned.as_dict(),
        "ledger": tally(entries).as_dict(),
        "prompts": _prompts(night),
        **_seconds(entries),
    }


def ledger(night: OpenRound) -> list[Entry]:
    """Everything people have answered, with what was known when they were asked."""
    asked = {(rows.asked_in(row), row["frame_id"]): rows.asked_from_row(row) for row in night.questions()}
    return entries_from_rows(night.history("corrections"), asked)


def _seconds(entries: Sequence[Entry]) -> dict[str, float]:
    """People's mean seconds a frame by what was drawn there beforehand, once carried labels are among it."""
    took = seconds_with_and_without(entries)
    known = {f"seconds_{name}": each.each for name, each in took.items() if each.frames}
    return known if took["carried"].frames else {}


def knowledge(night: OpenRound) -> Knowledge:
    """What this round has learned."""
    return Knowledge.from_dict(night.summary("calibrate")["knowledge"])


def _teacher(night: OpenRound) -> str:
    """The version of the teacher whose boxes are judged: the newest; empty before it has labelled anything."""
    teacher = night.project.teacher(night.plan.champion)
    return teacher.version if teacher else ""


def _stoplight(night: OpenRound) -> Stoplight | None:
    version, floor = _teacher(night), night.config.triage.trust_above
    auto = {f: found.above(floor) for f, (model, found) in night.autolabels().items() if model == version}
    pool = [f for f in night.frames if f.split is Split.POOL and f.id in auto and f.round < night.number]
    if not pool:
        return None
    labels, asked, triage = night.labels(), night.asked(), night.config.triage
    ranks = {f.id: audit_rank(f.id, night.config.seed) for f in pool}
    population = Population.of(
        [auto[f.id] for f in pool],
        [f.round for f in pool],
        [ranks[f.id] for f in pool],
        [f.id in asked or f.id in labels for f in pool],
    )
    answered = _answered_in(night)
    seen = [
        evidence(auto[f.id], labels[f.id], ranks[f.id], f.round, answered.get(f.id, f.round))
        for f in pool
        if f.id in labels
    ]
    promise = Promise(precision=triage.precision, delta=1 - triage.confidence, missed_delta=1 - triage.confidence)
    return calibrate_thresholds(
        Evidence.of(seen), population, promise, len(night.config.classes), night.number, _previous(night, promise)
    )


def _previous(night: OpenRound, promise: Promise) -> Stoplight | None:
    """The stoplight of the parent round, where it judged the same teacher by the same promise."""
    before = night.parent_summary("calibrate")
    if not before.get("stoplight") or before.get("teacher") != _teacher(night):
        return None
    known = Stoplight.from_dict(before["stoplight"])
    return known if known.promise == promise and known.classes == len(night.config.classes) else None


def _answered_in(night: OpenRound) -> dict[str, int]:
    """Frame → the round that took in its first answer."""
    found: dict[str, int] = {}
    for keys in [*night.ancestors, night.keys]:
        for row in night.read("corrections", keys=keys):
            found.setdefault(row["frame_id"], keys.number)
    return found


def _audited(lights: Stoplight | None) -> dict[str, Any]:
    verdicts = [v for v in lights.verdicts if v.era.until is None] if lights else []
    known = [v.precision for v in verdicts if v.precision is not None]
    return {
        "audited_frames": max((v.frames for v in verdicts), default=0),
        "audited_boxes": sum(v.boxes for v in verdicts),
        "audited_precision": min(known) if known else None,
        "audited_precision_lower": min((v.lower for v in verdicts), default=None),
        "audits_missing": max((v.missing_frames or 0 for v in verdicts), default=0),
        "missed_per_frame": lights.missed if lights else None,
        "bands_withdrawn": sum(v.withdrawn is not None for v in verdicts),
    }


def _objects(night: OpenRound) -> float:
    """Objects per frame, as far as known without answers: from the teacher."""
    found = [len(boxes.above(night.config.triage.trust_above)) for _, boxes in night.autolabels().values()]
    told = [n for n in found if n]
    return sum(told) / len(told) if told else 5.0


def _prompts(night: OpenRound) -> dict[str, Any]:
    labels, auto = night.labels(), night.autolabels()
    blind = {row["frame_id"] for row in night.questions() if row["purpose"] in UNSEEN}
    pairs: list[tuple[Detections, Detections]] = [
        (auto[f][1].above(night.config.triage.trust_above), labels[f])
        for f in sorted(blind)
        if f in labels and f in auto
    ]
    table = prompt_table(pairs, night.config.classes) if any((a.prompts >= 0).any() for a, _ in pairs) else []
    named = [
        {"prompt": r.prompt, "class": r.name, "found": r.found, "precision": r.precision, "recall": r.recall}
        for r in table
    ]
    return {"rows": named, "advice": prompt_advice(table)}
