"""Write a round's champion as an ONNX file that finds what the champion finds."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    onnx: Annotated[Path, typer.Option(help="The file to write; it is replaced only by one that agrees.")],
    number: Annotated[int | None, typer.Option("--round", help="Of which round; the newest when left out.")] = None,
    frames: Annotated[int, typer.Option(min=1, help="Frames of the project to compare on.")] = 8,
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
) -> None:
    """The file is run by onnxruntime on real frames beside the original; one that differs is not kept.

    Its metadata says how a picture gets into the network's square, the class names, and whether boxes of one object
    are still to be suppressed. Needs the extra `export`.
    """
    from rich.console import Console  # noqa: PLC0415 - heavy: imported when the command runs

    from nightshift.project import Project  # noqa: PLC0415
    from nightshift.upkeep.weights import export_champion  # noqa: PLC0415

    console = Console()
    with console.status("Writing and comparing ..."):
        champion, agreement = export_champion(Project.load(config), number, onnx, frames)
    said = (
        f"{onnx}: the champion of round {champion.round}. On {agreement.pictures} frames, {agreement.boxes} boxes were "
        f"compared: they differ by at most {agreement.pixels:.2g} pixels and {agreement.score:.2g} in score."
    )
    console.print(said, soft_wrap=True, highlight=False, markup=False)
