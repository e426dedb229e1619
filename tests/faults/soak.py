"""The fault rig's command line: many nights with faults on, counted; `make faults` a sample, `make soak` the whole.

Writes every unit's result as it is done, so that an interrupted run goes on with --resume; then the totals into
.bench/faults.json.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

from infra.local import Stack
from infra.local.environment import use_environment
from tests.faults.attempts import forge
from tests.faults.parts import PARTS, Unit, run_unit, units
from tests.faults.world import Site, prepare_line

COUNTS = (
    "kills", "fault_schedules", "lost_corrections", "doubled_tasks", "doubled_usd", "half_published", "unsealed",
    "races", "race_double_winners", "hostile_images", "hostile_answers", "crashes", "peak_decode_mib",
)  # fmt: skip
FURTHER = (
    "missing_tasks", "doubled_corrections", "doubled_runs", "twin_differences", "races_without_winner",
    "unclear_losers", "kills_at_boundaries", "faults", "reruns", "nights", "attempts", "attempt_seconds",
    "cpu_seconds", "quiet_seconds", "faulty_seconds", "seconds", "broken",
)  # fmt: skip
MUST_BE_NONE = (
    "lost_corrections", "doubled_tasks", "doubled_usd", "half_published", "unsealed", "race_double_winners", "crashes",
    "missing_tasks", "doubled_corrections", "doubled_runs", "twin_differences", "races_without_winner",
    "broken",
)  # fmt: skip
LISTED = ("notes", "failures", "why_rerun", "boundaries")
ALONE = ("nights",)  # measured against the clock: nothing else runs beside it
Said = dict[str, Any]


def main() -> int:
    """Run what was asked for; 1 if anything was found wrong."""
    chosen = _arguments()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    kept = chosen.out.with_suffix(".units.jsonl")
    done = _read(kept) if chosen.resume else {}
    if not chosen.resume:
        kept.unlink(missing_ok=True)
    wanted = units(chosen.parts, chosen.scale, chosen.seed)
    todo = [each for each in wanted if _key(each) not in done]
    if todo:
        with site_of(chosen.stack, chosen.lanes) as sites:
            for unit, said in run_all(todo, sites):
                done[_key(unit)] = said
                if "broken" not in said:
                    with kept.open("a") as file:
                        file.write(json.dumps({"unit": asdict(unit), "said": said}) + "\n")
                print(f"{datetime.now(UTC):%H:%M:%S} {_line(unit, said)}", flush=True)
    total = add_up([done[_key(each)] for each in wanted])
    chosen.out.write_text(json.dumps(total | {"seed": chosen.seed, "scale": chosen.scale}, indent=2) + "\n")
    print(table(total))
    return int(any(total.get(name) for name in MUST_BE_NONE))


def _arguments() -> argparse.Namespace:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--parts", type=lambda text: text.split(","), default=list(PARTS))
    said.add_argument("--scale", type=float, default=1.0, help="share of the whole")
    said.add_argument("--seed", type=int, default=1)
    said.add_argument("--lanes", type=int, default=2, help="worlds side by side")
    said.add_argument("--resume", action="store_true", help="leave out what an interrupted run has done")
    said.add_argument("--out", type=Path, default=Path(".bench/faults.json"))
    said.add_argument("--stack", type=Path, default=None, help="a folder of servers to use and to leave running")
    chosen = said.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        said.error(f"unknown parts {sorted(unknown)}; known: {', '.join(PARTS)}")
    return chosen


@contextmanager
def site_of(kept: Path | None, lanes: int) -> Iterator[list[Site]]:
    """The servers, the pictures and a forge for each lane; all of it gone afterwards, but servers in a kept folder."""
    with ExitStack() as open_:
        folder = Path(tempfile.mkdtemp(prefix="nightshift-faults-"))
        open_.callback(shutil.rmtree, folder, ignore_errors=True)
        stack = Stack(kept or folder / "stack")
        if kept is None:
            open_.callback(stack.down)
        where = stack.up(patience=900)
        use_environment(where.environment())
        prepare_line(folder)
        forges = [open_.enter_context(forge(dict(os.environ), folder / f"lane-{i}.log")) for i in range(lanes)]
        yield [Site(where, folder, each) for each in forges]


def run_all(todo: Sequence[Unit], sites: Sequence[Site]) -> Iterator[tuple[Unit, Said]]:
    """Every unit with what it came to, as they end: side by side, except those that the clock is held against."""
    free: Queue[Site] = Queue()
    for each in sites:
        free.put(each)
    beside = [each for each in todo if each.part not in ALONE]
    with ThreadPoolExecutor(len(sites)) as pool:
        running = {pool.submit(_run, unit, free): unit for unit in beside}
        yield from ((running[each], each.result()) for each in as_completed(running))
    for unit in (each for each in todo if each.part in ALONE):
        yield unit, _run(unit, free)


def _run(unit: Unit, free: "Queue[Site]") -> Said:
    site, began = free.get(), time.monotonic()
    try:
        return run_unit(unit, site) | {"seconds": time.monotonic() - began}
    except Exception as error:  # noqa: BLE001 - the others go on; this one is told, and done again by --resume
        told = "".join(traceback.format_exception(error)[-3:])
        return {"broken": 1, "notes": [f"{unit}: {told}"], "seconds": time.monotonic() - began}
    finally:
        free.put(site)


def add_up(said: Sequence[Said]) -> Said:
    """The totals; the peak of memory is the largest."""
    total: Said = {}
    for name in (*COUNTS, *FURTHER):
        values = [each[name] for each in said if name in each]
        total[name] = max(values, default=0) if name == "peak_decode_mib" else round(sum(values), 4)
    if total["quiet_seconds"]:
        total["ratio"] = total["faulty_seconds"] / total["quiet_seconds"]
    listed = {
        name: [line for each in said for line in each.get(name, ())] for name in ("notes", "failures", "why_rerun")
    }
    return total | listed | {"date": f"{datetime.now(UTC):%Y-%m-%d}"}


def table(total: Said) -> str:
    """The counts for people."""
    lines = [f"{name.replace('_', ' '):<24}{total[name]:>12g}" for name in (*COUNTS, *FURTHER)]
    ratio = [f"{'faulty over quiet':<24}{total['ratio']:>12.2f}"] if "ratio" in total else []
    return "\n".join([*lines, *ratio, *(f"  {note}" for note in total["notes"][:40])])


def _key(unit: Unit) -> str:
    return json.dumps(asdict(unit), sort_keys=True)


def _read(path: Path) -> dict[str, Said]:
    lines = path.read_text().splitlines() if path.exists() else []
    return {json.dumps(each["unit"], sort_keys=True): each["said"] for each in map(json.loads, lines)}


def _line(unit: Unit, said: Said) -> str:
    wrong = {name: said[name] for name in MUST_BE_NONE if said.get(name)}
    return f"{unit.part} {unit.seed}: {unit.size} in {said['seconds']:.0f} s, wrong: {wrong or 'nothing'}"


if __name__ == "__main__":
    raise SystemExit(main())
