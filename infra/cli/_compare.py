"""What the compare command asks for, and how it shows what came of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nightshift.domain.errors import ConfigError
from tasks.compare import Comparison

FEWEST = 2  # an incumbent and a challenger
WIDTH = 120  # columns, where nobody looks at a terminal


def request(data: Path, students: Sequence[str]) -> Comparison:
    """The request as the flow takes it; what would fail after minutes is refused at once.

    Raises:
        ConfigError: there is no such folder, or there are fewer than two different students.
        UnknownName: nobody knows a student.
    """
    remedy = "Say: nightshift compare FOLDER --students family/model family/model"
    if not data.is_dir():
        raise ConfigError(str(data), "it is no folder", remedy)
    if len(students) < FEWEST or len(set(students)) < len(students):
        raise ConfigError("--students", "two or more different students are needed", remedy)
    asked = Comparison(data=data.resolve(), students=tuple(students))
    return asked.model_copy(update={"students": tuple(str(each) for each in asked.entrants)})


def show(figures: Mapping[str, Any]) -> None:
    """Print the table, who was promoted and why, what to make of it, and where the rest lies."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDTH)
    console.print(table(figures))
    for each in figures["students"]:
        console.print(f"[bold]{escape(each['student'])}[/]: {escape(each['verdict'])}", soft_wrap=True, highlight=False)
    console.print(f"[bold]Advice:[/] {escape(figures['advice'])}", soft_wrap=True, highlight=False)
    console.print(f"Figures: {figures['json']}\nMLflow:  {figures['mlflow']}", soft_wrap=True, highlight=False)


def table(figures: Mapping[str, Any]) -> Table:
    """A row per student."""
    said = f"{figures['pool']} pictures to learn from, {figures['golden']} to test on, {figures['steps']} steps at "
    drawn = Table(title=f"{figures['data']}: {said}{figures['side']} px")
    right = {"mAP50", "mAP50-95", "ms/frame", "parameters"}
    for title in ("student", "mAP50", "mAP50-95", "ms/frame", "parameters", "licence", "started from", ""):
        drawn.add_column(title, justify="right" if title in right else "left")
    for each in figures["students"]:
        drawn.add_row(*_cells(each))
    return drawn


def _cells(each: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        each["student"],
        f"{each['map50']:.3f}",
        f"{each['map50_95']:.3f}",
        f"{each['ms']:.0f}",
        f"{each['millions']:.1f} M",
        each["licence"].partition(" (")[0],
        each["origin"],
        "champion" if each["champion"] else "",
    )
