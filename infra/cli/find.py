"""Find frames by words, or by a frame they look like; and ask people about them next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nightshift.project import Project
    from nightshift.search.find import Found, Gallery


def command(
    text: Annotated[str, typer.Argument(help="What the frames should show, such as 'glare on metal'.")] = "",
    like: Annotated[str, typer.Option(help="Instead: the name or the id of a frame.")] = "",
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many frames.")] = 24,
    queue: Annotated[bool, typer.Option("--queue", help="Let people be asked about them in the next round.")] = False,  # noqa: FBT002
    html: Annotated[Path | None, typer.Option(help="Write a page with the pictures.")] = None,
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
) -> None:
    """Looks at the last sealed round. Words need an embedding that knows them: `embedding: {name: clip}`.

    With --queue the frames that nobody was asked about yet are put on a list of wishes. The next night asks them first,
    as far as its budget reaches, and the nights after that the rest. Doing it twice changes nothing.
    """
    from nightshift.project import Project  # noqa: PLC0415 - heavy: imported when the command runs
    from nightshift.search.find import by_frame, by_text, open_gallery, wish_for  # noqa: PLC0415

    _check(text, like)
    project = Project.load(config)
    gallery = open_gallery(project)
    found = by_frame(gallery, like, top) if like else by_text(project, gallery, text, top)
    asked = f"frames like {like}" if like else text
    queued, fresh = wish_for(project, asked, found) if queue else (0, False)
    if html is not None:
        _write(html, project, gallery, asked, found, queued)
    if as_json:
        _print_json(asked, gallery, found, queued)
    else:
        _show(asked, gallery, found, queue=queue, queued=queued, fresh=fresh)


def _check(text: str, like: str) -> None:
    from nightshift.domain.errors import ConfigError  # noqa: PLC0415

    if bool(text.strip()) == bool(like):
        remedy = 'As in `nightshift find "glare on metal"`, or `nightshift find --like FRAME`.'
        raise ConfigError("nightshift find", "it takes either words or --like", remedy)


def _write(html: Path, project: Project, gallery: Gallery, asked: str, found: Sequence[Found], queued: int) -> None:
    from nightshift.domain.errors import ConfigError  # noqa: PLC0415
    from nightshift.report.contact import ContactCard, ContactSheet, render_contact  # noqa: PLC0415
    from nightshift.report.thumbnail import thumbnail  # noqa: PLC0415

    project.fetch([each.frame for each in found])
    cards = [
        ContactCard(f.name, thumbnail(project.image(f)), (f.width, f.height), each.similarity, each.state)
        for each in found
        for f in (each.frame,)
    ]
    page = ContactSheet(project.config.project, asked, gallery.round, len(gallery.vectors), cards, queued)
    try:
        html.write_text(render_contact(page), encoding="utf-8")
    except OSError as error:
        raise ConfigError(str(html), f"it cannot be written ({error.strerror})", "Name another file.") from error


def _show(asked: str, gallery: Gallery, found: Sequence[Found], *, queue: bool, queued: int, fresh: bool) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(title=Text(f"{asked}, among {len(gallery.vectors)} frames of round {gallery.round}"),
                  title_justify="left", box=None, pad_edge=False)  # fmt: skip
    table.add_column("similarity", justify="right")
    table.add_column("state")
    table.add_column("frame", overflow="fold")
    for each in found:
        table.add_row(f"{each.similarity:.3f}", each.state, Text(each.frame.name))
    console = Console()
    console.print(table)
    if queue:
        console.print(_told(queued, len(found), fresh=fresh), soft_wrap=True, highlight=False)
    elif any(each.free for each in found):
        console.print("Add --queue to have people asked about them.", soft_wrap=True, highlight=False)


def _told(queued: int, found: int, *, fresh: bool) -> str:
    if not queued:
        return "Nothing to ask: each of them is labelled, asked already, or a test frame."
    if not fresh:
        return "That was wished before; those of them that were not asked yet still wait."
    rest = f" The other {found - queued} are labelled, asked already, or test frames." if queued < found else ""
    return f"{queued} will be asked first in the next round, as far as its budget reaches.{rest}"


def _print_json(asked: str, gallery: Gallery, found: Sequence[Found], queued: int) -> None:
    import json  # noqa: PLC0415

    said: dict[str, Any] = {
        "asked": asked,
        "round": gallery.round,
        "queued": queued,
        "found": [
            {"id": e.frame.id, "name": e.frame.name, "similarity": round(e.similarity, 4), "state": e.state}
            for e in found
        ],
    }
    typer.echo(json.dumps(said, indent=2))
