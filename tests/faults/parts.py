"""The parts of the rig, each cut into units that stand alone: a world with its nights, or a handful of races.

Knows what to do to a world and what to count; knows no command line.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np

from nightshift.domain.rounds import RoundKeys
from nightshift.services.store.lease import current_token
from tests.faults.attempts import Ended
from tests.faults.checks import Wrongs, check, compare
from tests.faults.proxy import Watcher
from tests.faults.schedule import Boundaries, Failing, Planned, StartingGate, sliced
from tests.faults.world import Flow, Site, World, seconds, world

Said = dict[str, Any]
HALF = 0.5
PATIENCE = 6  # attempts that a night may need without being killed
WITH_FAULTS = 3  # of a night under a schedule; later attempts are left alone
FIRST_CLIPS = 4
AT_BOUNDARIES = 2  # nights: the first, and one that continues another
REQUESTS = {"s3": 250, "label-studio": 40, "mlflow": 30}  # of a first night, about
MOST_NIGHTS = 18  # of one world: there are pictures for so many


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work.

    Args:
        part: which kind.
        seed: of everything random in it.
        size: how much of it: kills, schedules, races or nights.
        slot: which share of the boundaries, of `slots`.
    """

    part: str
    seed: int
    size: int
    slot: int = 0
    slots: int = 1

    @property
    def name(self) -> str:
        """Of its worlds; new every time, so that nothing is found from an earlier run."""
        return f"{self.part}-{self.seed}-{uuid4().hex[:6]}"


def run_unit(unit: Unit, site: Site) -> Said:
    """What a unit came to: counts by name, and notes."""
    return PARTS[unit.part](unit, site)


# -- kills ------------------------------------------------------------------------------------------------------------


def kills(unit: Unit, site: Site) -> Said:
    """Nights killed at boundaries and at random instants until they seal, each lived again by a twin left alone."""
    name = unit.name
    with world(site, name, "nightly") as ours, world(site, f"{name}-twin", "nightly", frames=ours.frames) as twin:
        done = _Kills(unit, ours, twin)
        while done.goes_on():
            done.night()
        wrongs, differs = check(ours, done.nights), compare(ours, twin, done.nights)
        return _said(wrongs, differs, done.failures, ours.attempts + twin.attempts) | {
            "kills": done.total, "kills_at_boundaries": len(done.struck), "nights": done.nights,
            "boundaries_met": len(done.met), "boundaries": done.struck,
            "undisturbed_seconds": seconds(twin.attempts) / len(twin.attempts),
        }  # fmt: skip


class _Kills:
    """The kills of a unit: two nights at boundaries, then nights at random instants until there were enough."""

    def __init__(self, unit: Unit, ours: World, twin: World) -> None:
        self.unit, self.ours, self.twin = unit, ours, twin
        self.nights, self.total, self.rng = 0, 0, np.random.default_rng(unit.seed)
        self.struck: list[str] = []
        self.met: set[str] = set()
        self.failures: list[str] = []
        self._night_seconds = 0.0  # of an undisturbed night

    def goes_on(self) -> bool:
        """Whether there are kills left, and all is well so far."""
        return self.total < self.unit.size and len(self.failures) < PATIENCE and self.nights < MOST_NIGHTS

    def night(self) -> None:
        """One night, killed, and its twin."""
        morning(self.ours, self.nights, self.unit.seed)
        self._at_boundaries() if self.nights < AT_BOUNDARIES else self._at_instants()
        self._seal()
        self.nights += 1

    def _at_boundaries(self) -> None:
        chosen = sliced(self.unit.slot, self.unit.slots, self.nights)
        hunter = Boundaries(f"faults/{self.ours.name}/", chosen)
        while self._open() and self._attempt(hunter):
            pass
        self.struck += [f"night {self.nights}: {each}" for each in hunter.done]
        self.met |= {f"night {self.nights}: {each}" for each in hunter.met}

    def _at_instants(self) -> None:
        while self._open() and self.total < self.unit.size:
            if not self._attempt(None, self.rng.random() * self._night_seconds, alone=self.rng.random() < HALF):
                return

    def _seal(self) -> None:
        """Run until it is sealed, without harm; then let the twin live the same night."""
        while self._open():
            self._attempt(None)
        for ended in live_again(self.twin, self.ours, self.nights):
            self._night_seconds = ended.seconds
            if ended.figures is None:
                self.failures.append(f"the undisturbed night failed: {ended.error}")

    def _open(self) -> bool:
        return self.ours.head() != self.nights and len(self.failures) < PATIENCE

    def _attempt(self, watcher: Boundaries | None, kill_after: float | None = None, *, alone: bool = False) -> bool:
        """Whether it was killed."""
        ended = self.ours.run("nightly", watcher, kill_after, alone=alone)
        self.total += ended.killed
        if ended.figures is None and not ended.killed:
            self.failures.append(ended.error or f"ended with status {ended.status}")
        return ended.killed


def live_again(twin: World, ours: World, number: int, flow: Flow = "nightly") -> Iterator[Ended]:
    """The same night undisturbed, if ours is sealed: the same pictures are there, and people have said the same.

    What came from outside counts as it was published first; so the twin finds the answers that the night took in.
    """
    key = RoundKeys(number).key("ingest/answers.json")
    if ours.head() == number:
        twin.project.store.create(key, ours.project.store.read(key))
        yield twin.run(flow)


def morning(ours: World, night: int, seed: int) -> None:
    """What happens before a night: people answer what the last one asked, and pictures arrive."""
    if night:
        ours.answer(seed + night)
    ours.deliver(FIRST_CLIPS if night == 0 else 1)


# -- fault schedules -------------------------------------------------------------------------------------------------


def schedules(unit: Unit, site: Site) -> Said:
    """Quick nights, each under a schedule of its own; one that fails is run again and must then seal."""
    rng, requests = np.random.default_rng(unit.seed), REQUESTS
    happened: list[str] = []
    failures: list[str] = []
    with world(site, unit.name, "backfill") as ours:
        for number in range(unit.size):
            morning(ours, number, unit.seed)
            plan, before = Planned.drawn(rng, requests, int(rng.integers(2, 9))), ours.requests()
            failures += _under(ours, "backfill", number, plan)
            happened += plan.happened
            requests = {name: count - before[name] for name, count in ours.requests().items()}
        wrongs = check(ours, unit.size)
        return _said(wrongs, Wrongs(), [], ours.attempts) | {
            "fault_schedules": unit.size, "faults": len(happened), "reruns": len(failures), "why_rerun": failures[:20],
            "requests": requests,
        }  # fmt: skip


def _under(ours: World, flow: Flow, number: int, plan: Watcher) -> list[str]:
    """Run a night until it seals; returns why attempts failed."""
    failures: list[str] = []
    while ours.head() != number and len(failures) < PATIENCE:
        ended = ours.run(flow, plan if len(failures) < WITH_FAULTS else None)
        if ended.figures is None:
            failures.append(ended.error or f"ended with status {ended.status}")
    return failures


# -- nights with a tenth of all requests failing ---------------------------------------------------------------------


def nights(unit: Unit, site: Site) -> Said:
    """The same nights twice, in turns: quiet, and with a tenth of the requests to every server failing."""
    failing = Failing(0.1, unit.seed)
    failures: list[str] = []
    name = unit.name
    with world(site, f"{name}-quiet", "nightly") as quiet, world(site, f"{name}-faulty", "nightly") as faulty:
        watchers = {quiet.name: Watcher(), faulty.name: failing}
        for number in range(unit.size):
            for each in (quiet, faulty):
                morning(each, number, unit.seed)
                failures += _under(each, "nightly", number, watchers[each.name])
        wrongs = check(faulty, unit.size)
        return _said(wrongs, check(quiet, unit.size), [], quiet.attempts + faulty.attempts) | {
            "nights": unit.size, "requests_failed": failing.failed, "requests": sum(faulty.requests().values()),
            "quiet_seconds": seconds(quiet.attempts), "faulty_seconds": seconds(faulty.attempts),
            "reruns": len(failures), "why_rerun": failures[:20],
        }  # fmt: skip


# -- races ------------------------------------------------------------------------------------------------------------


def races(unit: Unit, site: Site) -> Said:
    """Two processes reach for a round at one moment: one runs it, the other says who does."""
    double, none, unclear = 0, 0, list[str]()
    with world(site, unit.name, "backfill") as ours:
        morning(ours, 0, unit.seed)
        for number in range(unit.size):
            before = current_token(ours.project.store)
            ours.watch(StartingGate())
            started = [site.forge.start("backfill", ours.config, ours.environment()) for _ in range(2)]
            ended = [site.forge.wait(each) for each in started]
            ours.attempts += ended
            taken = current_token(ours.project.store) - before
            won = sum(each.figures is not None and each.figures.get("round") == number for each in ended)
            double += won > 1 or taken > 1 or (ours.head() or 0) > number
            none += won < 1 or ours.head() != number
            unclear += [_loser(each) for each in ended if not _clear(each, number)]
            if ours.head() != number:
                break
        wrongs = check(ours, unit.size)
    return _said(wrongs, Wrongs(), unclear, ours.attempts) | {
        "races": unit.size, "race_double_winners": double, "races_without_winner": none, "unclear_losers": len(unclear),
    }  # fmt: skip


def _clear(ended: Ended, number: int) -> bool:
    """Whether it won, or said who holds the lease."""
    won = ended.figures is not None and ended.figures.get("round") == number
    return won or "holds it since" in _loser(ended)


def _loser(ended: Ended) -> str:
    return ended.error or str(ended.figures)


# -- all --------------------------------------------------------------------------------------------------------------


def _said(wrongs: Wrongs, more: Wrongs, failures: Sequence[str], attempts: Sequence[Ended]) -> Said:
    counts = {name: value + more.counts()[name] for name, value in wrongs.counts().items()}
    return counts | {
        "notes": [*wrongs.notes, *more.notes],
        "failures": list(failures),
        "attempts": len(attempts),
        "attempt_seconds": seconds(attempts),
        "cpu_seconds": sum(each.cpu for each in attempts),
    }


def hostile(unit: Unit, site: Site) -> Said:  # noqa: ARG001
    """Pictures and answers that nobody should be able to break anything with; other files of this folder make them."""
    from tests.faults import hostile_answers, hostile_images  # noqa: PLC0415 - no other part needs them

    pictures = hostile_images.run(unit.size, unit.seed)
    answers = hostile_answers.run(unit.size, unit.seed)
    return {**pictures, **answers, "crashes": pictures["crashes"] + answers["crashes"]}


PARTS: dict[str, Callable[[Unit, Site], Said]] = {
    "kills": kills, "schedules": schedules, "races": races, "nights": nights, "hostile": hostile,
}  # fmt: skip
WHOLE = {"kills": 240, "schedules": 200, "races": 100, "nights": 20, "hostile": 500}
SAMPLED = 25  # a sample kills at one boundary in so many
UNIT = {"kills": 60, "schedules": 5, "races": 10, "nights": 20, "hostile": 500}


def units(parts: Sequence[str], scale: float, seed: int) -> list[Unit]:
    """The whole work, or a share of it, in pieces that can be done in any order."""
    return [each for part in parts for each in _cut(part, scale, seed)]


def _cut(part: str, scale: float, seed: int) -> list[Unit]:
    total, size = max(1, round(WHOLE[part] * scale)), UNIT[part]
    count = -(-total // size)
    slots = count if scale >= 1 else max(count, SAMPLED)
    return [Unit(part, seed + slot, min(size, total - slot * size), slot, slots) for slot in range(count)]
