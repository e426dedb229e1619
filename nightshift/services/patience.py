"""Patience with one service: failed requests are repeated with growing random pauses, within a budget for the night.

The pauses follow "exponential backoff and full jitter": the nth is drawn between nothing and twice the (n-1)th's
limit, or what the service asked for in Retry-After. When the night's budget is used up, or when several requests in
a row failed in spite of their retries, the night stops with the reason instead of hammering a dead server.

An adapter says by a `Judge` which of its errors are worth another attempt. Whether an action may be repeated is the
adapter's to know as well; this module knows no service.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from nightshift.domain.errors import ServiceDown
from nightshift.services.breaker import Breaker

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient we are with a service. All times in seconds.

    Args:
        attempts: of one request, the first one included.
        first_pause: the longest the first pause may be; the limit doubles each time.
        longest_pause: no pause is longer, whatever the service asks for.
        retries: in all, in a night.
        waiting: spent in failed attempts and pauses in all, in a night.
        night: after so long, what was spent is forgotten.
        failures: requests in a row, failed in spite of their retries, after which further ones fail at once.
        window: two failures further apart than this are not in a row.
        rest: after this the service is tried again.
    """

    attempts: int = 8
    first_pause: float = 0.25
    longest_pause: float = 30.0
    retries: int = 1000
    waiting: float = 1800.0
    night: float = 12 * 3600.0
    failures: int = 5
    window: float = 900.0
    rest: float = 60.0

    def __post_init__(self) -> None:
        times = (self.first_pause, self.longest_pause, self.waiting, self.night, self.window, self.rest)
        if min(self.attempts, self.failures) < 1 or min(self.retries, *times) < 0:
            raise ValueError("at least one attempt and one failure, and nothing negative")


BRIEF = Limits(attempts=3)  # for somebody who waits before a screen


@dataclass(frozen=True, slots=True)
class Stumble:
    """An error worth another attempt.

    Args:
        after: seconds that the service asked us to wait; None where it did not.
    """

    after: float | None = None


Judge = Callable[[BaseException], Stumble | None]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Patience:
    """With one service, for one process. Make one for each connection, and hand it to nobody else.

    Args:
        service: what it is called in errors, with its address.
        limits: how patient.
        rng: draws the pauses.
        clock: seconds that only grow.
        sleep: waits.
        now: the wall clock, for the message.
    """

    def __init__(
        self,
        service: str,
        limits: Limits | None = None,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.service, self.limits = service, limits or Limits()
        self._rng = rng or random.Random()  # noqa: S311 - pauses are no secret
        self._clock, self._sleep = clock, sleep
        self._budget = _Budget(self.limits, clock)
        self._breaker = Breaker(service, self.limits.failures, self.limits.window, self.limits.rest, clock, now)

    def call(self, action: Callable[[], Result], judge: Judge, *, repeatable: bool = True) -> Result:
        """What the action returns, in one of its attempts.

        Args:
            action: a request.
            judge: tells errors that are worth another attempt.
            repeatable: whether the action may be done twice; one that may not is tried once, but counts.

        Raises:
            ServiceDown: the service has failed too often, or the night's budget is used up.
            Exception: what the last attempt raised.
        """
        trial = self._breaker.check()
        try:
            found = self._repeat(action, judge, 1 if trial or not repeatable else self.limits.attempts)
        except Exception as error:
            if judge(error) is not None:
                self._breaker.failed(str(error))
                self._stop_if_spent(error)
            raise
        self._breaker.answered()
        return found

    def _repeat(self, action: Callable[[], Result], judge: Judge, attempts: int) -> Result:
        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            stumble = judge(error) if error else None
            return self._pause(state.attempt_number, stumble.after if stumble else None)

        def timed() -> Result:
            began = self._clock()
            try:
                return action()
            except Exception:
                self._budget.spend(self._clock() - began)
                raise

        return Retrying(
            sleep=self._sleep,
            stop=lambda state: state.attempt_number >= attempts or self._budget.spent(),
            wait=pause,
            retry=retry_if_exception(lambda error: judge(error) is not None),
            before_sleep=lambda state: self._budget.spend(state.upcoming_sleep, retries=1),
            reraise=True,
        )(timed)

    def _pause(self, failed: int, after: float | None) -> float:
        limit = min(self.limits.longest_pause, self.limits.first_pause * 2.0 ** min(failed - 1, 60))
        return min(self.limits.longest_pause, max(0.0, after or 0.0) + self._rng.uniform(0.0, limit))

    def _stop_if_spent(self, error: Exception) -> None:
        if self._budget.spent():
            reason = f"tonight's patience with it is used up ({self._budget}; the last: {error})"
            remedy = (
                "The night stops here. Look at that service, then run the round again: it goes on where it stopped."
            )
            raise ServiceDown(self.service, reason, remedy) from error


def retry_after(headers: Mapping[str, str], now: Callable[[], datetime] = utc_now) -> float | None:
    """Seconds that a server asks us to wait: Retry-After as a number or a date; None where it says nothing.

    Args:
        headers: of its answer, found by lower-case names.
        now: the wall clock, where the answer has no Date of its own to count from.
    """
    said = (headers.get("retry-after") or "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    until = _moment(said)
    if until is None:
        return None
    return max(0.0, (until - (_moment(headers.get("date") or "") or now())).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class _Budget:
    """Retries and seconds spent in the last `night`."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._spent: deque[tuple[float, float, int]] = deque()

    def __str__(self) -> str:
        retries, seconds = self._sums()
        return f"{retries} retries, {seconds:.0f} s of waiting"

    def spend(self, seconds: float, retries: int = 0) -> None:
        with self._lock:
            self._spent.append((self._clock(), seconds, retries))

    def spent(self) -> bool:
        retries, seconds = self._sums()
        return retries >= self._limits.retries or seconds >= self._limits.waiting

    def _sums(self) -> tuple[int, float]:
        with self._lock:
            while self._spent and self._spent[0][0] < self._clock() - self._limits.night:
                self._spent.popleft()
            return sum(each[2] for each in self._spent), sum(each[1] for each in self._spent)
