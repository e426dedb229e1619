"""The demo from the first frame to the last figure: servers, frames, a backfill, three nights with people between.

It reads like the product's own week. Everything goes through the same flows, servers and files that a team would use;
only the people are simulated, and are called so.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.cli._figures import COLUMNS, table
from infra.demo.configuration import write_coco_config, write_line_config
from infra.local import Endpoints, Stack, use_environment
from infra.local.display import StackProgress, addresses
from nightshift.domain.detections import Detections
from nightshift.domain.errors import ConfigError

NIGHTS = 3
DAY_CLIPS, NIGHT_CLIPS, CLIP_FRAMES = 48, 30, 6
MARK = ".nightshift-demo"  # in a folder that a demo made and may empty
SEED = 11
LEFT_FOR_YOU = 8  # frames of the last queue that stay open


def run(home: Path, data: Path | None, console: Console) -> None:
    """Everything `make demo` does.

    Args:
        home: folder for all of it, such as .demo.
        data: a COCO folder; None renders the factory line.
        console: where it is told.
    """
    began = time.monotonic()
    _clear(home)
    stack = Stack(home / "stack")
    try:
        where = _start(stack, console)
        config, labels = _prepare(home, data, console)
        rounds = _week(config, labels, console)
        _leave_behind(home, config, rounds)
        _tell(console, home, where, rounds, time.monotonic() - began)
        _wait(console)
    finally:
        stack.down()
        console.print(f"Stopped every server. Look again with: .venv/bin/nightshift up --folder {stack.folder}")


def _clear(home: Path) -> None:
    """Begin anew: the week of an earlier demo would leave this one nothing to learn.

    Raises:
        ConfigError: the folder holds something that no demo made.
    """
    if not home.exists():
        home.mkdir(parents=True)
    elif (home / MARK).exists():
        Stack(home / "stack").down()
        shutil.rmtree(home)
        home.mkdir()
    elif any(home.iterdir()):
        raise ConfigError(str(home), "it holds files that no demo made", "Give another folder with --home.")
    (home / MARK).touch()


def _start(stack: Stack, console: Console) -> Endpoints:
    console.rule("Servers on this machine")
    with StackProgress(console) as shown:
        where = stack.up(shown.told)
    use_environment(where.environment())
    console.print(addresses(where, stack.folder), soft_wrap=True)
    return where


def _prepare(home: Path, data: Path | None, console: Console) -> tuple[Path, Mapping[str, Detections]]:
    from nightshift.config_file import read_config  # noqa: PLC0415 - heavy, and the servers are starting already
    from nightshift.frames.datasets import read_dataset  # noqa: PLC0415
    from nightshift.simulation.line.dataset import write_line  # noqa: PLC0415

    console.rule("Frames")
    frames = data or home / "line"
    if data is None:
        with _bar(console, "rendering clips") as progress:
            write_line(frames, DAY_CLIPS, NIGHT_CLIPS, CLIP_FRAMES, SEED, progress)
    config = write_line_config(home, frames.resolve()) if data is None else write_coco_config(home, frames)
    known = read_dataset(frames).indexed(read_config(config).classes.names)
    console.print(f"{len(known.samples)} frames in {frames}; the people who will label them are simulated.")
    return config, known.samples


def _week(config: Path, labels: Mapping[str, Detections], console: Console) -> list[dict[str, Any]]:
    from flows.backfill import backfill  # noqa: PLC0415 - Prefect reads its server's address when it is imported
    from flows.nightly import nightly  # noqa: PLC0415

    console.rule("Backfill: register, auto-label, ask for the golden set")
    backfill(config)
    rounds = []
    for night in range(1, NIGHTS + 1):
        _morning(config, labels, night, console)
        console.rule(f"Night {night} of {NIGHTS}")
        rounds.append(nightly(config))
        console.print(table(rounds))
    _morning(config, labels, NIGHTS + 1, console, leave=LEFT_FOR_YOU)
    return rounds


def _morning(config: Path, labels: Mapping[str, Detections], day: int, console: Console, leave: int = 0) -> None:
    from infra.demo.people import answer_queue  # noqa: PLC0415
    from nightshift.project import Project  # noqa: PLC0415

    console.rule("Morning: simulated people take the queue in Label Studio")
    with _bar(console, "answered (simulated)") as progress:
        answer_queue(Project.load(config), labels, np.random.default_rng([SEED, day]), leave, progress)


@contextmanager
def _bar(console: Console, text: str) -> Iterator[Any]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(text, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _leave_behind(home: Path, config: Path, rounds: list[dict[str, Any]]) -> None:
    from nightshift.domain.rounds import RoundKeys  # noqa: PLC0415
    from nightshift.project import Project  # noqa: PLC0415

    summary = [{key: _plain(key, each[key]) for key in COLUMNS} for each in rounds]
    (home / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    report = RoundKeys(rounds[-1]["round"]).key("report.html")
    (home / "report.html").write_bytes(Project.load(config).store.read(report))


def _plain(key: str, value: float | None) -> float | None:
    return value if value is None or key.startswith("map") or key.endswith("usd") else int(value)


def _tell(console: Console, home: Path, where: Endpoints, rounds: list[dict[str, Any]], seconds: float) -> None:
    console.rule("What three nights came to")
    console.print(table(rounds))
    console.print(addresses(where, home / "stack"), soft_wrap=True)
    console.print(f"Report: {home / 'report.html'}   figures: {home / 'summary.json'}   {seconds / 60:.1f} minutes")


def _wait(console: Console) -> None:
    if os.environ.get("NIGHTSHIFT_DEMO_KEEP", "1") == "0":
        return
    console.print("The servers stay up. Look around; Ctrl-C stops everything.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print()
