"""Register and auto-label a large first batch, and ask for the golden set."""

from pathlib import Path
from typing import Annotated

import typer


def command(config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml")) -> None:
    """Run it once before the first night. It is a round without training, and can be continued like any other."""
    from flows.backfill import backfill  # noqa: PLC0415 - heavy: imported when the command runs
    from infra.cli._figures import show  # noqa: PLC0415

    show(backfill(config))
