"""Gather what the round's page shows from the store."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from nightshift.domain.frames import Split
from nightshift.domain.review import Question
from nightshift.domain.rounds import Sealed
from nightshift.evaluation.confusion import Confusion, confusion_matrix, most_confused
from nightshift.report.evidence import AgreementRow
from nightshift.report.thumbnail import thumbnail
from nightshift.report.view import Card, ReportView, RoundRow
from nightshift.round import OpenRound
from nightshift.services.store import rows
from tasks.choose import questions
from tasks.data_map import data_map, look, spots
from tasks.ingest import agreement
from tasks.retrospect import advice, control, curve_view, price_view, stoplight_view

CARDS = 24  # a page with more pictures is not looked at
ADVICE = 4  # sentences on prompts; all figures are in the round's receipt
SIMULATED = "simulated"


def report_view(night: OpenRound, sealed: Sealed) -> ReportView:
    """The page's content."""
    asked = questions(night)
    history = [*night.past(), sealed]
    seen = look(night)
    return ReportView(
        project=night.config.project,
        number=night.number,
        kind=sealed.kind,
        sealed_at=sealed.sealed_at,
        history=tuple(RoundRow(each.number, each.metrics) for each in history),
        classes=tuple((each.name, each.color) for each in night.config.classes.classes),
        per_class=sealed.per_class,
        verdict=night.summary("evaluate").get("verdict", ""),
        scores=tuple(score for row in seen.scores.values() for score in row["scores"]),
        thresholds={"noise": night.config.triage.trust_above},
        cards=_cards(night, asked[:CARDS]),
        queue_length=len(asked),
        changes=_changes(night),
        confused=tuple(_confused(night)),
        stages=sealed.stages,
        quarantine=_quarantine(night),
        links={"Label Studio": night.summary("push")["queue_url"]} | _tracked(night),
        notes=(*night.summary("register").get("notes", ()), *_prompts(night)),
        simulated=any(SIMULATED in row["annotator"] for row in night.history("corrections")),
        stoplight=stoplight_view(night),
        prices=price_view(night),
        curve=curve_view(night),
        control=control(night),
        recommendation=advice(night),
        agreement=tuple(_agreement(night)),
        data_map=data_map(night, seen),
        spots=spots(night, seen),
    )


def _agreement(night: OpenRound) -> Iterator[AgreementRow]:
    names = night.config.classes.names
    for each in agreement(night).reviewers:
        tallies = {"all classes": each.total} | {names[label]: tally for label, tally in sorted(each.classes.items())}
        for name, tally in tallies.items():
            yield AgreementRow(
                each.annotator,
                name,
                each.frames,
                tally.drawn,
                tally.precision.value,
                tally.recall.value,
                tally.mean_iou,
            )


def _prompts(night: OpenRound) -> list[str]:
    """The most pressing advice on prompts: classes that none of theirs finds come first."""
    advice: list[str] = night.summary("calibrate")["prompts"]["advice"]
    return sorted(advice, key=lambda said: (" together " not in said, "found none" not in said))[:ADVICE]


def _cards(night: OpenRound, asked: list[Question]) -> tuple[Card, ...]:
    night.project.fetch([each.frame for each in asked])
    return tuple(_card(night, each) for each in asked)


def _card(night: OpenRound, asked: Question) -> Card:
    frame = asked.frame
    return Card(
        position=asked.position + 1,
        name=frame.name,
        thumbnail=thumbnail(night.project.image(frame)),
        size=(frame.width, frame.height),
        shown=asked.shown,
        purpose=str(asked.purpose),
        reason=asked.reason,
        value=asked.value,
        usd=asked.usd,
    )


def _changes(night: OpenRound) -> dict[str, dict[str, int]]:
    """Class → change → boxes, of this round's answers; a relabelled box counts for the class it was given."""
    names, counts = night.config.classes.names, defaultdict[str, Counter[str]](Counter)
    for row in night.read("corrections"):
        label = row["class_after"] if row["class_after"] >= 0 else row["class_before"]
        if label >= 0:
            counts[names[label]][row["change"]] += 1
    return {name: dict(counts[name]) for name in names if name in counts}


def _confused(night: OpenRound) -> list[Confusion]:
    labels, names = night.labels(), night.config.classes.names
    found = {row["frame_id"]: rows.detections_from_row(row) for row in night.read("detections", "golden.parquet")}
    golden = [f.id for f in night.frames if f.split is Split.GOLDEN and f.id in labels and f.id in found]
    matrix = confusion_matrix([labels[f] for f in golden], [found[f] for f in golden], len(names))
    return most_confused(matrix, names)


def _quarantine(night: OpenRound) -> tuple[tuple[str, str, str], ...]:
    parts = [night.read("quarantine", f"quarantine/{stage}.parquet") for stage in ("ingest", "register", "choose")]
    return tuple((row["stage"], row["subject"], row["reason"]) for part in parts for row in part)


def _tracked(night: OpenRound) -> dict[str, str]:
    url = night.project.tracking.experiment_url(night.config.project)
    return {"MLflow": url} if url else {}
