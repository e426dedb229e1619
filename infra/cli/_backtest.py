"""What the backtest command asks for, and how it shows what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from nightshift.domain.errors import ConfigError
from nightshift.simulation.line.dataset import write_line
from nightshift.simulation.schemes import scheme
from nightshift.simulation.stage import Request
from tasks.backtest import STRATEGIES, Backtest

CLIPS_OF_THE_LINE = r"images/(?P<clip>[^/]+)/"
QUICK = {"shares": (0.05, 0.1, 0.2), "steps": 200, "later_steps": 60}
QUICK_LOOPS = 200


def the_line(folder: Path) -> Path:
    """Pictures of the procedural line, made where they are not there yet."""
    write_line(folder, clips_day=20, clips_night=20, frames_per_clip=4, seed=3)
    return folder


def request(
    folders: list[Path], out: Path, strategies: str, seeds: int, steps: int, teacher: str, clips: str, *, quick: bool
) -> Backtest:
    """The request as the flow takes it."""
    teacher = teacher if teacher in {"simulated", "none"} else str(Path(teacher).resolve())
    how = Request(**QUICK, teacher=teacher) if quick else Request(teacher=teacher)  # type: ignore[arg-type]
    how = replace(how, steps=steps) if steps else how
    of_the_line = any((each / "images").is_dir() and each.name == "line" for each in folders)
    how = replace(how, clip_pattern=clips or (CLIPS_OF_THE_LINE if of_the_line else ""))
    named = tuple(each.strip() for each in strategies.split(",") if each.strip()) or STRATEGIES
    _check(folders, named)
    loops = QUICK_LOOPS if quick else 1000
    command = " ".join(
        ["nightshift backtest", *(each.name for each in folders), f"--seeds {seeds}", *(["--quick"] * quick)]
    )
    return Backtest(data=folders, out=out, strategies=named, seeds=seeds, request=how, loops=loops, command=command)


def _check(folders: list[Path], strategies: Sequence[str]) -> None:
    """Refuse at once what would fail, or mix up results, after minutes."""
    names = [each.name for each in folders]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"data set '{twice[0]}'", "two folders have this name", "Rename one: results go by the name.")
    for each in strategies:
        scheme(each)


def show(result: Mapping[str, Any]) -> None:
    """Print the short table and where the rest lies."""
    console = Console()
    console.print(table(result["summary"]))
    console.print(f"Figures: {result['json']}\nPage:    {result['html']}", soft_wrap=True, highlight=False)


def table(lines: Sequence[Mapping[str, Any]]) -> Table:
    """A row per data set and strategy."""
    shown = Table(
        title="Backtest",
        caption="area: mean mAP50 over the dollars; ahead: the default's area minus this one's, paired by seed",
    )
    for title in ("data set", "strategy", "area", "ahead", "won", "dollars to 90%"):
        shown.add_column(title, justify="left" if title in {"data set", "strategy"} else "right")
    for each in lines:
        shown.add_row(*_cells(each))
    return shown


def _cells(line: Mapping[str, Any]) -> tuple[str, ...]:
    usd = line["usd_to_90"]
    return (
        line["dataset"],
        line["strategy"],
        f"{line['auc']:.3f} ± {line['auc_sd']:.3f}",
        f"{line['behind']:+.3f}",
        f"{line['won']} of {line['paired']}",
        "not reached" if usd is None else f"${usd:.2f}",
    )
