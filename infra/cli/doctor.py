"""Check every server, permission and model that the project needs, and say how to mend what is amiss."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from nightshift.config import Config
    from nightshift.services.health.findings import Finding

MARKS = {"ok": "[green]ok[/]", "warning": "[yellow]mind[/]", "failed": "[red]failed[/]"}


def command(
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
) -> None:
    """Ask every server for what a round will ask of it. Ends with code 1 if anything failed; leaves nothing behind."""
    from rich.console import Console  # noqa: PLC0415 - neither boto3 nor drawing is needed for --help

    from nightshift.config_file import read_config  # noqa: PLC0415

    console, found = Console(), []
    wanted = read_config(config)
    with console.status("Asking ...") as status:
        for finding in findings(wanted, config.absolute().parent):
            status.update(f"{finding.subject}: {finding.detail}")
            found.append(finding)
    console.print(table(found))
    raise typer.Exit(int(any(each.verdict == "failed" for each in found)))


def findings(config: Config, home: Path) -> Iterator[Finding]:
    """Every check, in the order in which a round needs them.

    Args:
        config: what the project wants.
        home: its folder.
    """
    from infra.local.readiness import WORK_POOL  # noqa: PLC0415
    from nightshift.services.health.bucket import bucket_findings  # noqa: PLC0415
    from nightshift.services.health.servers import (  # noqa: PLC0415
        label_studio_findings,
        mlflow_findings,
        prefect_findings,
    )
    from nightshift.services.store.s3 import Store  # noqa: PLC0415

    have = os.environ.get
    yield from bucket_findings(Store.connect(config.store.uri), have("LABEL_STUDIO_URL"))
    yield from label_studio_findings(have("LABEL_STUDIO_URL"), have("LABEL_STUDIO_API_KEY"))
    yield from mlflow_findings(have("MLFLOW_TRACKING_URI"))
    yield from prefect_findings(have("PREFECT_API_URL"), WORK_POOL)
    yield from _models(config, home)


def _models(config: Config, home: Path) -> Iterator[Finding]:
    from nightshift.services.health.findings import check  # noqa: PLC0415
    from nightshift.services.health.models import checkpoint_finding, student_finding  # noqa: PLC0415
    from nightshift.students import student_cards  # noqa: PLC0415
    from nightshift.yolo.published import weights_folder  # noqa: PLC0415

    for subject, checkpoint in _checkpoints(config):
        yield check(subject, partial(checkpoint_finding, subject, checkpoint, home))
    cards = (each for each in student_cards() if each.family == config.student.name)
    card = next((each for each in cards if each.name == config.student.model), None)
    if card:
        yield check("Student: weights", lambda: student_finding(card.name, card.weights, weights_folder()))


def _checkpoints(config: Config) -> Iterator[tuple[str, str]]:
    """What is read from a folder or from the hub: (what for, which)."""
    from nightshift.teachers import teacher_cards  # noqa: PLC0415

    hub = {each.family for each in teacher_cards() if "/" in each.weights}
    for teacher in (config.teacher, *config.teacher.members):
        if teacher.name in hub and not teacher.checkpoint.endswith(".pt"):
            yield (
                ("Teacher: weights" if teacher is config.teacher else f"Member {teacher.name}: weights"),
                teacher.checkpoint,
            )
    if config.teacher.second_opinion:
        yield "Second opinion: weights", config.teacher.second_opinion
    if config.embedding.name != "student":
        yield "Embedding: weights", config.embedding.checkpoint
    if config.task == "segment" and config.masks.name == "sam":
        yield "Masks: weights", config.masks.checkpoint


def table(found: list[Finding]) -> Table:
    """The findings as people read them: what failed says how to mend it."""
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    drawn = Table("Check", "", "What was seen, and how to mend it", box=None, pad_edge=False)
    for each in found:
        remedy = f"\n[bold]{escape(each.remedy)}[/]" if each.remedy and each.verdict != "ok" else ""
        drawn.add_row(each.subject, MARKS[each.verdict], escape(each.detail) + remedy)
    return drawn
