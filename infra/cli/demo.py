"""Run the whole loop on this machine: three nights, with simulated people in between."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    data: Annotated[Path | None, typer.Option(help="A folder with coco.json; the factory line when left out.")] = None,
    home: Annotated[Path, typer.Option(help="Where everything of the demo lies.")] = Path(".demo"),
) -> None:
    """Starts the servers, shows three rounds, leaves .demo/report.html and .demo/summary.json, and stays up.

    NIGHTSHIFT_DEMO_KEEP=0 stops everything at the end.
    """
    from rich.console import Console  # noqa: PLC0415 - heavy: imported when the command runs

    from infra.demo.show import run  # noqa: PLC0415

    run(home, data, Console())
