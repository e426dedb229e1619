"""Write a sealed round's labels as a data set: COCO, YOLO, Pascal VOC, CVAT, FiftyOne or Label Studio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nightshift.domain.models import Progress
    from nightshift.frames.labelled import Labelled
    from nightshift.labelled_round import Chosen
    from nightshift.project import Project


def command(
    number: Annotated[int, typer.Option("--round", min=0, help="A sealed round.")],
    form: Annotated[str, typer.Option("--format", help="coco, cvat, fiftyone, label-studio, voc or yolo.")],
    out: Annotated[Path | None, typer.Option(help="A new or empty folder; ./round-NNNN-FORMAT when left out.")] = None,
    what: Annotated[
        str, typer.Option(help="labels (people's), trusted (and accepted auto-labels), or all.")
    ] = "labels",
    reviewers: Annotated[str, typer.Option(help="omit, pseudonyms, or names (mostly e-mail addresses).")] = "omit",
    pictures: Annotated[bool, typer.Option("--pictures", help="Copy the pictures beside the labels.")] = False,  # noqa: FBT002
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
) -> None:
    """Frames that nobody has labelled are left out; those with nothing in them are there, empty.

    The folder appears when it is whole. docs/formats.md says what each format keeps, and how each is read back.
    """
    from infra.cli._bars import bar  # noqa: PLC0415 - heavy: imported when the command runs
    from nightshift.frames.formats import open_form  # noqa: PLC0415
    from nightshift.frames.writing import check_folder, write_dataset  # noqa: PLC0415
    from nightshift.labelled_round import Reviewers, What, choose_labels, sealed_round  # noqa: PLC0415
    from nightshift.project import Project  # noqa: PLC0415

    lost = open_form(form).LOST
    wanted, called = _one_of(What, what, "--what"), _one_of(Reviewers, reviewers, "--reviewers")
    folder = out or Path(f"round-{number:04d}-{form}")
    check_folder(folder)
    project = Project.load(config)
    chosen = choose_labels(sealed_round(project, number), wanted, called)
    with bar("copying pictures") as progress:
        copy = _fetched(project, chosen, progress) if pictures else None
        write_dataset(chosen.labels, form, folder, copy, progress)
    said = summary(chosen) | {"round": number, "format": form, "folder": str(folder), "not_kept": list(lost)}
    _print_json(said) if as_json else _show(said)


def summary(chosen: Chosen) -> dict[str, Any]:
    """How many frames and boxes, by class and by who says so."""
    from collections import Counter  # noqa: PLC0415

    frames, names = chosen.labels.frames, chosen.labels.names
    kinds = Counter(names[kind] for each in frames for kind in each.labels.classes.tolist())
    return {
        "frames": len(frames),
        "empty": sum(not len(each.labels) for each in frames),
        "frames_by_source": dict(Counter(str(each.origin.source) for each in frames)),
        "boxes": sum(kinds.values()),
        "boxes_by_class": {name: kinds[name] for name in names},
        "boxes_by_source": dict(Counter(str(origin.source) for each in frames for origin in each.origins)),
        "left_out": chosen.left_out,
    }


def _one_of(kind: Any, given: str, option: str) -> Any:
    from nightshift.domain.errors import UnknownName  # noqa: PLC0415

    if given not in list(kind):
        raise UnknownName(f"{option} {given}", "unknown", f"Known: {', '.join(kind)}.")
    return kind(given)


def _fetched(project: Project, chosen: Chosen, progress: Progress) -> Callable[[Labelled], Path]:
    """Where the files of frames lie on this machine, once they are here."""
    project.fetch(chosen.frames, progress)
    frames = {each.id: each for each in chosen.frames}
    return lambda each: project.frame_file(frames[each.facts.id])


def _show(said: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table, console = Table(box=None, pad_edge=False, show_header=False), Console()
    for name, text in _lines(said):
        table.add_row(Text(name, "dim"), Text(text))
    console.print(table)
    console.print(f"Written to {said['folder']}.", soft_wrap=True, highlight=False, markup=False)


def _lines(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    empty = f", {said['empty']} of them with nothing in them" if said["empty"] else ""
    yield "frames", f"{said['frames']}{empty}"
    yield "labelled by", _counts(said["frames_by_source"])
    yield "boxes", str(said["boxes"])
    yield "of class", _counts(said["boxes_by_class"])
    yield "said by", _counts(said["boxes_by_source"])
    if said["left_out"]:
        yield "left out", f"{said['left_out']} boxes on these frames that were not sure enough"
    for each in said["not_kept"]:
        yield "not kept", each


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counted.items()) or "nobody"


def _print_json(said: dict[str, Any]) -> None:
    import json  # noqa: PLC0415

    typer.echo(json.dumps(said, indent=2, sort_keys=True))
