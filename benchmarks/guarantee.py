"""How often the promise about accepted boxes is broken, and what it costs: `python -m benchmarks.guarantee`.

Ours against the point estimate and the exact binomial limit by box, on the same simulated loops.
"""

import argparse
import json
import time
from dataclasses import asdict
from typing import Any

from nightshift.simulation.promises import GuaranteeResult, simulate
from nightshift.simulation.teacher_worlds import Setting
from nightshift.triage.promise import Promise, Spending

WORLDS = {
    "1 class, drifting": Setting(),
    "1 class, still": Setting(trend=0.0, wander=0.0),
    "1 class, drops by 1.5": Setting(drop=-1.5),
    "1 class, collapses": Setting(drop=-4.0),
    "1 class, outgrows its audits and collapses": Setting(backlog=150, arriving=800, drop=-4.0),
    "1 class, strong clusters": Setting(clustering=1.5),
    "1 class, mediocre teacher": Setting(quality=2.0),
    "1 class, poor teacher": Setting(quality=1.5),
    "3 classes, drifting": Setting(classes=3),
    "3 classes, still": Setting(classes=3, trend=0.0, wander=0.0),
    "10 classes, drifting": Setting(classes=10, boxes=2.0),
    "10 classes, still": Setting(classes=10, boxes=2.0, trend=0.0, wander=0.0),
    "10 classes, 1,200 audits": Setting(classes=10, boxes=2.0, audits=120),
}
SEQUENCE = "1 class, drifting, fixed sequence"


def measure(loops: int, seed: int) -> dict[str, Any]:
    """Every world: `loops` loops with one class, fewer with more classes; figures by name, and printed."""
    found = {}
    for name, world in WORLDS.items():
        found[name] = _one(name, max(loops // (1 if world.classes == 1 else 4), 1), seed, world, Promise())
    found[SEQUENCE] = _one(SEQUENCE, loops, seed, Setting(), Promise(spending=Spending.SEQUENCE))
    return found


def _one(name: str, loops: int, seed: int, world: Setting, promise: Promise) -> dict[str, Any]:
    began = time.perf_counter()
    result = simulate(loops, seed, world, promise)
    seconds = time.perf_counter() - began
    print(_line(name, result, seconds), flush=True)
    return asdict(result) | {"seconds": seconds}


def _line(name: str, r: GuaranteeResult, seconds: float) -> str:
    others = "; ".join(f"{rule} {n / r.loops:.1%} at {r.share_by[rule]:.0%}" for rule, n in r.violated_by.items())
    return (
        f"{name}: violated {r.violated}/{r.loops} (at once {r.violated_at_once}),"
        f" accepted {r.accepted_share_of_oracle:.1%} of the oracle (median {r.median_share_of_oracle:.1%},"
        f" silent {r.silent}), missed bound broken {r.missed_violated};"
        f" others: {others}; {seconds:.0f} s"
    )


def main() -> None:
    """Print a line per world and, when asked, write them all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", help="file to write")
    said = parser.parse_args()
    found = measure(said.loops, said.seed)
    if said.json:
        with open(said.json, "w", encoding="utf-8") as file:  # noqa: PTH123 - argparse gives a string
            json.dump(found, file, indent=2)


if __name__ == "__main__":
    main()
