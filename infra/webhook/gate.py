"""Who may ring: whoever knows the secret, and not more often than a person would. Knows no HTTP."""

import hmac
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from nightshift.domain.errors import ConfigError

VARIABLE = "NIGHTSHIFT_WEBHOOK_SECRET"
HEADER = "X-Nightshift-Secret"
SHORTEST = 16  # characters
MAKE = "Make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`, and register the webhook again."


@dataclass(frozen=True, slots=True)
class Secret:
    """What Label Studio sends to show that it is Label Studio.

    Args:
        value: printable ASCII, 16 characters or more.

    Raises:
        ConfigError: it is too short, or no header could carry it.
    """

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < SHORTEST:
            raise ConfigError(VARIABLE, f"it has {len(self.value)} characters, fewer than {SHORTEST}", MAKE)
        if not all("!" <= each <= "~" for each in self.value):
            raise ConfigError(VARIABLE, "it has blanks or characters that no header can carry", MAKE)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Secret":
        """From NIGHTSHIFT_WEBHOOK_SECRET, and from nowhere else.

        Raises:
            ConfigError: it is not set, or no good.
        """
        if not environ.get(VARIABLE):
            raise ConfigError(VARIABLE, "it is not set, and without it anybody could start rounds", MAKE)
        return cls(environ[VARIABLE])

    def matches(self, given: Sequence[str]) -> bool:
        """Whether the header was given once and is the secret; in the same time for every wrong one, long or short."""
        said = given[0] if len(given) == 1 else ""
        digests = (sha256(each.encode("utf-8", "surrogatepass")).digest() for each in (said, self.value))
        return hmac.compare_digest(*digests)


class Allowance:
    """So many requests at once, and so many a minute after that.

    Args:
        most: requests that may come together.
        a_minute: how many come back each minute.
        clock: seconds, never backwards.
    """

    def __init__(self, most: int, a_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._rate, self._clock = float(most), a_minute / 60, clock
        self._left, self._seen = self._most, clock()

    def take(self) -> bool:
        """Use one up; False when none is left."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._seen) * self._rate)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
