"""What was removed on purpose, and why: a small record in the store for every time that something was.

It is written before anything goes, so that nothing is ever missing without a reason.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nightshift.domain.errors import Damaged
from nightshift.domain.rounds import SCHEMA
from nightshift.services.store.s3 import Store

FOLDER = "gc/"


@dataclass(frozen=True, slots=True)
class Removal:
    """One thing that may go.

    Args:
        key: of the object; of a file of the cache, its path.
        size: bytes.
        why: nobody needs it, as a clause.
    """

    key: str
    size: int
    why: str


def record(store: Store, removed: Sequence[Removal], at: datetime, by: str, token: int, rule: dict[str, Any]) -> str:
    """Publish what is about to go.

    Args:
        store: where.
        removed: what goes.
        at: when.
        by: who holds the lease.
        token: of the lease: no two records share it.
        rule: the retention that was asked for.

    Returns:
        The record's key.
    """
    key = f"{FOLDER}{at:%Y%m%dT%H%M%SZ}-{token}.json"
    said = {"schema": SCHEMA, "at": at.isoformat(), "by": by, "rule": rule, "removed": [asdict(e) for e in removed]}
    store.create(key, json.dumps(said, sort_keys=True, indent=1).encode() + b"\n")
    return key


def removed_keys(store: Store) -> frozenset[str]:
    """Every key that was removed on purpose.

    Raises:
        Damaged: a record cannot be read.
    """
    keys = [each.key for each in store.list(FOLDER)]
    return frozenset(gone.key for key in keys for gone in _read(store, key))


def _read(store: Store, key: str) -> list[Removal]:
    try:
        return TypeAdapter(list[Removal]).validate_python(json.loads(store.read(key))["removed"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        reason = "it is no record of what was removed"
        raise Damaged(store.uri(key), reason, "Restore it from a version or a backup.") from error
