"""When something goes wrong: seeded schedules of faults, shares of failing requests, and places to kill at.

Knows requests; knows no night.
"""

import re
import threading
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np

from nightshift.domain.rounds import LEASE
from tests.faults.kinds import Kind, fault
from tests.faults.proxy import Fault, Request, Watcher

FAILING = tuple(each for each in Kind if each is not Kind.DELAY)
DELAYS = (0.05, 1.0)  # seconds
AIMING = 30.0  # seconds until the attempt's process is known at the latest
NUMBERS = re.compile(r"[0-9a-f]{16,}|(?<=/)\d+(?=/|$)")
SCRATCH = re.compile(r"probe/.*")


def draw(rng: np.random.Generator, kinds: tuple[Kind, ...] = tuple(Kind)) -> Fault:
    """Any fault."""
    kind = kinds[rng.integers(len(kinds))]
    return fault(kind, float(rng.uniform(*DELAYS)) if kind is Kind.DELAY else 0.0)


class Planned(Watcher):
    """A schedule: what goes wrong with which request of which server, counted from the start.

    Args:
        faults: (service, number of the request) → fault.
    """

    def __init__(self, faults: Mapping[tuple[str, int], Fault]) -> None:
        self.faults, self.happened = dict(faults), list[str]()
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    @classmethod
    def drawn(cls, rng: np.random.Generator, requests: Mapping[str, int], count: int) -> "Planned":
        """Some faults, spread over the requests that a night makes (service → how many)."""
        services = sorted(requests)
        drawn = (services[i] for i in rng.integers(len(services), size=count))
        places = [(service, int(rng.integers(max(1, requests[service])))) for service in drawn]
        return cls({place: draw(rng) for place in places})

    def before(self, request: Request) -> Fault | None:
        with self._lock:
            number = self._seen.get(request.service, 0)
            self._seen[request.service] = number + 1
            found = self.faults.pop((request.service, number), None)
            if found:
                self.happened.append(f"{found.kind} at {request.service} {request.method} {request.path}")
            return found


class Failing(Watcher):
    """A share of all requests fails.

    Args:
        share: of the requests.
        seed: decides which.
    """

    def __init__(self, share: float, seed: int) -> None:
        self.share, self._rng, self._lock, self.failed = share, np.random.default_rng(seed), threading.Lock(), 0

    def before(self, request: Request) -> Fault | None:  # noqa: ARG002
        with self._lock:
            if self._rng.random() >= self.share:
                return None
            self.failed += 1
            return draw(self._rng, FAILING)


class StartingGate(Watcher):
    """Two rounds reach for the lease at one moment: neither write passes before the other has come.

    Args:
        patience: seconds that the first waits for the second.
    """

    def __init__(self, patience: float = 45.0) -> None:
        self._both, self._lock, self._coming = threading.Barrier(2, timeout=patience), threading.Lock(), 2

    def before(self, request: Request) -> Fault | None:
        with self._lock:
            waits = self._coming > 0 and request.writes and request.path.endswith(f"/{LEASE}")
            self._coming -= waits
        if waits:
            with suppress(threading.BrokenBarrierError):  # nobody else came: there is no race
                self._both.wait()
        return None


class Boundaries(Watcher):
    """Kills at boundaries: right before a write is passed on, or right after the server has done it.

    Each boundary kills once; the next attempt comes past it.

    Args:
        root: the store's prefix, cut off from keys.
        chosen: which boundaries to kill at, by name.
    """

    def __init__(self, root: str, chosen: Callable[[str], bool]) -> None:
        self._root, self._chosen, self.done = root, chosen, list[str]()
        self.met: set[str] = set()
        self._lock, self._aimed = threading.Lock(), threading.Event()
        self._kill: Callable[[], None] | None = None
        self._times: dict[str, int] = {}

    def aim(self, kill: Callable[[], None]) -> None:
        self._kill, self._times = kill, {}
        self._aimed.set()

    def rest(self) -> None:
        """The attempt is over: wait for the next to be aimed at."""
        self._aimed.clear()
        self._kill = None

    def before(self, request: Request) -> Fault | None:
        return fault(Kind.RESET) if request.writes and self._strikes(request, "before") else None

    def after(self, request: Request) -> None:
        if request.writes:
            self._strikes(request, "after")

    def _strikes(self, request: Request, phase: str) -> bool:
        self._aimed.wait(AIMING)
        with self._lock:
            name = self._name(request, phase)
            self.met.add(name)
            if self._kill is None or name in self.done or not self._chosen(name):
                return False
            self.done.append(name)
            kill, self._kill = self._kill, None
            kill()
            return True

    def _name(self, request: Request, phase: str) -> str:
        """service, method, path without ids, and the how manyth of its kind in this attempt."""
        path = request.path.partition(self._root)[2] or NUMBERS.sub("N", request.path)
        plain = f"{phase} {request.service} {request.method} {SCRATCH.sub('probe', path)}"
        self._times[plain] = self._times.get(plain, 0) + 1
        return plain if "probe" in plain else f"{plain} #{self._times[plain]}"


def sliced(slot: int, slots: int, night: int) -> Callable[[str], bool]:
    """A share of all boundaries of a night: over all slots, each boundary is chosen once."""
    return lambda name: zlib.crc32(f"{night} {name}".encode()) % slots == slot
