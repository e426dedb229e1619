"""One object against what is known of it: it is there, has its length and its digest, and can be read.

Knows nothing of rounds; `rounds` says what is wanted.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from nightshift.domain.errors import NotFound, StoreError
from nightshift.services.store import tables
from nightshift.services.store.places import SCHEME
from nightshift.services.store.s3 import Store
from nightshift.services.store.state import REPAIR
from nightshift.services.store.weigh import Weighed, unreached, weigh
from nightshift.upkeep.findings import Finding

UNRECORDED = (
    "Somebody else wrote it: restore it from a version or a backup. Whoever copies a bucket must copy the objects' "
    "metadata too."
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object, and what is known of it.

    Args:
        name: its key, or its s3:// address.
        size: bytes; None where nobody wrote that down.
        sha256: hex; None where only its own metadata say it.
        table: which table it holds; None for anything else.
        remedy: if it is damaged or missing.
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    table: str | None = None
    remedy: str = REPAIR

    @property
    def keep(self) -> bool:
        """Whether its content is looked into."""
        return self.table is not None or self.name.endswith(".json")


@dataclass(frozen=True, slots=True)
class Looked:
    """One object was read: how many bytes, and what is wrong with it."""

    size: int
    findings: tuple[Finding, ...]


def look(store: Store, wanted: Wanted) -> Looked:
    """Read an object through and hold it against what is known.

    Raises:
        StoreError: S3 is away.
    """
    try:
        found = weigh(store, wanted.name, keep=wanted.keep)
    except StoreError as error:
        if unreached(error):
            raise
        return Looked(0, (_untold(address(store, wanted.name), error, wanted),))
    return Looked(found.size, tuple(_compared(store, wanted, found)))


def address(store: Store, name: str) -> str:
    """s3:// and so on, of a key or an address."""
    return name if name.startswith(SCHEME) else store.uri(name)


def _untold(subject: str, error: StoreError, wanted: Wanted) -> Finding:
    if isinstance(error, NotFound):
        return Finding(subject, "missing", "it is not there", wanted.remedy)
    return Finding(subject, "damaged", f"it cannot be read: {error.reason}", error.remedy)


def _compared(store: Store, wanted: Wanted, found: Weighed) -> Iterator[Finding]:
    subject, sha256 = address(store, wanted.name), wanted.sha256 or found.recorded
    if wanted.size is not None and found.size != wanted.size:
        yield Finding(subject, "damaged", f"it has {found.size} bytes instead of {wanted.size}", wanted.remedy)
    elif sha256 is None:
        yield Finding(subject, "damaged", "it carries no digest", UNRECORDED)
    elif found.sha256 != sha256:
        said = f"its digest is {found.sha256[:12]} instead of {sha256[:12]}"
        yield Finding(subject, "damaged", said, wanted.remedy)
    else:
        yield from _readable(subject, wanted, found.content)


def _readable(subject: str, wanted: Wanted, content: bytes) -> Iterator[Finding]:
    try:
        if wanted.table:
            tables.decode(content, wanted.table, subject)
        elif wanted.keep:
            json.loads(content)
    except StoreError as error:
        yield Finding(subject, "damaged", error.reason, error.remedy)
    except ValueError as error:
        yield Finding(subject, "damaged", f"it is no JSON: {error}", wanted.remedy)
