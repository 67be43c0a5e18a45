"""Tandem's completion as an engine of the bench: the feature in this process, on a codebase.

`ask` and `ports` are all that knows the feature's signature. The repository engine is off (its own
bench is `local`), so every text comes from the model. The gateway is the real one, only its
accounts are kept by the bench: a ledger on a disk has no virtual time.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from tandem.core.clock import Clock
from tandem.core.model import Request, Usage
from tandem.core.text import Encoding, Span
from tandem.engine.accounts import Accounts, Ending, Reservation
from tandem.engine.gateway import Gateway
from tandem.features.inline.complete import Completion, Ports, ahead, complete
from tandem.features.inline.flights import Flights
from tandem.features.inline.gate import Trigger
from tandem.features.inline.memo import Memo
from tandem.features.inline.typing_history import TypingHistory
from tandem.features.inline.visits import Visits
from tandem.index.code import Code
from tandem.index.context.ring import Ring
from tandem.index.context.windows import Windows
from tandem.ledger.ledger import Settlement
from tandem.providers.base import Provider
from tandem.workspace.documents import Change, Document
from tandem.workspace.settings import Settings
from tests.bench.completion_play import Ghost
from tests.bench.recall_cases import Blob, World
from tests.bench.typing import Stay
from tests.support.clock import LoopClock


async def ask(
    document: Document, offset: int, trigger: Trigger, settings: Settings, ports: Ports
) -> Ghost | None:
    """Ask the feature as `lsp.handlers.completion` does."""
    outcome = await complete(document, offset, trigger, settings, ports)
    if not isinstance(outcome, Completion):
        return None
    if trigger is Trigger.AUTOMATIC:
        ahead(document, offset, settings, ports, outcome)
    return Ghost(outcome.text, outcome.remembered)


def ports(gateway: Gateway, clock: Clock, visits: Visits | None = None) -> Ports:
    """Return what a fresh server would hand the feature, without a repository engine."""
    return Ports(Memo(), None, gateway, clock, Flights(), TypingHistory(), visits)


class Unbilled(Accounts):
    """Accounts that allow everything and write nothing down: the bench's model keeps the bill."""

    def __init__(self) -> None:
        """Open nothing."""

    async def reserve(self, request: Request, purpose: str, at: datetime) -> Reservation:
        """Promise nothing."""
        del request, purpose
        return Reservation(0, at)

    async def settle(
        self, reservation: Reservation, request: Request, ending: Ending, at: datetime
    ) -> Settlement:
        """Return what would be written."""
        del reservation, at
        usage = ending.usage or Usage()
        times = ending.first_event_ms, ending.total_ms
        return Settlement(ending.outcome, request.model, usage, None, ending.usage is None, *times)

    def close(self) -> None:
        """Have nothing to close."""


@dataclass(slots=True)
class WorldIndex:
    """A repository at one commit as `visits` asks it; the ring is the lane's own."""

    world: World
    windows: Windows = field(default_factory=Windows)
    ring: Ring = field(default_factory=Ring)

    @property
    def codebase(self) -> Code:
        """The files of the commit before the one that is typed."""
        return self.world.code

    def path_of(self, uri: str) -> str:
        """Return the path of a document."""
        return uri.removeprefix("file:///")

    def move(self, commit: str) -> None:
        """Become another commit, words included."""
        self.world.move(commit)
        for path in sorted(self.world.changed):
            blob = self.world.files.get(path)
            if blob is not None:
                self.windows.put(path, blob.text)
            else:
                self.windows.drop(path)
        self.world.changed.clear()


def unbilled(provider: Provider) -> tuple[Gateway, Clock]:
    """Return a gateway without a ledger, and the clock that goes with it: the loop's."""
    clock = LoopClock()
    return Gateway(provider, Unbilled(), clock), clock


class Tandem:
    """The engine under test."""

    def __init__(
        self, gateway: Gateway, clock: Clock, index: WorldIndex, settings: Settings
    ) -> None:
        """Ask through `gateway`; `index` tells of other files."""
        self._index = index
        self._settings = settings
        self._visits = Visits(index, clock)
        self._gateway = gateway
        self._ports = ports(gateway, clock, self._visits)

    def arrived(self, stay: Stay, document: Document, offset: int) -> None:
        """Let the index know the file as it is now, as it does at every pause."""
        blob = Blob(str(document.text))
        self._index.world.code.open(stay.path, blob.facts, blob.text)
        line, _ = document.text.point_at(offset)
        self._index.ring = self._index.ring.noted(stay.path, line)

    def changed(self, before: Document, span: Span, text: str) -> None:
        """Feed the typing history."""
        start, end = (before.text.position_at(place, Encoding.UTF32) for place in span)
        now = asyncio.get_running_loop().time()
        self._ports.history.changed(before.uri, (Change(start, end, text),), now)

    async def ask(self, document: Document, offset: int) -> Ghost | None:
        """Complete."""
        return await ask(document, offset, Trigger.AUTOMATIC, self._settings, self._ports)

    def accepted(self) -> None:
        """Note that a text was taken."""
        self._ports.history.accepted(asyncio.get_running_loop().time())

    async def left(self, stay: Stay) -> None:
        """Close the document, and wait until nothing is under way."""
        uri = f"file:///{stay.path}"
        self._ports.flights.drop(uri)
        self._ports.history.closed(uri)
        self._ports.memo.forget(uri)
        self._visits.forget(uri)
        while self._gateway.running:  # noqa: ASYNC110 - in virtual time
            await asyncio.sleep(0.1)
        self._index.world.code.close(stay.path)
