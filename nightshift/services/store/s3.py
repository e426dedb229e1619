"""One prefix of one bucket, behind few methods.

Names are keys relative to the prefix. What reads also takes an s3:// address of any place the store was opened
with: frames stay where their owner keeps them. Knows nothing of rounds, tables or leases.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nightshift.domain.errors import Conflict, NotFound, StoreError
from nightshift.domain.models import Progress, no_progress
from nightshift.services.store import transfer
from nightshift.services.store.bulk import in_threads
from nightshift.services.store.client import open_client
from nightshift.services.store.conditional import put_if
from nightshift.services.store.faults import translated
from nightshift.services.store.integrity import LABEL, bare
from nightshift.services.store.places import SCHEME, Place, climbs, split_uri


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object as listed: key relative to the prefix, bytes, bare ETag, last change (UTC)."""

    key: str
    size: int
    etag: str
    modified: datetime


class Store:
    """A bucket and a prefix in it.

    Args:
        client: a boto3 S3 client.
        place: where everything is written.
        readable: further places that may be read, and only read.
    """

    def __init__(self, client: Any, place: Place, readable: Sequence[Place] = ()) -> None:
        self.client, self.place, self.readable = client, place, tuple(readable)
        self._quoted = True  # until the server shows that it compares ETags without their quotes

    @classmethod
    def connect(cls, uri: str, also: Sequence[str] = (), client: Any = None) -> "Store":
        """Open s3://bucket/prefix with what the environment says. Sends nothing yet.

        Args:
            uri: where everything is written.
            also: further addresses that may be read.
            client: instead of one from the environment.

        Raises:
            ConfigError: an address is none.
            StoreError: the environment makes no sense.
        """
        places = [Place.parse(each) for each in also]
        return cls(client or open_client(), Place.parse(uri), places)

    def uri(self, key: str) -> str:
        """s3://bucket/prefix/key."""
        return f"{SCHEME}{self.place.bucket}/{self.place.root}{key}"

    def at(self, place: Place) -> "Store":
        """Another place, through the same connection."""
        return Store(self.client, place)

    def check(self) -> None:
        """Whether the bucket is there and may be used.

        Raises:
            StoreError: why not.
        """
        try:
            with translated(self.place.uri):
                self.client.list_objects_v2(Bucket=self.place.bucket, Prefix=self.place.root, MaxKeys=1)
        except NotFound as error:
            raise StoreError(self.place.uri, "the bucket does not exist", "Create it.") from error

    def read(self, name: str, sha256: str | None = None, most: int | None = None) -> bytes:
        """The content of a key, or of an s3:// address in a readable place.

        Args:
            name: which object.
            sha256: what its digest must be, for objects that must never change (a frame's id).
            most: bytes that it may have, for objects that others wrote.

        Raises:
            NotFound: it is not there.
            Damaged: the bytes are not those that were written, or more than `most`.
        """
        return self.read_with_etag(name, sha256, most)[0]

    def read_with_etag(self, name: str, sha256: str | None = None, most: int | None = None) -> tuple[bytes, str]:
        """As `read`, with the bare ETag."""
        bucket, key = self._locate(name)
        return transfer.read(self.client, bucket, key, sha256, most)

    def exists(self, name: str) -> bool:
        """Whether an object is there."""
        bucket, key = self._locate(name)
        try:
            with translated(name):
                self.client.head_object(Bucket=bucket, Key=key)
        except NotFound:
            return False
        return True

    def digest(self, name: str) -> tuple[int, str]:
        """(bytes, sha-256 in hex) of an object: as recorded when it was written, else computed from its content.

        Raises:
            NotFound: it is not there.
        """
        bucket, key = self._locate(name)
        with translated(name):
            answer = self.client.head_object(Bucket=bucket, Key=key)
        recorded = answer.get("Metadata", {}).get(LABEL)
        return int(answer["ContentLength"]), recorded or hashlib.sha256(self.read(name)).hexdigest()

    def write(self, key: str, data: bytes) -> str:
        """Write, whatever was there before. Returns the bare ETag."""
        with translated(self.uri(key)):
            return bare(self._put(key, data)["ETag"])

    def create(self, key: str, data: bytes) -> bool:
        """Write only if nothing is there. False when something is, whatever it says."""
        return put_if(_Cell(self, key), data, IfNoneMatch="*") is not None

    def swap(self, key: str, data: bytes, etag: str | None) -> str:
        """Write only if the object still has this bare ETag; None means that it must not exist.

        Returns:
            The new bare ETag.

        Raises:
            Conflict: another writer was first.
        """
        written = self._replace(key, data, etag) if etag else put_if(_Cell(self, key), data, IfNoneMatch="*")
        if written is None:
            raise Conflict(self.uri(key), "another writer was first", "Read it again, then decide.")
        return written

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Every object whose key begins with `prefix`, in the order of the keys' bytes."""
        pages = self.client.get_paginator("list_objects_v2")
        with translated(self.uri(prefix)):
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=self.place.root + prefix):
                for each in page.get("Contents", ()):
                    yield self._info(each)

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when it is not there."""
        with translated(self.uri(key)):
            self.client.delete_object(Bucket=self.place.bucket, Key=self._key(key))

    def download(self, name: str, path: Path, sha256: str | None = None) -> None:
        """Stream into a file, which appears whole or not at all. Errors as `read`."""
        bucket, key = self._locate(name)
        transfer.download(self.client, bucket, key, path, sha256)

    def upload(self, path: Path, key: str) -> None:
        """Stream a file into the store, in parts when it is large."""
        transfer.upload(self.client, path, self.place.bucket, self._key(key))

    def read_many(
        self, names: Sequence[str], progress: Progress = no_progress, sha256: Sequence[str] | None = None
    ) -> Sequence[bytes]:
        """The contents in the order of the names, read in threads. All are held in memory."""
        digests: Sequence[str | None] = sha256 or [None] * len(names)
        wanted = list(zip(names, digests, strict=True))
        return in_threads(lambda each: self.read(*each), wanted, progress)

    def write_many(self, contents: Mapping[str, bytes], progress: Progress = no_progress) -> None:
        """Write key → content in threads."""
        in_threads(lambda each: self.write(*each), list(contents.items()), progress)

    def fetch_many(
        self, wanted: Sequence[tuple[str, Path] | tuple[str, Path, str]], progress: Progress = no_progress
    ) -> None:
        """Download each (name, path), or (name, path, sha256 that it must have), in threads."""
        in_threads(lambda each: self.download(*each), list(wanted), progress)

    def _replace(self, key: str, data: bytes, etag: str) -> str | None:
        """If-Match as the standard wants it, quoted; then bare, for servers that compare it so."""
        cell = _Cell(self, key)
        written = put_if(cell, data, IfMatch=f'"{etag}"' if self._quoted else etag)
        if written is None and self._quoted and self._etag(key) == etag:
            written = put_if(cell, data, IfMatch=etag)
            self._quoted = written is None
        return written

    def _etag(self, key: str) -> str | None:
        try:
            with translated(self.uri(key)):
                answer = self.client.head_object(Bucket=self.place.bucket, Key=self._key(key))
        except NotFound:
            return None
        return bare(answer["ETag"])

    def _put(self, key: str, data: bytes, **condition: str) -> dict[str, Any]:
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        answer: dict[str, Any] = self.client.put_object(
            Bucket=self.place.bucket,
            Key=self._key(key),
            Body=data,
            ContentMD5=base64.b64encode(md5).decode(),
            Metadata={LABEL: hashlib.sha256(data).hexdigest()},
            **condition,
        )
        return answer

    def _info(self, each: Mapping[str, Any]) -> ObjectInfo:
        key = each["Key"].removeprefix(self.place.root)
        return ObjectInfo(key, int(each["Size"]), bare(each["ETag"]), each["LastModified"])

    def check_readable(self, uris: Iterable[str]) -> None:
        """Whether all of these s3:// addresses lie in places that may be read.

        Raises:
            ConfigError: one is no such address.
            StoreError: one lies elsewhere.
        """
        for uri in uris:
            self._allowed(uri)

    def _key(self, key: str) -> str:
        if not key or key.startswith("/") or "://" in key or climbs(key):
            raise StoreError(f"'{key}'", "it is no key of this store", "Give a path relative to its prefix.")
        return self.place.root + key

    def _locate(self, name: str) -> tuple[str, str]:
        return self._allowed(name) if name.startswith(SCHEME) else (self.place.bucket, self._key(name))

    def _allowed(self, name: str) -> tuple[str, str]:
        bucket, key = split_uri(name)
        if any(place.holds(bucket, key) for place in (self.place, *self.readable)):
            return bucket, key
        allowed = ", ".join(place.uri for place in (self.place, *self.readable))
        raise StoreError(name, "it lies outside the places that may be read", f"Readable are: {allowed}.")


@dataclass(frozen=True, slots=True)
class _Cell:
    """One key of a store, as conditional writes see it."""

    store: Store
    key: str

    @property
    def uri(self) -> str:
        return self.store.uri(self.key)

    def put(self, data: bytes, **condition: str) -> dict[str, Any]:
        return self.store._put(self.key, data, **condition)  # noqa: SLF001 - same module

    def read_with_etag(self) -> tuple[bytes, str]:
        return self.store.read_with_etag(self.key)
