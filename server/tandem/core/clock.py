"""The time as something that is handed in, so that tests own it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """What the product may know of time; `app` brings the real one, tests a virtual one."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...

    def now(self) -> datetime:
        """Return the wall-clock time as an aware datetime in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; cancellation ends the wait at once."""
        ...
