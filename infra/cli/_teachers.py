"""What the teachers command asks, and how it shows what came of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from nightshift.config_file import read_config
from nightshift.config_teacher import placed
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError
from nightshift.domain.ledger import Ledger
from nightshift.domain.models import Progress, TeacherSpec
from nightshift.domain.ontology import Ontology
from nightshift.domain.rounds import RoundKeys
from nightshift.evaluation.fusion import FusionVerdict, Rating, fusion_is_better, rate
from nightshift.evaluation.reliability import measured, reliability
from nightshift.frames.clips import ClipRules
from nightshift.frames.datasets import read_dataset
from nightshift.project import Project
from nightshift.services.addresses import check_server
from nightshift.services.store.state import read_head
from nightshift.simulation.teacher_trial import FUSED, SECOND, Trial, try_teachers


@dataclass(frozen=True, slots=True)
class Question:
    """What is tried, on what."""

    spec: TeacherSpec
    ontology: Ontology
    folder: Path
    frames: tuple[str, ...]
    truth: tuple[Detections, ...]
    clips: tuple[str, ...]
    seed: int
    trust_above: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it.

    Args:
        question: what was asked.
        trial: what was found.
        ratings: of each single teacher and each combination.
        verdicts: about the fusion and the second opinion, by their names.
        trust: where from → (members, classes) weights.
    """

    question: Question
    trial: Trial
    ratings: tuple[Rating, ...]
    verdicts: dict[str, FusionVerdict]
    trust: dict[str, NDArray[np.float64]]


def question(folder: Path, config_file: Path, most: int) -> Question:
    """The frames to try on, in the ontology's classes.

    Raises:
        ConfigError: the folder holds no labels, or none of a class of the ontology.
    """
    config = read_config(config_file)
    spec = placed(config.teacher_spec, config_file.resolve())
    for each in (spec, *spec.members):
        if each.url:
            check_server("teacher.url", each.url)
    dataset = read_dataset(folder).indexed(config.classes.names)
    if not any(len(each) for each in dataset.samples.values()):
        raise ConfigError(str(folder), "no label in it is of a class of the ontology", "Name the classes as it does.")
    names = sorted(dataset.samples)
    drawn = np.random.default_rng(config.seed).permutation(len(names))[:most]
    chosen = tuple(names[i] for i in sorted(drawn.tolist()))
    clip = ClipRules.of(config).clip
    return Question(
        spec=spec,
        ontology=config.classes,
        folder=folder,
        frames=chosen,
        truth=tuple(dataset.samples[each] for each in chosen),
        clips=tuple(map(clip, chosen)),
        seed=config.seed,
        trust_above=config.triage.trust_above,
    )


def judged(asked: Question, progress: Progress) -> Answer:
    """Try, rate, compare."""
    trial = try_teachers(asked.spec, asked.ontology, asked.folder, asked.frames, progress)
    verdicts = {}
    if FUSED in trial.combined:
        verdicts[FUSED] = _verdict(asked, "the fusion", trial.combined[FUSED], trial.singles)
    if SECOND in trial.combined:
        rivals = {**trial.singles, **{name: found for name, found in trial.combined.items() if name == FUSED}}
        verdicts[SECOND] = _verdict(asked, "the second opinion", trial.combined[SECOND], rivals)
    everyone = {**trial.singles, **trial.combined}
    ratings = tuple(
        rate(name, asked.truth, found, asked.clips, asked.ontology.names, np.random.default_rng(asked.seed))
        for name, found in everyone.items()
    )
    several = len(trial.singles) > 1
    if not several:
        return Answer(asked, trial, ratings, verdicts, {})
    shown = measured(asked.truth, trial.singles, len(asked.ontology), asked.trust_above)  # as people would see them
    return Answer(asked, trial, ratings, verdicts, {"these frames": shown})


def with_ledger(answer: Answer, config_file: Path) -> Answer:
    """The same, with the trust that people's corrections give each single teacher.

    Raises:
        ConfigError: no round was sealed, or it has no ledger.
    """
    project = Project.load(config_file)
    head = read_head(project.store)
    receipt = project.past.receipt(RoundKeys(head), "calibrate") if head is not None else None
    if receipt is None:
        raise ConfigError(str(config_file), "its project has no ledger yet", "Leave --ledger out.")
    told = Ledger.from_dict(receipt.summary["ledger"])
    weights = reliability(told, answer.trial.versions, len(answer.question.ontology))
    return replace(answer, trust={**answer.trust, "the ledger": weights})


def _verdict(asked: Question, what: str, found: Sequence[Detections], rivals: Any) -> FusionVerdict:
    rng = np.random.default_rng(asked.seed)
    return fusion_is_better(asked.truth, found, rivals, asked.clips, asked.ontology.names, rng, what=what)


def show(answer: Answer) -> None:
    """Print the table, and what follows from it."""
    console = Console()
    console.print(_table(answer))
    for verdict in answer.verdicts.values():
        console.print(verdict.reason, soft_wrap=True, highlight=False)
    if not answer.verdicts:
        console.print("Nothing is fused here: docs/ensembles.md says how to name several teachers.", style="dim")
    for source, weights in answer.trust.items():
        console.print(f"\nTrust that {source} would give each member (teacher.members[].trust):", highlight=False)
        for name, row in zip(answer.trial.singles, weights, strict=True):
            console.print(f"  {name}: {{{_trust(answer, row)}}}", markup=False, soft_wrap=True, highlight=False)


def print_json(answer: Answer) -> None:
    """The same, for programs."""
    said = {
        "frames": len(answer.question.frames),
        "teachers": [asdict(each) | {"seconds": answer.trial.seconds[each.name]} for each in answer.ratings],
        "verdicts": {
            name: {"use": each.use, "best": each.best, "gain": asdict(each.gain), "reason": each.reason}
            for name, each in answer.verdicts.items()
        },
        "trust": {source: weights.round(3).tolist() for source, weights in answer.trust.items()},
    }
    typer.echo(json.dumps(said, indent=2))


def _table(answer: Answer) -> Table:
    shown = Table(title=f"Teachers on {len(answer.question.frames)} frames")
    for title in ("teacher", "mAP50", "in 95% of the draws", "s a frame"):
        shown.add_column(title, justify="left" if title == "teacher" else "right")
    for each in answer.ratings:
        between = f"{each.low:.3f} to {each.high:.3f}"
        shown.add_row(each.name, f"{each.map50:.3f}", between, f"{answer.trial.seconds[each.name]:.3f}")
    return shown


def _trust(answer: Answer, row: NDArray[np.float64]) -> str:
    names = answer.question.ontology.names
    return ", ".join(f"{name}: {weight:.2f}" for name, weight in zip(names, row, strict=True))
