"""Hold students against each other on labelled pictures, and promote by the nightly gate."""

from pathlib import Path
from typing import Annotated

import typer


def command(
    data: Annotated[Path, typer.Argument(help="A labelled folder: COCO, YOLO or VOC.")],
    students: Annotated[list[str], typer.Option(help="family/model, once each; the first is the incumbent.")],
    others: Annotated[list[str] | None, typer.Argument(help="More students, after the first --students.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Of each training.")] = 600,
    image_size: Annotated[int, typer.Option(min=0, help="Pixels; 0 goes by the size of the objects.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Pictures a step.")] = 8,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda.")] = "auto",
    clip_pattern: Annotated[str, typer.Option(help="Regular expression on a path with a group 'clip'.")] = "",
    out: Annotated[Path, typer.Option(help="Folder for trainings; the figures lie beside it.")] = Path(
        ".bench/compare"
    ),
) -> None:
    """Trains each on the same pictures and tests it on the same held-out ones; logs to MLflow and prints a table.

    Example: nightshift compare my-data --students ultralytics/yolo11n d_fine/dfine-nano
    """
    from flows.compare import compare  # noqa: PLC0415 - heavy: imported when the command runs
    from infra.cli._compare import request, show  # noqa: PLC0415

    asked = request(data, [*students, *(others or ())])
    how = {"steps": steps, "side": image_size, "batch": batch, "seeds": seeds, "device": device}
    show(compare(asked.model_copy(update={**how, "clip_pattern": clip_pattern, "out": out.resolve()})))
