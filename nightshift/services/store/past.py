"""What sealed rounds hold: it never changes, so one process reads it once.

A night's stages each look at the whole lineage. Without this they would read the same plans, receipts and tables of
old rounds again in every stage, and a night would cost more requests the older its project is. Knows the store; knows
no stage and no open round, whose objects still come.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pyarrow as pa

from nightshift.domain.rounds import Receipt, RoundKeys, Sealed
from nightshift.services.store import state, tables
from nightshift.services.store.s3 import Store

LARGE = 32 << 20  # bytes; a table beyond that is read again instead of kept
Found = TypeVar("Found")


class Past:
    """The sealed rounds of one store, for one process; threads may share it.

    Args:
        store: where they lie.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, object], Any] = {}

    def lineage(self, number: int) -> tuple[int, ...]:
        """A sealed round, its parent, and so on to the first."""
        return self._once("lineage", number, lambda: state.lineage(self._store, number))

    def sealed(self, number: int) -> Sealed | None:
        """What a sealed round came to."""
        return self._once("sealed", number, lambda: state.read_sealed(self._store, number))

    def receipt(self, keys: RoundKeys, stage: str) -> Receipt | None:
        """What a stage of a sealed round left; None where it had none."""
        return self._once("receipt", keys.stage(stage), lambda: state.read_receipt(self._store, keys, stage))

    def table(self, key: str, name: str) -> pa.Table | None:
        """A table of a sealed round; None where the round has none under this key."""
        return self._once(name, key, lambda: read_if_there(self._store, key, name))

    def parts(self, prefix: str) -> Sequence[str]:
        """The keys that begin with a prefix in a sealed round, in order."""
        return self._once("parts", prefix, lambda: sorted(each.key for each in self._store.list(prefix)))

    def _once(self, kind: str, key: object, read: Callable[[], Found]) -> Found:
        """Two threads that ask at once both read: what they find is the same."""
        with self._lock:
            if (kind, key) in self._kept:
                kept: Found = self._kept[kind, key]
                return kept
        found = read()
        if not isinstance(found, pa.Table) or found.nbytes <= LARGE:
            with self._lock:
                self._kept[kind, key] = found
        return found


def read_if_there(store: Store, key: str, name: str) -> pa.Table | None:
    """A table; None where there is none under this key."""
    return tables.read_table(store, key, name) if store.exists(key) else None
