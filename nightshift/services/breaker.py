"""A breaker before a service: after several requests in a row that failed, the next ones fail at once, with the reason.

It opens, lets requests through again after a rest, and closes with the first that is answered. Knows time and
counts; knows neither retries nor services.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from nightshift.domain.errors import ServiceDown


class Breaker:
    """One service in one process; threads may share it.

    Args:
        service: what it is called in the error, with its address.
        failures: in a row until it opens.
        window: seconds; a failure that is older than that before the next one is forgotten.
        rest: seconds until a request is let through again, which closes it or opens it anew.
        clock: seconds that only grow.
        now: the wall clock, for the message.
    """

    def __init__(
        self,
        service: str,
        failures: int,
        window: float,
        rest: float,
        clock: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._service, self._failures, self._window, self._rest = service, failures, window, rest
        self._clock, self._now = clock, now
        self._lock = threading.Lock()
        self._count, self._last, self._reason = 0, 0.0, ""
        self._since = now()

    def check(self) -> bool:
        """Whether this request is one to try: the service failed before and has rested.

        Raises:
            ServiceDown: it has not rested yet.
        """
        with self._lock:
            is_open = self._count >= self._failures
            if is_open and self._clock() - self._last < self._rest:
                raise ServiceDown(self._service, self._why(), self._remedy())
            return is_open

    def failed(self, reason: str) -> None:
        """A request has failed in spite of its retries."""
        with self._lock:
            if not self._count or self._clock() - self._last > max(self._window, self._rest):
                self._count, self._since = 0, self._now().astimezone(UTC)
            self._count, self._last, self._reason = self._count + 1, self._clock(), reason

    def answered(self) -> None:
        """A request was answered: all is forgotten."""
        with self._lock:
            self._count = 0

    def _why(self) -> str:
        row = f"it has not answered {self._count} requests in a row since {self._since:%Y-%m-%d %H:%M} UTC"
        return f"{row} (the last: {self._reason})"

    def _remedy(self) -> str:
        return (
            "The night stops here. Look at that service, or wait for it, then run the round again: "
            "it goes on where it stopped."
        )
