"""Selecting a night's 1,000 frames of a pool of 100,000: seconds and peak memory of every strategy.

    python -m benchmarks.selecting [strategy ...]

Each strategy runs in a process of its own, so that its peak is its own; the peak includes the pool itself and Python
with numpy and scipy. The pool is made up: 500 looks with frames around them, a large common part as real embeddings
have it, 8 boxes a frame of 10 classes with all class scores, 2,000 labelled frames. Every frame costs the same, so
that the budget buys 1,000. Writes .bench/selecting.json.
"""

import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from nightshift.acquisition.functions import known_strategies, open_strategy
from nightshift.acquisition.pool import Pool
from nightshift.domain.detections import Detections

RESULTS = Path(".bench/selecting.json")
FRAMES, ASKED, LABELLED, DEPTH, LOOKS, CLASSES, BOXES = 100_000, 1_000, 2_000, 128, 500, 10, 8
USD = 1 / 16  # exact in binary: the budget buys ASKED frames, not one less
MIB = 1024  # ru_maxrss counts KiB


@dataclass(frozen=True, slots=True)
class Figure:
    """What one strategy took.

    Args:
        strategy: its name.
        seconds: to rank, without making the pool.
        cpu: seconds of processor time in it; on a busy machine much less than seconds.
        pool_mib: peak memory before ranking.
        peak_mib: peak memory after it.
        chosen: frames.
    """

    strategy: str
    seconds: float
    cpu: float
    pool_mib: float
    peak_mib: float
    chosen: int


def main(names: list[str]) -> None:
    """Measure, print, save."""
    figures = [_apart(name) for name in names or known_strategies()]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n", encoding="utf-8")
    table = Table("strategy", "seconds", "of cpu", "peak MiB", "of which pool", "chosen")
    for each in figures:
        seconds, mib = (f"{each.seconds:.1f}", f"{each.cpu:.1f}"), (f"{each.peak_mib:.0f}", f"{each.pool_mib:.0f}")
        table.add_row(each.strategy, *seconds, *mib, str(each.chosen))
    Console().print(table)


def measure(name: str) -> Figure:
    """One strategy, in this process."""
    pool = made_up_pool(np.random.default_rng(0))
    before = _peak()
    began, cpu = time.perf_counter(), time.process_time()
    chosen = open_strategy(name)(pool, ASKED * USD, np.random.default_rng(1))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Figure(name, seconds, cpu, before, _peak(), len(chosen))


def made_up_pool(rng: np.random.Generator) -> Pool:
    """FRAMES frames; the same for the same generator."""
    looks = rng.integers(0, LOOKS, FRAMES)
    middles = rng.normal(size=(LOOKS, DEPTH)).astype(np.float32) + 3
    shown = [_boxes(rng) for _ in range(FRAMES)]
    return Pool(
        shown=shown,
        vectors=_around(middles, looks, rng),
        labelled_vectors=_around(middles, rng.integers(0, LOOKS, LABELLED), rng),
        corrections=rng.gamma(2.0, 1.0, FRAMES),
        usd=np.full(FRAMES, USD),
        clips=[f"clip-{look}-{part}" for look, part in zip(looks, rng.integers(0, 10, FRAMES), strict=True)],
        shown_above=0.3,
        class_counts=np.full(CLASSES, 100),
        student=shown,
        probabilities=[_class_scores(each, rng) for each in shown],
    )


def _around(middles: NDArray[np.float32], which: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
    noise: NDArray[np.float32] = rng.standard_normal((len(which), DEPTH), np.float32)
    noise *= np.float32(0.5)
    noise += middles[which]
    return noise


def _boxes(rng: np.random.Generator) -> Detections:
    corners = rng.random((BOXES, 2), np.float32) * 500
    return Detections.of(np.hstack([corners, corners + 50]), rng.integers(0, CLASSES, BOXES), rng.random(BOXES))


def _class_scores(found: Detections, rng: np.random.Generator) -> NDArray[np.float32]:
    scores = rng.random((len(found), CLASSES), np.float32) * found.scores[:, None]
    scores[np.arange(len(found)), found.classes] = found.scores
    return scores


def _apart(name: str) -> Figure:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.selecting", "--here", name], check=True, capture_output=True, text=True
    )
    return Figure(**json.loads(done.stdout.splitlines()[-1]))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        print(json.dumps(asdict(measure(sys.argv[2]))))
    else:
        main(sys.argv[1:])
