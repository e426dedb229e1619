"""Pictures that already lie in a bucket: listed and registered where they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from botocore.exceptions import ClientError

from nightshift.domain.errors import ConfigError, FrameError, StoreError
from nightshift.domain.frames import SourceFile
from nightshift.services.store.faults import code
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store

MOST_BYTES = 128 << 20  # of a picture: it is read into memory whole
# what S3 says when one object cannot be had, and all others can
WITHHELD = {
    "InvalidObjectState": "it lies in an archive",
    "KeyTooLongError": "its key is too long",
    "KMS.DisabledException": "the key it is encrypted with is disabled",
    "KMS.InvalidStateException": "the key it is encrypted with is in no fit state",
    "KMS.KMSInvalidStateException": "the key it is encrypted with is in no fit state",
    "KMS.NotFoundException": "the key it is encrypted with is gone",
}


class BucketSource:
    """Every object under an s3:// prefix, except what Nightshift itself keeps there.

    Args:
        store: opened so that it may read the place (`Store.connect(…, also=(uri,))`).
        uri: s3://bucket/prefix.
    """

    def __init__(self, store: Store, uri: str) -> None:
        self.place, self.own = Place.parse(uri), store.place
        self._store, self._there = store, Store(store.client, self.place)

    def list(self) -> Iterator[SourceFile]:
        """Every object, in the order of the keys; folders' own placeholders left out."""
        for each in self._there.list():
            if not each.key.endswith("/") and not self._is_ours(each.key):
                yield SourceFile(each.key, each.size, each.etag)

    def read(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            NotFound: it is gone meanwhile.
            Damaged: the bytes are not those that were written, or more than a picture may have.
            FrameError: S3 has it and does not hand it out, or its key is none that we follow.
            StoreError: S3 as a whole does not do what was asked.
        """
        with _withheld(name):
            return self._store.read(self._there.uri(name), most=MOST_BYTES)

    def local(self, name: str, folder: Path) -> Path:
        """A copy of an object in a folder of this machine, for decoders that read it bit by bit.

        Raises:
            DiskFull: there is no room for it.
            NightshiftError: as `read`.
        """
        path = folder / f"object{PurePosixPath(name).suffix}"
        with _withheld(name):
            self._store.download(self._there.uri(name), path)
        return path

    def uri(self, name: str) -> str:
        """Where it lies: frames from a bucket stay there."""
        return self._there.uri(name)

    def _is_ours(self, key: str) -> bool:
        return self.own != self.place and self.own.holds(self.place.bucket, self.place.root + key)


@contextmanager
def _withheld(name: str) -> Iterator[None]:
    """What S3 says of one object alone, told as being about that file."""
    try:
        yield
    except ConfigError as error:
        raise FrameError(name, error.reason, error.remedy) from error
    except StoreError as error:
        said = error.__cause__
        if isinstance(said, ClientError) and code(said) in WITHHELD:
            raise FrameError(name, WITHHELD[code(said)], "Restore it, or move it out of the source.") from error
        raise
