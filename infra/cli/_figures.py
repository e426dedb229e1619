"""A round's figures as a table on the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from nightshift.domain.figures import SKIPPED

COLUMNS = {
    "round": "round",
    "map50_95": "mAP50-95",
    "map50": "mAP50",
    "human_usd": "people",
    "compute_usd": "machine",
    "frames_reviewed": "frames",
    "green": "green",
    "yellow": "yellow",
    "red": "red",
}


def show(*rounds: Mapping[str, Any]) -> None:
    """Print one row a round, or why there was none."""
    for each in rounds:
        if SKIPPED in each:
            typer.echo(each[SKIPPED])
    sealed = [each for each in rounds if SKIPPED not in each]
    if sealed:
        Console().print(table(sealed))


def table(rounds: Sequence[Mapping[str, Any]]) -> Table:
    """The table, for whoever prints it."""
    shown = Table(title="Rounds", caption="people: what reviewing cost; frames: how many were reviewed")
    for title in COLUMNS.values():
        shown.add_column(title, justify="right")
    for each in rounds:
        shown.add_row(*(_cell(key, each.get(key)) for key in COLUMNS))
    return shown


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    if key.startswith("map"):
        return f"{value:.3f}"
    return f"${value:.2f}" if key.endswith("usd") else f"{value:.0f}"
