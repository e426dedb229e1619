"""Hold the challenger against the champion on the golden set; promote it only if the paired bootstrap says so."""

from typing import Any

from prefect import task

from nightshift.domain.detections import Detections
from nightshift.domain.frames import Frame, Split
from nightshift.domain.models import Progress
from nightshift.domain.rounds import Receipt, Weights
from nightshift.evaluation.average_precision import Scores
from nightshift.evaluation.average_precision import evaluate as average_precision
from nightshift.evaluation.bootstrap import Gain, map50_sd, paired_gain
from nightshift.evaluation.gate import decide
from nightshift.round import OpenRound
from nightshift.services.store import rows
from tasks.stage import RoundRef, run_stage


@task(name="evaluate")
def evaluate(ref: RoundRef) -> Receipt:
    """Who is champion from here on, and how good."""
    return run_stage(ref, "evaluate", _body)


def _body(night: OpenRound, progress: Progress) -> dict[str, Any]:
    labels = night.labels()
    golden = [f for f in night.frames if f.split is Split.GOLDEN and f.id in labels]
    truth = [labels[f.id] for f in golden]
    ours = _found(night, challenger(night), golden, progress)
    theirs = _found(night, night.plan.champion, golden, progress)
    gain = _gain(night, golden, truth, ours, theirs)
    verdict = decide(gain, rival=night.plan.champion is not None, challenger=challenger(night) is not None)
    best = ours if verdict.promote else theirs
    _publish(night, golden, best)
    figures = _figures(_scores(night, golden, truth, best))
    by_teacher = _map50(_scores(night, golden, truth, _teacher(night, golden)))
    return {
        "golden_frames": len(golden),
        "promoted": verdict.promote,
        "verdict": verdict.reason,
        **figures,
        "map50_sd": _map50_sd(night, golden, truth, best),
        "map50_challenger": _map50(_scores(night, golden, truth, ours)),
        "map50_teacher": by_teacher,
        "teacher_better": (by_teacher or 0.0) > (figures["map50"] or 0.0),
    }


def challenger(night: OpenRound) -> Weights | None:
    """The student that this round has trained."""
    trained = night.summary("train")
    return Weights(night.number, trained["key"], trained["sha256"]) if trained.get("trained") else None


def champion(night: OpenRound) -> Weights | None:
    """The student in use after this round's verdict."""
    return challenger(night) if night.summary("evaluate").get("promoted") else night.plan.champion


def _found(
    night: OpenRound, weights: Weights | None, golden: list[Frame], progress: Progress
) -> list[Detections] | None:
    if weights is None or not golden:
        return None
    return night.project.detect(night.project.detector(weights), golden, progress)


def _teacher(night: OpenRound, golden: list[Frame]) -> list[Detections] | None:
    auto = night.autolabels()
    return [auto[f.id][1] for f in golden] if golden and all(f.id in auto for f in golden) else None


def _scores(
    night: OpenRound, golden: list[Frame], truth: list[Detections], found: list[Detections] | None
) -> Scores | None:
    if found is None:
        return None
    return average_precision(truth, found, night.config.classes.names, [(f.width, f.height) for f in golden])


def _gain(
    night: OpenRound,
    golden: list[Frame],
    truth: list[Detections],
    ours: list[Detections] | None,
    theirs: list[Detections] | None,
) -> Gain | None:
    if ours is None or theirs is None:
        return None
    clips = [f.clip for f in golden]
    return paired_gain(truth, ours, theirs, clips, night.config.classes.names, night.rng("evaluate"))


def _map50_sd(
    night: OpenRound, golden: list[Frame], truth: list[Detections], found: list[Detections] | None
) -> float | None:
    if found is None:
        return None
    clips = [f.clip for f in golden]
    return map50_sd(truth, found, clips, night.config.classes.names, night.rng("map50 error"))


def _publish(night: OpenRound, golden: list[Frame], best: list[Detections] | None) -> None:
    found = best or []
    named = [rows.detections_row(f.id, "champion", each) for f, each in zip(golden, found, strict=bool(found))]
    night.write("detections", named, "golden.parquet")


def _map50(scores: Scores | None) -> float | None:
    return scores.map50 if scores else None


def _figures(scores: Scores | None) -> dict[str, Any]:
    if scores is None:
        return {"map50_95": None, "map50": None, "per_class": {}}
    by_masks = {"map_by_masks": True} if scores.by_masks else {}  # beside boxes there is nothing to tell apart
    return {"map50_95": scores.map50_95, "map50": scores.map50, "per_class": dict(scores.per_class), **by_masks}
