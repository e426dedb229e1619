"""Replay labelled data: what would each strategy have cost, before anybody spends?"""

from pathlib import Path
from typing import Annotated

import typer

from nightshift.domain.errors import ConfigError


def command(
    data: Annotated[list[Path] | None, typer.Argument(help="Labelled folders: COCO, YOLO or VOC.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for what is resumed from; the table lies beside it.")] = Path(
        ".bench/backtest"
    ),
    strategies: Annotated[str, typer.Option(help="Comma-separated; all of the table when left out.")] = "",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each.")] = 3,
    quick: Annotated[bool, typer.Option(help="A small version: minutes instead of hours.")] = False,  # noqa: FBT002
    steps: Annotated[int, typer.Option(help="Of the first training; 0 for the default.")] = 0,
    clip_pattern: Annotated[str, typer.Option(help="Regular expression on a path with a group 'clip'.")] = "",
    teacher: Annotated[str, typer.Option(help="simulated, none, or a nightshift.yaml.")] = "simulated",
) -> None:
    """Writes OUT.html and OUT.json: mAP against dollars, dollars to 90%, and whether the guarantee held.

    Without data it replays a few dozen pictures of the procedural line.
    """
    from flows.backtest import backtest  # noqa: PLC0415 - heavy: imported when the command runs
    from infra.cli._backtest import request, show, the_line  # noqa: PLC0415

    folders = [each.resolve() for each in data or [the_line(out.parent / "line")]]
    missing = [each for each in folders if not each.is_dir()]
    if missing:
        raise ConfigError(str(missing[0]), "it is no folder", "Give folders with labelled pictures.")
    show(backtest(request(folders, out.resolve(), strategies, seeds, steps, teacher, clip_pattern, quick=quick)))
