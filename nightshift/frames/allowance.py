"""How much may be held at once: threads wait until what they ask for fits. Knows not what is held."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Allowance:
    """So many bytes, shared by threads.

    Args:
        size: what may be held at once; a single thread may hold more, but then alone.
    """

    def __init__(self, size: int) -> None:
        self._size, self._held = size, 0
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, wanted: int) -> Iterator[None]:
        """Wait until it fits, then keep it while the block runs. Whoever holds some must not ask for more."""
        wanted = max(0, min(wanted, self._size))
        with self._changed:
            self._changed.wait_for(lambda: self._held + wanted <= self._size)
            self._held += wanted
        try:
            yield
        finally:
            with self._changed:
                self._held -= wanted
                self._changed.notify_all()
