"""Small memories in the store, each written once, for all machines. Knows not what they say."""

from nightshift.domain.errors import NotFound
from nightshift.services.store.s3 import Store


class StoreShelf:
    """Memories under keys of the store.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def recall(self, key: str) -> bytes | None:
        """What was kept under a key; None where nothing was.

        Raises:
            Damaged: the bytes are not those that were written.
        """
        try:
            return self._store.read(key)
        except NotFound:
            return None

    def keep(self, key: str, content: bytes) -> None:
        """Keep it, unless something is there already."""
        self._store.create(key, content)
