"""Run tonight's round now, without waiting for the schedule."""

from pathlib import Path
from typing import Annotated

import typer


def command(config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml")) -> None:
    """Take in corrections, auto-label, train, score, fill the queue. A round that died goes on where it stopped."""
    from flows.nightly import nightly  # noqa: PLC0415 - heavy: imported when the command runs
    from infra.cli._figures import show  # noqa: PLC0415

    show(nightly(config))
