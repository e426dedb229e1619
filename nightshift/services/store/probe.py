"""Does this store honour conditional writes? Some ignore them without a word, and two rounds could both win."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from nightshift.domain.errors import Conflict, StoreUnfit
from nightshift.services.store.lease import new_nonce
from nightshift.services.store.s3 import Store

RACERS = 8
ROUNDS = 2
REMEDY = "Use AWS S3, Ceph's radosgw, MiniStack or another store with If-None-Match and If-Match on PutObject."


def probe_conditional_writes(store: Store, nonce: Callable[[], str] = new_nonce) -> None:
    """Try If-None-Match and If-Match, one after the other and in a race; leaves nothing behind.

    Raises:
        StoreUnfit: the store ignores one of them.
        StoreError: the store cannot be used at all.
    """
    store.check()
    for number in range(ROUNDS):
        with _scratch(store, f"probe/{nonce()}-{number}") as key:
            _probe_create(store, key)
            _probe_swap(store, key)


def _probe_create(store: Store, key: str) -> None:
    wins = _race(lambda racer: store.create(key, f"create {racer}".encode()))
    if wins != 1:
        raise _unfit(store, f"{wins} of {RACERS} writers won a race for one new key (If-None-Match)")
    if store.create(key, b"late"):
        raise _unfit(store, "it overwrote an object in spite of If-None-Match")


def _probe_swap(store: Store, key: str) -> None:
    _, etag = store.read_with_etag(key)
    wins = _race(lambda racer: _swaps(store, key, f"swap {racer}".encode(), etag))
    if wins != 1:
        raise _unfit(store, f"{wins} of {RACERS} writers won a race to replace one object (If-Match)")
    if _swaps(store, key, b"late", etag):
        raise _unfit(store, "it overwrote a changed object in spite of If-Match")


def _swaps(store: Store, key: str, data: bytes, etag: str) -> bool:
    try:
        store.swap(key, data, etag)
    except Conflict:
        return False
    return True


def _race(attempt: Callable[[int], bool]) -> int:
    """How many of the racers, started at the same moment, say that they won."""
    line = threading.Barrier(RACERS)

    def run(racer: int) -> bool:
        line.wait()
        return attempt(racer)

    with ThreadPoolExecutor(RACERS) as pool:
        return sum(pool.map(run, range(RACERS)))


@contextmanager
def _scratch(store: Store, key: str) -> Iterator[str]:
    try:
        yield key
    finally:
        store.delete(key)


def _unfit(store: Store, reason: str) -> StoreUnfit:
    return StoreUnfit(store.place.uri, reason, REMEDY)
