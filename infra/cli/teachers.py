"""Try the configured teachers on labelled frames: is their fusion, or a second opinion, better than one alone?"""

from pathlib import Path
from typing import Annotated

import typer


def command(
    data: Annotated[Path, typer.Argument(help="A labelled folder: COCO, YOLO or VOC.")],
    config: Annotated[Path, typer.Option(help="The configuration whose teacher is tried.")] = Path("nightshift.yaml"),
    frames: Annotated[int, typer.Option(min=1, help="Most frames; drawn by the configuration's seed.")] = 200,
    ledger: Annotated[bool, typer.Option(help="Also tell what people's corrections say; reads the bucket.")] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
) -> None:
    """Prints mAP50 with what 95% of the draws lie between, seconds a frame, and whether to fuse. Changes nothing."""
    from infra.cli._bars import bar  # noqa: PLC0415 - heavy: imported when the command runs
    from infra.cli._teachers import judged, print_json, question, show, with_ledger  # noqa: PLC0415

    asked = question(data.resolve(), config, frames)
    with bar("looking at frames") as progress:
        answer = judged(asked, progress)
    if ledger:
        answer = with_ledger(answer, config)
    (print_json if as_json else show)(answer)
