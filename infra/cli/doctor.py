"""Check every server, permission and model that the project needs, and say how to mend what is amiss."""

from __future__ import annotations

import os
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
    from nightshift.services.health.models import student_finding, teacher_finding  # noqa: PLC0415
    from nightshift.students._architecture import weights_folder  # noqa: PLC0415

    if config.teacher.name == "transformers":
        yield check("Teacher: weights", lambda: teacher_finding(config.teacher.checkpoint, home))
    if config.student.name == "ultralytics":
        yield check("Student: weights", lambda: student_finding(config.student.model, weights_folder()))


def table(found: list[Finding]) -> Table:
    """The findings as people read them: what failed says how to mend it."""
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    drawn = Table("Check", "", "What was seen, and how to mend it", box=None, pad_edge=False)
    for each in found:
        remedy = f"\n[bold]{escape(each.remedy)}[/]" if each.remedy and each.verdict != "ok" else ""
        drawn.add_row(each.subject, MARKS[each.verdict], escape(each.detail) + remedy)
    return drawn
