"""Wishes as objects: written once under the digest of what they say, read by the night that chooses.

Nobody changes or removes one: what is left of it is whatever of its frames was not asked yet.
"""

from nightshift.domain.errors import Damaged
from nightshift.domain.frames import Rejected
from nightshift.domain.wishes import FOLDER, KEY, LARGEST, Wish
from nightshift.services.store.s3 import Store


def make_wish(store: Store, wish: Wish) -> bool:
    """Keep a wish. False when the same one is there already."""
    return store.create(wish.key, wish.content)


def read_wishes(store: Store) -> tuple[list[Wish], list[Rejected]]:
    """Every wish, the oldest first, and what lies there and is none, with the reason."""
    found, rejected = [], []
    for each in sorted(store.list(FOLDER), key=lambda each: (each.modified, each.key)):
        try:
            found.append(_read(store, each.key))
        except (ValueError, Damaged) as error:
            reason = error.reason if isinstance(error, Damaged) else str(error)
            rejected.append(Rejected(each.key, f"it is no wish: {reason.splitlines()[0]}"))
    return found, rejected


def _read(store: Store, key: str) -> Wish:
    if not KEY.fullmatch(key):
        raise ValueError("its name is no digest")
    wish = Wish.read(store.read(key, most=LARGEST))
    if wish.key != key:
        raise ValueError("its name is not the digest of what it says")
    return wish
