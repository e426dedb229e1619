"""Start the local stack: S3, Label Studio, MLflow, Prefect and a worker."""

from pathlib import Path
from typing import Annotated

import typer

from infra.local.environment import STACK_FOLDER


def command(
    folder: Annotated[
        Path, typer.Option(envvar="NIGHTSHIFT_STACK", help="Where the stack keeps its data.")
    ] = STACK_FOLDER,
    bucket: Annotated[str, typer.Option(help="The bucket to make.")] = "nightshift",
    patience: Annotated[float, typer.Option(help="Seconds that the servers may take to start.")] = 300,
) -> None:
    """Start every server that does not run yet, on 127.0.0.1 only, and wait until all of them serve.

    The first start takes about a minute (Label Studio prepares its database), later ones some seconds. Commands
    run from the same folder find the servers by themselves.
    """
    from rich.console import Console  # noqa: PLC0415 - drawing is not needed for --help

    from infra.local.display import StackProgress, addresses  # noqa: PLC0415
    from infra.local.stack import Stack  # noqa: PLC0415

    console = Console()
    with StackProgress(console) as shown:
        where = Stack(folder).up(shown.told, bucket=bucket, patience=patience)
    console.print(addresses(where, folder), soft_wrap=True)
