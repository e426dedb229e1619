"""Where a project stands, on the terminal."""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from nightshift.domain.rounds import Sealed
from nightshift.upkeep.inbox import Inbox
from nightshift.upkeep.standing import OpenLine, StageLine, Standing

MARKS = {"done": "[green]✓[/]", "begun": "[yellow]◐[/]", "not begun": "[dim]○[/]"}
MINUTE, HOUR = 60.0, 3600.0


def show(console: Console, title: str, standing: Standing, inbox: Inbox | str) -> None:
    """Print it; the last line says what to do next.

    Args:
        console: where.
        title: of the project.
        standing: what the store says.
        inbox: what Label Studio says, or why it says nothing.
    """
    facts = Table.grid(padding=(0, 2))
    for name, text in (*_facts(standing), *_inbox_facts(inbox)):
        facts.add_row(Text(name, "dim"), text)
    shown: list[RenderableType] = [facts]
    if standing.open:
        shown += [Text(), stages_table(standing.open)]
    console.print(Panel(Group(*shown), title=title, title_align="left", border_style="dim"))
    console.print(f"Next: {next_step(standing, inbox)}", soft_wrap=True, highlight=False, markup=False)


def next_step(standing: Standing, inbox: Inbox | str) -> str:
    """What a person should do now, as a sentence."""
    if standing.rounds.broken:
        return f"{standing.rounds.broken[0]} `nightshift fsck` tells all that is amiss."
    if standing.running:
        return "nothing: a round is running. Look again later, or follow it in Prefect."
    if standing.open:
        return _go_on(standing.open)
    if standing.head is None:
        return "run `nightshift backfill`: it registers the frames and asks the first questions."
    if isinstance(inbox, Inbox) and inbox.open:
        return f"answer questions at {inbox.url}; tonight's round, or `nightshift round`, takes the answers in."
    return "run `nightshift round`, or wait for tonight's."


def _go_on(opened: OpenLine) -> str:
    command = "backfill" if opened.kind == "backfill" else "round"
    rest = "" if opened.forecast is None else f"; what is left took about {duration(opened.forecast)} last time"
    rest += f" (nothing is known of {', '.join(opened.untold)})" if rest and opened.untold else ""
    return f"run `nightshift {command}`: it goes on with round {opened.number:04d} at '{opened.stands_at}'{rest}."


def _facts(standing: Standing) -> Iterator[tuple[str, RenderableType]]:
    yield "HEAD", _head(standing.head) if standing.head else Text("no round is sealed yet")
    yield "lease", _lease(standing)
    for each in standing.rounds.broken:
        yield "broken", Text(f"{each.subject}: {each.reason}", "red")


def _head(sealed: Sealed) -> Text:
    said = Text.assemble((f"round {sealed.number:04d}", "bold"), f"  {sealed.kind}, sealed {moment(sealed.sealed_at)}")
    figures = [f"{name} {sealed.metrics[key]:.3f}" for key, name in _MAP if key in sealed.metrics]
    people, machine = sealed.metrics.get("human_usd", 0.0), sealed.metrics.get("compute_usd", 0.0)
    figures.append(f"${people + machine:.2f} that round, ${sealed.metrics.get('total_usd', 0.0):.2f} in all")
    return said.append("\n" + ", ".join(figures))


_MAP = (("map50", "mAP50"), ("map50_95", "mAP50-95"))


def _lease(standing: Standing) -> Text:
    holder = standing.holder
    if holder is None:
        return Text("free: no round is running")
    said = f"held by {holder.owner}, since {moment(holder.since)}, until {holder.until:%H:%M:%S} unless renewed"
    if standing.holder_gone:
        return Text(f"{said}\nthat process lives no more: the next round takes over at once", "yellow")
    return Text(said, "cyan")


def _inbox_facts(inbox: Inbox | str) -> Iterator[tuple[str, RenderableType]]:
    if isinstance(inbox, str):
        yield "questions", Text(inbox, "yellow")
        return
    yield "questions", Text(f"{inbox.open} still open")
    yield "answers", Text(f"{inbox.answers} wait to be taken in")


def stages_table(opened: OpenLine) -> Table:
    """The open round, stage by stage."""
    said = f"Round {opened.number:04d} is not sealed: {opened.kind}, opened {moment(opened.opened_at)}"
    table = Table(title=said, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("", "stage", "shards", "took", "a rerun will", "last time"):
        table.add_column(name, justify="right" if name in {"shards", "took", "last time"} else "left")
    for each in opened.stages:
        table.add_row(*_cells(each))
    return table


def _cells(line: StageLine) -> tuple[str, ...]:
    shards = f"{line.shards[0]} of {line.shards[1]}" if line.shards and line.shards[1] else ""
    took = duration(line.seconds) if line.seconds else ""
    last = "" if line.forecast is None else duration(line.forecast)
    redo = line.redo or "[dim]not do it again[/]"
    return MARKS[line.state], line.name, shards, took, redo, last


def duration(seconds: float) -> str:
    """12 s, 4 min, 1.5 h."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s" if seconds >= 1 else "<1 s"
    return f"{seconds / MINUTE:.0f} min" if seconds < HOUR else f"{seconds / HOUR:.1f} h"


def moment(at: datetime) -> str:
    """2026-11-21 04:10 UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
