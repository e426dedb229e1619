"""What a sealed round consists of: every object of its folder with size and digest, published just before round.json.

So that an object which was exchanged or lost can be told years later, whatever the store says of it. Knows no table
and no stage.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from nightshift.domain.errors import Damaged, NotFound
from nightshift.domain.rounds import SCHEMA, RoundKeys
from nightshift.services.store.bulk import in_threads
from nightshift.services.store.s3 import Store

MANIFEST = "manifest.json"
LATER = frozenset({MANIFEST, "round.json"})  # written after it was made
REMEDY = "Restore it from a version or a backup."


@dataclass(frozen=True, slots=True)
class ObjectDigest:
    """What the content of an object comes to: bytes, and sha-256 in hex."""

    size: int
    sha256: str

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.sha256) != hashlib.sha256().digest_size * 2:
            raise ValueError("a digest has a size of at least 0 and 64 hex digits")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The objects of a round.

    Args:
        number: of the round.
        objects: key relative to the round's folder → digest; without the manifest itself and round.json.
        schema: of the round's documents.
    """

    number: int
    objects: Mapping[str, ObjectDigest] = field(default_factory=dict)
    schema: int = SCHEMA


_KIND = TypeAdapter(Manifest)


def publish_manifest(store: Store, keys: RoundKeys) -> str:
    """Write down what a round's folder holds. Returns the sha-256 of the manifest that counts: the first one."""
    key = keys.key(MANIFEST)
    store.create(key, _encode(_gather(store, keys)))
    return hashlib.sha256(store.read(key)).hexdigest()


def read_manifest(store: Store, number: int, sha256: str | None = None) -> Manifest | None:
    """The objects of a sealed round; None where it was sealed before there were manifests.

    Args:
        store: where.
        number: of the round.
        sha256: what round.json says that the manifest's digest is.

    Raises:
        Damaged: it is no manifest, or another one than round.json names.
    """
    key = RoundKeys(number).key(MANIFEST)
    try:
        content = store.read(key, sha256)
    except NotFound:
        return None
    try:
        return _KIND.validate_json(content)
    except ValidationError as error:
        raise Damaged(store.uri(key), f"it is no manifest: {error.errors()[0]['msg']}", REMEDY) from error


def _gather(store: Store, keys: RoundKeys) -> Manifest:
    root = keys.key("")
    names = [each.key for each in store.list(root) if each.key.removeprefix(root) not in LATER]
    digests = in_threads(lambda key: ObjectDigest(*store.digest(key)), names)
    return Manifest(keys.number, {key.removeprefix(root): found for key, found in zip(names, digests, strict=True)})


def _encode(manifest: Manifest) -> bytes:
    return json.dumps(_KIND.dump_python(manifest, mode="json"), sort_keys=True, indent=1).encode() + b"\n"
