"""Many hints, one look: after a hint it waits for quiet, looks once, and rests after a round was started.

Knows neither who rings nor what is looked at.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from nightshift.domain.errors import NightshiftError

logger = logging.getLogger(__name__)

SETTLE = 5.0  # seconds after a hint, in which further ones are the same hint
REST = 600.0  # seconds after a start, in which hints are kept but not followed

Sleep = Callable[[float], Awaitable[None]]


class Bell:
    """Rung by the door, heard by `watch`.

    Args:
        look: sees whether a round is due and starts it; True when it did. It may block: it runs in a thread.
        settle: seconds to wait after a hint.
        rest: seconds to wait after a start.
        sleep: how to wait.
    """

    def __init__(
        self, look: Callable[[], bool], settle: float = SETTLE, rest: float = REST, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._look, self._settle, self._rest, self._sleep = look, settle, rest, sleep
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """A hint: look soon. Any number of them before the look are one."""
        self._rung.set()

    async def watch(self) -> None:
        """Follow hints until cancelled; what goes wrong is logged, and the next hint is followed all the same."""
        while True:
            await self._rung.wait()
            await self._sleep(self._settle)
            self._rung.clear()
            if await self._followed():
                await self._sleep(self._rest)

    async def _followed(self) -> bool:
        try:
            return await asyncio.to_thread(self._look)
        except NightshiftError as error:
            logger.warning("the hint was not followed: %s", error)
        except Exception as error:  # noqa: BLE001 - whatever it is, tomorrow's hints must still be heard
            logger.warning("the hint was not followed (%s)", type(error).__name__)
        return False
