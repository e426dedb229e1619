"""Rounds as objects: HEAD, plan.json, round.json and the receipts of the stages.

What is published is never changed: whoever writes second gets back what the first one wrote.
"""

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from nightshift.domain.errors import Conflict, Damaged, NotFound, StoreError
from nightshift.domain.rounds import HEAD, SCHEMA, Plan, Receipt, RoundKeys, Sealed
from nightshift.services.store.s3 import Store

Document = TypeVar("Document", Plan, Receipt, Sealed)
REPAIR = "Restore it from a version or a backup."
PLAN, ROUND = "plan.json", "round.json"


def read_head(store: Store) -> int | None:
    """The number of the last sealed round; None before the first."""
    return _head(store)[0]


def move_head(store: Store, before: int | None, after: int) -> None:
    """Let HEAD name the next round, by compare-and-swap. Doing it again changes nothing.

    Raises:
        Conflict: HEAD names neither `before` nor `after`, or another round was first.
    """
    found, etag = _head(store)
    if found == after:
        return
    if found != before:
        said = f"HEAD names round {found} instead of {before}"
        raise Conflict(store.uri(HEAD), said, "Another round was sealed meanwhile: start over from it.")
    store.swap(HEAD, f"{after}\n".encode(), etag)


def create_plan(store: Store, plan: Plan) -> bool:
    """Open a round. False when it was opened before: then `read_plan` says with which inputs."""
    key = plan.keys.key(PLAN)
    return store.create(key, encode(plan, Plan, store.uri(key)))


def read_plan(store: Store, number: int) -> Plan:
    """The inputs of a round.

    Raises:
        NotFound: there is no such round.
    """
    return _read(store, RoundKeys(number).key(PLAN), Plan)


def seal(store: Store, sealed: Sealed) -> Sealed:
    """Write round.json. Returns the one that counts, which is the one written first; HEAD does not move."""
    return _publish(store, RoundKeys(sealed.number).key(ROUND), sealed, Sealed)


def read_sealed(store: Store, number: int) -> Sealed | None:
    """What a round came to; None while it is open."""
    return _find(store, RoundKeys(number).key(ROUND), Sealed)


def write_receipt(store: Store, keys: RoundKeys, receipt: Receipt) -> Receipt:
    """A stage is done. Returns the receipt that counts, which is the one written first."""
    return _publish(store, keys.stage(receipt.stage), receipt, Receipt)


def read_receipt(store: Store, keys: RoundKeys, stage: str) -> Receipt | None:
    """What a stage left behind; None while it is not done."""
    return _find(store, keys.stage(stage), Receipt)


def lineage(store: Store, number: int) -> tuple[int, ...]:
    """A round, its parent, and so on to the first.

    Raises:
        Damaged: a parent is not older than its child.
    """
    chain = [number]
    while (parent := read_plan(store, chain[-1]).parent) is not None:
        if parent >= chain[-1]:
            reason = f"round {chain[-1]} names round {parent} as its parent"
            raise Damaged(store.uri(RoundKeys(chain[-1]).key(PLAN)), reason, REPAIR)
        chain.append(parent)
    return tuple(chain)


def _head(store: Store) -> tuple[int | None, str | None]:
    try:
        content, etag = store.read_with_etag(HEAD)
    except NotFound:
        return None, None
    if not content.strip().isdigit():
        raise Damaged(store.uri(HEAD), f"it says {content[:20]!r}, no round's number", REPAIR)
    return int(content), etag


def _find(store: Store, key: str, kind: type[Document]) -> Document | None:
    try:
        return _read(store, key, kind)
    except NotFound:
        return None


def _read(store: Store, key: str, kind: type[Document]) -> Document:
    return decode(store.read(key), kind, store.uri(key))


def _publish(store: Store, key: str, document: Document, kind: type[Document]) -> Document:
    content = encode(document, kind, store.uri(key))
    return document if store.create(key, content) else _read(store, key, kind)


def encode(document: Document, kind: type[Document], subject: str) -> bytes:
    """JSON for people and machines: sorted, indented, UTF-8.

    Raises:
        StoreError: it holds something that JSON cannot say.
    """
    try:
        plain = TypeAdapter(kind).dump_python(document, mode="json")
        return json.dumps(plain, sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False).encode() + b"\n"
    except ValueError as error:
        raise StoreError(subject, f"it holds what JSON cannot say: {error}", "Leave that value out.") from error


def decode(content: bytes, kind: type[Document], subject: str) -> Document:
    """What the JSON says.

    Raises:
        Damaged: it is malformed.
        StoreError: a newer Nightshift wrote it.
    """
    try:
        plain = json.loads(content)
        _check_version(plain, subject)
        return TypeAdapter(kind).validate_python(plain)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Damaged(subject, f"it is no JSON: {error}", REPAIR) from error
    except ValidationError as error:
        raise Damaged(subject, _first(error), REPAIR) from error


def _check_version(plain: Any, subject: str) -> None:
    version = plain.get("schema", SCHEMA) if isinstance(plain, dict) else SCHEMA
    if isinstance(version, int) and version > SCHEMA:
        reason = f"a newer Nightshift wrote it (schema {version}, this one reads up to {SCHEMA})"
        raise StoreError(subject, reason, "Update Nightshift on this machine.")


def _first(error: ValidationError) -> str:
    worst = error.errors()[0]
    return f"{'.'.join(str(part) for part in worst['loc']) or 'it'}: {worst['msg']}"
