"""Answers under way: one per document, which typing along does not ask for again.

A flight belongs to its place, not to the request that began it. Whoever asks while the user types
what it says waits for the rest of it; once what was typed goes another way it is let go. When
nobody has waited for a while it is let go too: the gateway then reads its bill or closes it.

Event-loop thread only. Invariant: at most one flight per document, and each ends.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from tandem.core.edits import typed_between
from tandem.core.errors import TandemError
from tandem.core.text import Text
from tandem.features.inline.memo import Known

LEFT_S: Final = 0.5
"""How long a flight goes on without anybody: the next key comes after 0.14 s."""


@dataclass(slots=True, eq=False)
class Flight:
    """An answer under way for an offset of a text."""

    text: Text
    offset: int
    said: str = ""  # so far, raw
    known: Known | None = None
    error: TandemError | None = None
    task: "asyncio.Task[None] | None" = None
    waiting: int = 0
    fresh: bool = True  # nobody has been shown it yet
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def landed(self) -> bool:
        """Whether nothing more will come."""
        return self.task is None or self.task.done()

    def say(self, said: str) -> None:
        """Note what has arrived so far."""
        self.said = said
        self._news.set()

    def land(self) -> None:
        """Tell those who wait that nothing more will come."""
        self._news.set()

    async def news(self) -> None:
        """Wait until something has happened."""
        self._news.clear()
        await self._news.wait()

    def agrees(self, typed: str) -> bool:
        """Tell whether what was typed since may still be what is being said."""
        said = self.known.text if self.landed and self.known is not None else self.said
        said, typed = said.replace("\r\n", "\n"), typed.replace("\r\n", "\n")
        return said.startswith(typed) or (not self.landed and typed.startswith(said))


@dataclass(slots=True, eq=False)
class Flights:
    """The flights of all documents; `missed` hears of those that were typed away from."""

    missed: Callable[[], None] = lambda: None
    _flights: dict[str, Flight] = field(default_factory=dict)

    def begin(
        self, uri: str, text: Text, offset: int, run: Callable[[Flight], Awaitable[None]]
    ) -> Flight:
        """Start a flight instead of the one there was."""
        self.drop(uri)
        flight = self._flights[uri] = Flight(text, offset)

        async def fly() -> None:
            try:
                await run(flight)
            finally:
                flight.land()

        flight.task = asyncio.create_task(fly(), name="flight")
        return flight

    async def join(self, uri: str, text: Text, offset: int) -> Flight | None:
        """Wait for a flight that may say what comes here; None if there is none, or not any more.

        Leaving early does not end it: the next key may want it still.
        """
        flight = self._flights.get(uri)
        if flight is None:
            return None
        typed = typed_between(flight.text, text, flight.offset)
        stale = flight.landed and flight.error is not None
        if (
            stale
            or typed is None
            or offset != flight.offset + len(typed)
            or not flight.agrees(typed)
        ):
            self.drop(uri)
            if typed and not flight.landed:
                self.missed()
            return None
        flight.waiting += 1
        try:
            while not flight.landed:
                await flight.news()
                if not flight.agrees(typed):
                    self.drop(uri)
                    self.missed()
                    return None
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.landed:
                asyncio.get_running_loop().call_later(LEFT_S, self._abandon, uri, flight)
        return flight

    def _abandon(self, uri: str, flight: Flight) -> None:
        if not flight.waiting and self._flights.get(uri) is flight:
            self.drop(uri)

    def drop(self, uri: str) -> None:
        """Let a document's flight go."""
        flight = self._flights.pop(uri, None)
        if flight is not None and flight.task is not None:
            flight.task.cancel()

    def drop_all(self) -> None:
        """Let all flights go."""
        for uri in list(self._flights):
            self.drop(uri)
