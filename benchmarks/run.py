"""All measurements: `make bench`. Writes .bench/results.json and prints a table; wins and losses alike."""

import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import autolabel, measure, pushing, scoring
from infra.local import Stack, use_environment
from infra.local.display import StackProgress


def main() -> None:
    """Measure, print, save."""
    console = Console()
    results = []
    for name, work in (("auto-label", autolabel.measure), ("score", scoring.measure)):
        console.print(f"measuring {name} …")
        results.append(work())
    with tempfile.TemporaryDirectory() as folder:
        results += _with_servers(Stack(Path(folder)), console)
    measure.save(results)
    console.print(_table(results))


def _with_servers(stack: Stack, console: Console) -> list[measure.Result]:
    try:
        with StackProgress(console) as shown:
            where = stack.up(shown.told)
        use_environment(where.environment())
        from benchmarks import rounds  # noqa: PLC0415 - Prefect reads its server's address when it is imported

        console.print("measuring push …")
        pushed = pushing.measure(where)
        console.print("measuring round …")
        return [pushed, rounds.measure()]
    finally:
        stack.down()


def _table(results: list[measure.Result]) -> Table:
    table = Table(
        "what", "ours", "other", "against", "ours / other", "better", "runs", title="Nightshift against peers"
    )
    for each in results:
        cells = (f"{each.ours:.1f} {each.unit}", f"{each.other:.1f}", each.other_name, f"{each.ratio:.2f}")
        table.add_row(each.name, *cells, each.better, str(each.n))
    return table


if __name__ == "__main__":
    main()
