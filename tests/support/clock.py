"""An event loop whose time jumps: waiting costs nothing and order is exact."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
"""A Saturday: off-peak."""


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a timer, move the loop's time on to it.

    Real file descriptors (a thread that finishes wakes the loop through one) are polled first, and
    given a real millisecond when the loop has nothing else to do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout == 0 else 0.001)
        if not ready and timeout:
            self.ahead += timeout
        elif not ready and timeout is None:
            return super().select(None)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop with virtual time; `now` is what its clock says."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return real time plus everything that was skipped."""
        return super().time() + self._jumping.ahead


class LoopClock:
    """A `Clock` that follows the running loop, real or jumping."""

    def monotonic(self) -> float:
        """Return the loop's time."""
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return noon and what has passed since the loop began."""
        return NOON + timedelta(microseconds=1)

    async def sleep(self, seconds: float) -> None:
        """Wait in the loop's time."""
        await asyncio.sleep(seconds)


def run_jumping(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function on a loop with virtual time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(main())
