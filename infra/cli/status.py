"""Tell where the project stands: the last round, the one that is open, what waits, and what to do next."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.domain.errors import NightshiftError, ReviewError

if TYPE_CHECKING:
    from nightshift.project import Project
    from nightshift.upkeep.inbox import Inbox
    from nightshift.upkeep.lineage import Lineage

PATIENCE = 10.0  # seconds for an answer of Label Studio
ATTEMPTS = 2  # of each request to S3


def command(
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
) -> None:
    """Reads only, and always ends with code 0: a server that is away is told in one line."""
    from datetime import UTC, datetime  # noqa: PLC0415 - heavy: imported when the command runs

    from rich.console import Console  # noqa: PLC0415

    from infra.cli._standing import next_step, show  # noqa: PLC0415
    from nightshift.project import Project  # noqa: PLC0415
    from nightshift.services.store.client import open_client  # noqa: PLC0415
    from nightshift.upkeep.standing import read_standing  # noqa: PLC0415

    project = Project.load(config)
    try:
        project.store.client = open_client(attempts=ATTEMPTS)  # somebody waits before a screen
        standing = read_standing(project.store, datetime.now(UTC))
    except NightshiftError as error:
        _away(error, as_json=as_json)
        return
    inbox = _inbox(project, standing.rounds)
    if as_json:
        said = {"questions": inbox if isinstance(inbox, str) else vars_of(inbox), "next": next_step(standing, inbox)}
        _print_json(standing.as_dict() | said)
    else:
        show(Console(), f"{project.config.project}  {project.config.store.uri}", standing, inbox)


def vars_of(inbox: Inbox) -> dict[str, Any]:
    """The inbox for `--json`."""
    return {"open": inbox.open, "answers": inbox.answers, "url": inbox.url}


def _inbox(project: Project, rounds: Lineage) -> Inbox | str:
    """What waits in Label Studio, or one line on why that is not known."""
    from nightshift.services.label_studio.api import Api  # noqa: PLC0415
    from nightshift.services.label_studio.desk import ReviewDesk  # noqa: PLC0415
    from nightshift.upkeep.inbox import read_inbox  # noqa: PLC0415
    from nightshift.upkeep.lineage import newest  # noqa: PLC0415

    try:
        night = newest(project, rounds)
        if night is None:
            return "none asked yet"
        return read_inbox(ReviewDesk(Api(*_label_studio(), timeout=PATIENCE)), night)
    except NightshiftError as error:
        return f"{error.subject}: {error.reason}. {error.remedy}"


def _label_studio() -> tuple[str, str]:
    url, token = os.environ.get("LABEL_STUDIO_URL"), os.environ.get("LABEL_STUDIO_API_KEY")
    if not url or not token:
        remedy = "Set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY."
        raise ReviewError("Label Studio", "its address or its key is not set", remedy)
    return url, token


def _away(error: NightshiftError, *, as_json: bool) -> None:
    if as_json:
        _print_json({"away": str(error), "next": error.remedy})
    else:
        typer.echo(f"Nothing is known of the rounds. {error.subject}: {error.reason}.\nNext: {error.remedy}")


def _print_json(said: dict[str, Any]) -> None:
    import json  # noqa: PLC0415

    typer.echo(json.dumps(said, indent=2, default=str, sort_keys=True))
