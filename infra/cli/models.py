"""List every teacher and student: licence, input size, whether its weights are in reach, and when to take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from nightshift.domain.cards import ModelCard, Role
    from nightshift.services.health.reach import Where

COLOURS = {"here": "green", "to be downloaded": "yellow", "behind a login": "yellow", "not in reach": "dim"}


def command(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002
    as_markdown: Annotated[bool, typer.Option("--markdown", help="The tables of docs/models.md.")] = False,  # noqa: FBT002
    offline: Annotated[bool, typer.Option("--offline", help="Look at this machine only.")] = False,  # noqa: FBT002
) -> None:
    """Asks the hub whether it hands out what is not here; downloads nothing, and loads no model."""
    from rich.console import Console  # noqa: PLC0415 - heavy: imported when the command runs

    from nightshift.domain.cards import Role  # noqa: PLC0415
    from nightshift.students import student_cards  # noqa: PLC0415
    from nightshift.teachers import teacher_cards  # noqa: PLC0415

    cards = [*teacher_cards(), *student_cards()]
    if as_markdown:
        print_markdown(cards)
        return
    console = Console()
    with console.status("Looking for weights ..."):
        places = find(cards, offline=offline)
    if as_json:
        print_json(cards, places)
        return
    for role in Role:
        show(console, role, [(card, where) for card, where in zip(cards, places, strict=True) if card.role is role])
    console.print("\nWhere weights are not in reach, copy them here: docs/models.md says how.", style="dim")


def find(cards: Sequence[ModelCard], *, offline: bool) -> list[Where]:
    """Where the weights of each model are."""
    from nightshift.services.health.reach import Reach, head  # noqa: PLC0415
    from nightshift.yolo.published import weights_folder  # noqa: PLC0415

    reach = Reach(weights_folder(), None if offline else head)
    return [reach.where(each.weights) for each in cards]


def show(console: Console, role: Role, found: Sequence[tuple[ModelCard, Where]]) -> None:
    """The models of one role, as people read them: advice stands under the models that share it."""
    from itertools import groupby  # noqa: PLC0415

    from rich.padding import Padding  # noqa: PLC0415

    console.print(f"\n[bold underline]{role.capitalize()}s[/]")
    for family, members in groupby(found, key=lambda each: each[0].family):
        mine = list(members)
        widths = [max(len(getattr(card, field)) for card, _ in mine) for field in ("name", "input_size")]
        console.print(f"\n[bold cyan]{family}[/]")
        for advice, alike in groupby(mine, key=lambda each: each[0].advice):
            for each in alike:
                console.print(_line(*each, *widths), soft_wrap=True, highlight=False)
            console.print(Padding(advice, (0, 0, 0, 4)), style="dim")


def _line(card: ModelCard, where: Where, name: int, size: int) -> str:
    return f"  {card.name:<{name}}  [{COLOURS[where]}]{where:<16}[/]  {card.input_size:<{size}}  {card.licence}"


def print_markdown(cards: Sequence[ModelCard]) -> None:
    """A section a role."""
    from infra.cli._models_page import markdown  # noqa: PLC0415
    from nightshift.domain.cards import Role  # noqa: PLC0415

    for role in Role:
        mine = [each for each in cards if each.role is role]
        typer.echo(f"## {role.capitalize()}s\n\n{markdown(mine)}")


def print_json(cards: Sequence[ModelCard], places: Sequence[Where]) -> None:
    """A list of objects, one a model."""
    import json  # noqa: PLC0415

    typer.echo(json.dumps([as_dict(*each) for each in zip(cards, places, strict=True)], indent=2))


def as_dict(card: ModelCard, where: Where) -> dict[str, Any]:
    """One model, for programs. It is available where its weights are here or can be downloaded."""
    from dataclasses import asdict  # noqa: PLC0415

    return asdict(card) | {"available": where in {"here", "to be downloaded"}, "where": str(where)}
