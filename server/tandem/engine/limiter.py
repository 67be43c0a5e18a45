"""How many calls may be under way at once: halves when the API says "too many", grows back slowly.

The API's real limit falls with the account's balance and is announced nowhere, so it is found.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

_GROW: Final = 0.25  # of a place per success: 32 successes win back what a 429 at 16 took


class Limiter:
    """An adaptive bound on concurrent calls (additive increase, multiplicative decrease)."""

    def __init__(self, limit: int) -> None:
        """Begin at the limit, which is also the most there will ever be."""
        self._most = float(limit)
        self._limit = float(limit)
        self._running = 0
        self._changed = asyncio.Condition()

    @property
    def limit(self) -> int:
        """Calls allowed at once now."""
        return int(self._limit)

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """Wait for a place and hold it for the block."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._running < self.limit)
            self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            async with self._changed:
                self._changed.notify()

    def refused(self) -> None:
        """Note a 429."""
        self._limit = max(1.0, self._limit / 2)

    def succeeded(self) -> None:
        """Note an answer."""
        self._limit = min(self._most, self._limit + _GROW)
