"""One way to compare: the same work done by two functions in turns, medians, and their ratio."""

import json
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(".bench/results.json")


@dataclass(frozen=True, slots=True)
class Result:
    """One comparison.

    Args:
        name: what was measured.
        ours: median, in `unit`.
        other: the peer's median.
        other_name: the peer.
        ratio: ours / other.
        unit: of both.
        better: 'higher' or 'lower'.
        n: runs of each.
    """

    name: str
    ours: float
    other: float
    other_name: str
    ratio: float
    unit: str
    better: str
    n: int


def in_turns(ours: Callable[[], object], other: Callable[[], object], n: int) -> tuple[float, float]:
    """Median seconds of each; they alternate, so that a noisy minute hits both."""
    pairs = [(_seconds(ours), _seconds(other)) for _ in range(n)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def rate(name: str, seconds: tuple[float, float], amount: int, unit: str, other_name: str, n: int) -> Result:
    """Two durations of the same amount of work, as rates."""
    ours, other = amount / seconds[0], amount / seconds[1]
    return Result(name, ours, other, other_name, ours / other, unit, "higher", n)


def save(results: Iterable[Result], path: Path = RESULTS) -> None:
    """Write the results for machines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n", encoding="utf-8")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
