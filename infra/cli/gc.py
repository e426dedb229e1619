"""Remove what no later round reads: old scores and reports, students that never won, leftovers. Shows it first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nightshift.upkeep.removals import Removal

SHOWN = 30  # lines on the terminal; --json tells all


def command(
    config: Annotated[Path, typer.Option(help="The configuration.")] = Path("nightshift.yaml"),
    delete: Annotated[bool, typer.Option("--delete/--dry-run", help="Do it, instead of telling.")] = False,  # noqa: FBT002
    keep_rounds: Annotated[int, typer.Option(min=1, help="The newest rounds keep everything.")] = 14,
    keep_days: Annotated[float, typer.Option(min=0, help="So do rounds sealed within so many days.")] = 30.0,
    cache: Annotated[bool, typer.Option(help="Also copies on this machine that nobody used for that long.")] = False,  # noqa: FBT002
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
) -> None:
    """Never touches plans, summaries, receipts, corrections, labels, questions, auto-labels, frames or champions.

    With --delete it takes the lease, writes down under gc/ what goes and why, and removes it; fsck knows of it then.
    """
    from datetime import UTC, datetime  # noqa: PLC0415 - heavy: imported when the command runs

    from nightshift.project import Project  # noqa: PLC0415
    from nightshift.upkeep.cache import spare  # noqa: PLC0415
    from nightshift.upkeep.retention import Keep  # noqa: PLC0415
    from nightshift.upkeep.sweep import find  # noqa: PLC0415

    project, keep, now = Project.load(config), Keep(keep_rounds, keep_days), datetime.now(UTC)
    going, record = find(project.store, keep, now), ""
    copies = tuple(spare(project.workspace, keep_days, now)) if cache else ()
    if delete:
        record, going = _delete(project, keep, copies)
    if as_json:
        _print_json(going, copies, record, deleted=delete)
    else:
        _show(going, copies, record, deleted=delete)


def _delete(project: Any, keep: Any, copies: Sequence[Removal]) -> tuple[str, tuple[Removal, ...]]:
    from datetime import UTC, datetime  # noqa: PLC0415

    from infra.cli._bars import bar  # noqa: PLC0415
    from nightshift.services.store.lease import Lease  # noqa: PLC0415
    from nightshift.services.store.owner import is_gone, this_process  # noqa: PLC0415
    from nightshift.upkeep.cache import remove as remove_copy  # noqa: PLC0415
    from nightshift.upkeep.sweep import remove  # noqa: PLC0415

    owner = this_process()
    with Lease(project.store, owner=owner, gone=is_gone) as lease, bar("removing") as progress:
        removed = remove(project.store, lease, owner, keep, datetime.now(UTC), progress)
        for each in copies:
            remove_copy(each)
    return removed


def _show(going: Sequence[Removal], copies: Sequence[Removal], record: str, *, deleted: bool) -> None:
    from rich.console import Console  # noqa: PLC0415

    from infra.cli._bars import amount  # noqa: PLC0415

    console = Console()
    for title, found in (("In the store", going), ("On this machine", _together(copies))):
        if found:
            console.print(_table(title, found))
    total = sum(each.size for each in (*going, *copies))
    if not going and not copies:
        console.print("Nothing to remove.")
    elif deleted:
        said = f" Written down in {record}." if record else ""
        console.print(f"Removed {len(going) + len(copies)}, {amount(total)}.{said}", soft_wrap=True, highlight=False)
    else:
        console.print(
            f"{len(going) + len(copies)} would go, {amount(total)}. Nothing was removed: add --delete to do it.",
            soft_wrap=True,
            highlight=False,
        )


def _together(copies: Sequence[Removal]) -> tuple[Removal, ...]:
    """One line for each folder of the cache and reason: single copies tell nothing."""
    from nightshift.upkeep.removals import Removal  # noqa: PLC0415

    found: dict[tuple[str, str], list[Removal]] = {}
    for each in copies:
        path = Path(each.key)
        home = next((parent for parent in path.parents if parent.name in {"frames", "weights"}), path)
        found.setdefault((str(home), each.why), []).append(each)
    return tuple(
        Removal(f"{home} ({len(some)})" if len(some) > 1 else home, sum(each.size for each in some), why)
        for (home, why), some in found.items()
    )


def _table(title: str, found: Sequence[Removal]) -> Any:
    from rich.table import Table  # noqa: PLC0415

    from infra.cli._bars import amount  # noqa: PLC0415

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("object", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("why nobody needs it")
    for each in found[:SHOWN]:
        table.add_row(each.key, amount(each.size), each.why)
    if len(found) > SHOWN:
        rest = found[SHOWN:]
        table.add_row(f"… and {len(rest)} more", amount(sum(each.size for each in rest)), "--json names them all")
    return table


def _print_json(going: Sequence[Removal], copies: Sequence[Removal], record: str, *, deleted: bool) -> None:
    import json  # noqa: PLC0415
    from dataclasses import asdict  # noqa: PLC0415

    said = {
        "deleted": deleted,
        "record": record or None,
        "size": sum(each.size for each in (*going, *copies)),
        "objects": [asdict(each) for each in going],
        "cache": [asdict(each) for each in copies],
    }
    typer.echo(json.dumps(said, indent=2, sort_keys=True))
