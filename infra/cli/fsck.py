"""Verify every object of every round and every frame, and rebuild Label Studio or MLflow from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.domain.errors import UnknownName

if TYPE_CHECKING:
    from nightshift.services.store.lease import Lease
    from nightshift.upkeep.findings import Examined

VIEWS = ("label-studio", "mlflow")
SHOWN = 20  # unknown objects on the terminal; --json tells all


def command(
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
    quick: Annotated[bool, typer.Option(help="Only names and sizes: reads no frame and no weights.")] = False,  # noqa: FBT002
    rebuild: Annotated[str, typer.Option(help="label-studio, mlflow, or both with a comma: made again from S3.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
) -> None:
    """Ends with code 1 if anything is damaged or missing. Reads only, unless something is to be rebuilt.

    Rebuilding takes the lease, so that no round runs meanwhile; doing it twice changes nothing.
    """
    from rich.console import Console  # noqa: PLC0415 - heavy: imported when the command runs

    from infra.cli._bars import bar  # noqa: PLC0415
    from nightshift.project import Project  # noqa: PLC0415
    from nightshift.upkeep.verify import verify  # noqa: PLC0415

    views, project = _views(rebuild), Project.load(config)
    with bar("looking at every object") as progress:
        examined = verify(project.store, quick=quick, tables_too=bool(views), progress=progress)
    rebuilt = _rebuild(project, views, examined) if views else {}
    if as_json:
        _print_json(examined.as_dict() | {"rebuilt": rebuilt})
    else:
        _show(Console(), examined, rebuilt)
    raise typer.Exit(int(bool(examined.broken)))


def _views(rebuild: str) -> list[str]:
    views = [each.strip() for each in rebuild.split(",") if each.strip()]
    for each in views:
        if each not in VIEWS:
            raise UnknownName(f"--rebuild {each}", "there is no such view", f"Known: {', '.join(VIEWS)}.")
    return views


def _rebuild(project: Any, views: list[str], examined: Examined) -> dict[str, str]:
    """What became of each view; nothing is made of tables that are damaged."""
    if examined.unfounded:
        worst = examined.unfounded[0]
        return dict.fromkeys(views, f"not rebuilt: {worst.subject} is {worst.verdict}; mend that first")
    return _rebuild_under_lease(project, views)


def _rebuild_under_lease(project: Any, views: list[str]) -> dict[str, str]:
    from nightshift.services.store.lease import Lease  # noqa: PLC0415
    from nightshift.services.store.owner import is_gone, this_process  # noqa: PLC0415

    making = {"label-studio": _desk, "mlflow": _tracking}
    with Lease(project.store, owner=this_process(), gone=is_gone) as lease:
        return {each: making[each](project, lease) for each in VIEWS if each in views}


def _desk(project: Any, lease: Lease) -> str:
    from infra.cli._bars import bar  # noqa: PLC0415
    from nightshift.upkeep.desk import open_questions, rebuild_desk  # noqa: PLC0415
    from nightshift.upkeep.lineage import newest, read_lineage  # noqa: PLC0415

    night = newest(project, read_lineage(project.store), lease.token)
    if night is None:
        return "no round has asked anything yet"
    open_ = open_questions(night)
    lease.check()
    with bar("putting questions back") as progress:
        made = rebuild_desk(night, open_, progress)
    said = f"{made.created} questions put back, {made.present} were there, {open_.answered} answered ones stay in S3"
    partly = f"; wanting another opinion, and not put again: {open_.partly}" if open_.partly else ""
    dropped = f"; about frames that are gone or labelled since: {open_.dropped}" if open_.dropped else ""
    return said + partly + dropped


def _tracking(project: Any, lease: Lease) -> str:
    from infra.cli._bars import bar  # noqa: PLC0415
    from nightshift.upkeep.lineage import read_lineage  # noqa: PLC0415
    from nightshift.upkeep.tracked import rebuild_tracking  # noqa: PLC0415
    from tasks.seal import track  # noqa: PLC0415

    with bar("logging rounds") as progress:
        logged = rebuild_tracking(project, read_lineage(project.store), track, lease.check, progress)
    return f"{logged} rounds logged"


def _show(console: Any, examined: Examined, rebuilt: dict[str, str]) -> None:
    from infra.cli._bars import amount  # noqa: PLC0415

    for each in (*examined.broken, *examined.unknown[:SHOWN]):
        colour = "dim" if each.verdict == "unknown" else "red"
        console.print(f"[{colour}]{each.verdict:>8}[/]  ", end="")
        console.print(f"{each.subject}: {each.reason}. {each.remedy}", soft_wrap=True, markup=False, highlight=False)
    if len(examined.unknown) > SHOWN:
        console.print(
            f"{'':>8}  and {len(examined.unknown) - SHOWN} more that nobody here needs; --json names them all"
        )
    for view, said in rebuilt.items():
        console.print(f"[cyan]{view}[/]: {said}", soft_wrap=True, highlight=False)
    looked = "names and sizes of " if examined.quick else ""
    read = "" if examined.quick else f", {amount(examined.size)} read"
    gone = f"; {examined.removed} removed by `nightshift gc`" if examined.removed else ""
    console.print(
        f"Looked at {looked}{examined.objects} objects of {examined.rounds} rounds and {examined.frames} frames"
        f"{read}{gone}.",
        soft_wrap=True,
        highlight=False,
    )
    broken = len(examined.broken)
    console.print(f"[red]{broken} damaged or missing.[/]" if broken else "[green]All of it is whole.[/]")


def _print_json(said: dict[str, Any]) -> None:
    import json  # noqa: PLC0415

    typer.echo(json.dumps(said, indent=2, sort_keys=True))
