"""What an object comes to, read from its first byte to its last: length and digest of what lies there now.

Believes nothing that was recorded about it; whoever asks compares. Content is streamed, and kept only on request.
"""

import hashlib
from contextlib import closing
from dataclasses import dataclass

from nightshift.domain.errors import StoreError
from nightshift.services.store.faults import UNREACHED, translated
from nightshift.services.store.integrity import LABEL
from nightshift.services.store.s3 import Store

TRIES = 3
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Weighed:
    """An object as it lies there.

    Args:
        size: bytes that arrived.
        sha256: of them, hex.
        recorded: what its metadata says that its sha-256 is; None where they say nothing.
        content: the bytes, where they were asked for; else none.
    """

    size: int
    sha256: str
    recorded: str | None
    content: bytes


def weigh(store: Store, name: str, *, keep: bool = False) -> Weighed:
    """Read an object through.

    Args:
        store: opened so that it may read it.
        name: a key, or an s3:// address.
        keep: hand back the content too.

    Raises:
        NotFound: it is not there.
        StoreError: it may not be read, or S3 breaks off every time; see `unreached`.
    """
    for _ in range(TRIES - 1):
        try:
            return _once(store, name, keep=keep)
        except StoreError as error:
            if not unreached(error):
                raise
    return _once(store, name, keep=keep)


def unreached(error: StoreError) -> bool:
    """Whether S3 itself was away, so that nothing is known of the object."""
    return isinstance(error.__cause__, UNREACHED)


def _once(store: Store, name: str, *, keep: bool) -> Weighed:
    bucket, key = store._locate(name)  # noqa: SLF001 - what the store may read is for the store to say
    size, hasher, kept = 0, hashlib.sha256(), bytearray()
    with translated(name):
        answer = store.client.get_object(Bucket=bucket, Key=key)
        with closing(answer["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK):
                size += len(chunk)
                hasher.update(chunk)
                kept += chunk if keep else b""
    return Weighed(size, hasher.hexdigest(), answer.get("Metadata", {}).get(LABEL), bytes(kept))
