"""Stop the local stack; its data stays."""

from pathlib import Path
from typing import Annotated

import typer

from infra.local.environment import STACK_FOLDER


def command(
    folder: Annotated[
        Path, typer.Option(envvar="NIGHTSHIFT_STACK", help="Where the stack keeps its data.")
    ] = STACK_FOLDER,
) -> None:
    """Stop every server of the local stack and all that they started. Data, logs and secrets stay."""
    from infra.local.stack import Stack  # noqa: PLC0415 - psutil is not needed for --help

    Stack(folder).down()
    print("Nothing of the local stack is running.")
