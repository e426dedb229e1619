"""Pictures that already lie in a bucket: listed and registered where they are."""

from collections.abc import Iterator

from nightshift.domain.frames import SourceFile
from nightshift.services.store.places import Place
from nightshift.services.store.s3 import Store


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
            Damaged: the bytes are not those that were written.
        """
        return self._store.read(self._there.uri(name))

    def uri(self, name: str) -> str:
        """Where it lies: frames from a bucket stay there."""
        return self._there.uri(name)

    def _is_ours(self, key: str) -> bool:
        return self.own != self.place and self.own.holds(self.place.bucket, self.place.root + key)
