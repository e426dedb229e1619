"""What a person sees while the stack starts: every server, its state and its seconds. Then where everything is."""

import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.local.endpoints import Endpoints
from infra.local.environment import environment_file
from infra.local.stack import State


class StackProgress:
    """A context whose `told` is given to `Stack.up`: moving lines on a terminal, plain ones in a log file.

    Args:
        console: where to draw.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._tasks: dict[str, TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.description:<13}"),
            TextColumn("{task.fields[state]:<9}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def told(self, server: str, state: State) -> None:
        """Show a server's new state."""
        if server not in self._tasks:
            self._tasks[server] = self._progress.add_task(server, total=1, start=False, state=state)
        if state == "starting":
            self._progress.start_task(self._tasks[server])
        self._progress.update(self._tasks[server], state=state, completed=int(state == "ready"))
        if not self._console.is_terminal:
            self._console.print(f"{time.monotonic() - self._began:5.1f} s  {server} {state}", highlight=False)


def addresses(where: Endpoints, folder: Path) -> Table:
    """The addresses, the login, and the file that tells other shells of them."""
    table = Table.grid(padding=(0, 2))
    for name, what in (
        ("Label Studio", where.label_studio),
        ("", f"{where.label_studio_user} / {where.label_studio_password}"),
        ("MLflow", where.mlflow),
        ("Prefect", where.prefect),
        ("S3", f"{where.s3}  bucket {where.bucket}"),
        ("Other shells", f"source {environment_file(folder)}"),
    ):
        table.add_row(f"[bold]{name}[/]", what)
    return table
