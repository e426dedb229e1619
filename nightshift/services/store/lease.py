"""The lock on a project's rounds: one object, taken by compare-and-swap, that runs out by itself.

Every holder gets a larger fencing token than the one before; the object is never deleted, so tokens never repeat.
A holder stops at `until` by its own clock; others wait SKEW longer, so clocks may differ that much.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import uuid4

from pydantic import TypeAdapter, ValidationError

from nightshift.domain.errors import Conflict, LeaseHeld, LeaseLost, NotFound, StoreError
from nightshift.domain.rounds import LEASE
from nightshift.services.store.s3 import Store

TTL = timedelta(minutes=2)
SKEW = timedelta(seconds=10)
BEATS = 4  # renewals in one TTL, so that a few may fail
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def new_nonce() -> str:
    """Something nobody else writes."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Holder:
    """What the object says.

    Args:
        owner: host and process, for people.
        nonce: of this holder; two processes never share one.
        token: fencing token, from 1.
        since: when it was taken.
        until: when it runs out, unless renewed.
        released: it was given back.
    """

    owner: str
    nonce: str
    token: int
    since: datetime
    until: datetime
    released: bool = False

    def over(self, now: datetime) -> bool:
        """Whether somebody else may take it."""
        return self.released or now > self.until + SKEW


class Lease:
    """The lease of a project, held inside `with`; a thread renews it meanwhile.

    Args:
        store: the project's.
        owner: who asks, for people: host and process.
        ttl: how long it lasts without renewal.
        clock: aware times.
        nonce: makes what this holder writes unlike what anyone else writes.
        gone: tells of an owner that it certainly lives no more, so that nobody waits for the dead.
    """

    def __init__(
        self,
        store: Store,
        owner: str,
        ttl: timedelta = TTL,
        clock: Clock = utc_now,
        nonce: Callable[[], str] = new_nonce,
        gone: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._gone = gone
        self._store, self._owner, self._ttl, self._clock, self._nonce = store, owner, ttl, clock, nonce
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._held: tuple[Holder, str] | None = None
        self._beat: threading.Thread | None = None

    @property
    def token(self) -> int:
        """The fencing token; larger than every earlier one."""
        return self._mine()[0].token

    def acquire(self) -> Self:
        """Take it.

        Raises:
            LeaseHeld: somebody has it; says who, since when and until when.
        """
        before, etag = _read(self._store)
        now = self._clock()
        if before and not before.over(now) and not self._gone(before.owner):
            raise _held_by(self._store, before)
        token = before.token + 1 if before else 1
        holder = Holder(self._owner, self._nonce(), token, now, now + self._ttl)
        try:
            self._held = (holder, self._store.swap(LEASE, _encode(holder), etag))
        except Conflict as error:
            after, _ = _read(self._store)
            raise _held_by(self._store, after or holder) from error
        return self

    def renew(self) -> None:
        """Prolong it, which proves that it is still ours.

        Raises:
            LeaseLost: somebody took it over, or it ran out before it was renewed.
        """
        with self._lock:
            self.check()
            holder, etag = self._mine()
            longer = replace(holder, until=self._clock() + self._ttl)
            try:
                self._held = (longer, self._store.swap(LEASE, _encode(longer), etag))
            except Conflict as error:
                self._held = None
                raise _lost(self._store) from error

    def check(self) -> None:
        """Stop unless it is still ours, as far as this process knows; asks nobody.

        Raises:
            LeaseLost: it was taken over, or ran out.
        """
        if self._clock() >= self._mine()[0].until:
            raise _lost(self._store)

    def release(self) -> None:
        """Give it back. Nothing happens when it is not ours any more; without an answer it runs out by itself."""
        with self._lock:
            if self._held is None:
                return
            (holder, etag), self._held = self._held, None
            try:
                self._store.swap(LEASE, _encode(replace(holder, released=True)), etag)
            except StoreError:
                return

    def __enter__(self) -> Self:
        self.acquire()
        self._beat = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._beat.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._beat:
            self._beat.join()
        self.release()

    def _keep(self) -> None:
        while not self._stop.wait(self._ttl.total_seconds() / BEATS):
            try:
                self.renew()
            except LeaseLost:
                return
            except StoreError:
                continue  # the store may come back before the lease runs out; `check` knows when it has

    def _mine(self) -> tuple[Holder, str]:
        if self._held is None:
            raise _lost(self._store)
        return self._held


def current_token(store: Store) -> int:
    """The fencing token of whoever took the lease last, holding it or not; 0 when nobody ever did."""
    holder, _ = _read(store)
    return holder.token if holder else 0


def current_holder(store: Store, now: datetime) -> Holder | None:
    """Who holds it; None when it is free."""
    holder, _ = _read(store)
    return holder if holder and not holder.over(now) else None


def _read(store: Store) -> tuple[Holder | None, str | None]:
    try:
        content, etag = store.read_with_etag(LEASE)
    except NotFound:
        return None, None
    try:
        return TypeAdapter(Holder).validate_json(content), etag
    except ValidationError as error:
        remedy = "Make sure that no round is running, then delete this object."
        raise StoreError(store.uri(LEASE), "it is no lease", remedy) from error


def _encode(holder: Holder) -> bytes:
    return json.dumps(asdict(holder), default=datetime.isoformat, sort_keys=True).encode()


def _held_by(store: Store, holder: Holder) -> LeaseHeld:
    since, until = f"{holder.since:%Y-%m-%d %H:%M:%S}", f"{holder.until:%H:%M:%S} UTC"
    return LeaseHeld(
        store.uri(LEASE),
        f"{holder.owner} holds it since {since}, until {until} unless renewed",
        "Wait for that round; if its process is dead, the lease frees itself soon after that time.",
    )


def _lost(store: Store) -> LeaseLost:
    return LeaseLost(
        store.uri(LEASE),
        "the lease is not this process's any more",
        "Run the round again: it goes on where it stopped.",
    )
