"""The one path to a model: reserve, limit, call, retry, deadline, settle.

Whoever wants an answer gets it here, so that no token is spent that the ledger does not know.

The end of a call needs care. An aborted stream never says what it cost: the usage comes in its
last chunk. So when the reader goes away (cancelled, superseded, satisfied early), it is let go at
once, and the stream gets a short grace to end by itself in the background: a line of code ends
within it, its bill is then exact, its text can still serve the next keystroke and its connection
stays warm, where an abort costs a new TLS handshake. What has not ended within the grace is
closed, really, and settled at an estimate that is marked as one.

A call runs in a task of its own, so that no cancellation of a reader can tear a settlement.
Invariants: nothing is sent before it is reserved; every reservation is settled exactly once, also
when cancelled or closed down; deadlines are wall-clock; a stream not read to its end is closed.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

from tandem.core import bug
from tandem.core.clock import Clock
from tandem.core.errors import Failure, ModelError, TandemError
from tandem.core.model import Event, Request, Usage
from tandem.core.money import Usd
from tandem.core.reply import Reply, ReplyBuilder
from tandem.engine import retry
from tandem.engine.accounts import Accounts, Ending, Reservation
from tandem.engine.limiter import Limiter
from tandem.ledger.ledger import Outcome, Settlement
from tandem.providers.base import Provider

logger = logging.getLogger(__name__)

_CLOSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a call is made.

    `grace_s` is how long its stream may run on after the reader has gone.
    """

    purpose: str
    deadline_s: float
    attempts: int = 2
    grace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a call, for those who stayed interested after they left."""

    reply: Reply
    settlement: Settlement


@dataclass(slots=True, eq=False)
class Call:
    """An answer under way: iterate over it for its events; raises ModelError or BudgetError."""

    request: Request
    terms: Terms
    _queue: asyncio.Queue[Event | TandemError | None] = field(default_factory=asyncio.Queue)
    _scope: asyncio.Timeout | None = None
    _released: bool = False
    _hung_up: bool = False
    _listeners: list[Callable[[Receipt], None]] = field(default_factory=list)
    builder: ReplyBuilder = field(default_factory=ReplyBuilder)
    sent: bool = False
    reservation: int | None = None

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        item = await self._queue.get()
        if item is None:
            raise StopAsyncIteration
        if isinstance(item, TandemError):
            raise item
        return item

    def on_settled(self, listener: Callable[[Receipt], None]) -> None:
        """Have `listener` called once the call is settled, also long after the reader has gone."""
        self._listeners.append(listener)

    def push(self, item: Event | TandemError | None) -> None:
        """Hand the reader an event, the error that ends the call, or its end (None)."""
        self._queue.put_nowait(item)

    def release(self) -> None:
        """Note that nobody reads any more: the grace begins."""
        self._released = True
        if self._scope is not None:
            at = asyncio.get_running_loop().time() + self._left_s()
            limit = self._scope.when()
            self._scope.reschedule(at if limit is None else min(at, limit))

    def hang_up(self) -> None:
        """Want nothing more, the bill included: what would come is dearer than to know its price.

        The connection is closed when the reader leaves; the call is settled by an estimate.
        """
        self._hung_up = True

    def _left_s(self) -> float:
        return self.terms.grace_s if self.sent and not self._hung_up else 0.0

    def is_released(self) -> bool:
        """Tell whether the reader has gone; it may go at any await."""
        return self._released

    @contextmanager
    def bounded(self, scope: asyncio.Timeout) -> Generator[None]:
        """Let `release` shorten the time that is left, within the block."""
        self._scope = scope
        try:
            yield
        finally:
            self._scope = None

    def settled(self, receipt: Receipt) -> None:
        """Tell the listeners."""
        for listener in self._listeners:
            listener(receipt)


class Gateway:
    """Makes calls over one provider and accounts for them."""

    def __init__(
        self, provider: Provider, accounts: Accounts, clock: Clock, *, concurrency: int = 16
    ) -> None:
        """Bring the collaborators together; nothing is opened before the first call."""
        self._provider = provider
        self._accounts = accounts
        self._clock = clock
        self._limiter = Limiter(concurrency)
        self._running: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> int:
        """Calls that are not settled yet, those without a reader included."""
        return len(self._running)

    def estimate(self, model: str, usage: Usage) -> Usd | None:
        """Return what so many tokens cost now; None where no price is known."""
        return self._accounts.estimate(model, usage, self._clock.now())

    async def warm(self) -> None:
        """Get ready for a first call without spending anything."""
        await self._provider.warm()

    @asynccontextmanager
    async def call(self, request: Request, terms: Terms) -> AsyncGenerator[Call]:
        """Make a call; leaving the block lets it go. See the module for what happens then."""
        call = Call(request, terms)
        task = asyncio.create_task(self._run(call), name=f"call {terms.purpose}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            yield call
        finally:
            call.release()

    async def aclose(self) -> None:
        """Close what is under way and settle it, within two seconds."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=_CLOSE_S)
        await self._provider.aclose()

    async def _run(self, call: Call) -> None:
        """Attempt a call until it succeeds, may not be repeated, or nobody waits for it."""
        end = self._clock.monotonic() + call.terms.deadline_s
        error: TandemError | None = None
        try:
            for attempt in range(1, call.terms.attempts + 1):
                left = end - self._clock.monotonic()
                error = await self._attempt(call, left)
                if error is None or call.is_released() or call.builder.deltas:
                    break
                wait = _wait(error, attempt, call, end - self._clock.monotonic())
                if wait is None:
                    break
                await self._clock.sleep(wait)
                if call.is_released():
                    break
        except TandemError as refused:
            error = refused
        except Exception:
            bug.unexpected("gateway.run")
            logger.exception("call.crashed")
            error = ModelError(Failure.BROKEN)
        finally:
            call.push(error)

    async def _attempt(self, call: Call, left_s: float) -> TandemError | None:
        """Make one attempt and settle it; return why it failed, or None."""
        reservation = await self._accounts.reserve(
            call.request, call.terms.purpose, self._clock.now()
        )
        call.reservation = reservation.number
        start = self._clock.monotonic()
        first: list[float] = []
        error: ModelError | None = None
        outcome: Outcome = "cancelled"
        try:
            error = await self._stream(call, left_s, first)
            outcome = _outcome(call, error)
        finally:
            # Still reached when this task itself is cancelled at shutdown: the shielded
            # settlement goes on, and `aclose` waits for it.
            await asyncio.shield(self._settle(call, reservation, outcome, start, first, error))
        return error

    async def _stream(self, call: Call, left_s: float, first: list[float]) -> ModelError | None:
        call.sent = False
        try:
            async with asyncio.timeout(max(left_s, 0.0)) as scope:
                with call.bounded(scope):
                    await self._pump(call, first)
        except TimeoutError:
            return None if call.is_released() else ModelError(Failure.TIMEOUT)
        except ModelError as error:
            if error.failure is Failure.RATE:
                self._limiter.refused()
            return error
        self._limiter.succeeded()
        if call.is_released() or call.builder.complete:
            return None
        # A stream that just ends was cut: the transport reports no error for it.
        return ModelError(Failure.BROKEN if call.builder.deltas else Failure.EMPTY)

    async def _pump(self, call: Call, first: list[float]) -> None:
        """Send the request and hand its events to the reader, if there still is one."""
        if call.is_released():
            return
        async with self._limiter.place():
            call.sent = True
            async with aclosing(self._provider.stream(call.request)) as events:
                async for event in events:
                    if not first:
                        first.append(self._clock.monotonic())
                    call.builder.feed(event)
                    call.push(event)

    async def _settle(  # noqa: PLR0917 - one story, private
        self,
        call: Call,
        reservation: Reservation,
        outcome: Outcome,
        start: float,
        first: list[float],
        error: ModelError | None,
    ) -> None:
        reply = call.builder.reply()
        billable = call.sent and (error is None or _may_be_billed(error))
        ending = Ending(
            outcome,
            reply.model,
            reply.usage,
            billable,
            call.builder.deltas,
            round((first[0] - start) * 1000) if first else None,
            round((self._clock.monotonic() - start) * 1000),
        )
        settlement = await self._accounts.settle(
            reservation, call.request, ending, self._clock.now()
        )
        logger.info("call.settled", extra={"fields": _log_fields(call, settlement, error)})
        call.settled(Receipt(reply, settlement))


def _wait(error: TandemError, attempt: int, call: Call, left_s: float) -> float | None:
    if not isinstance(error, ModelError):
        return None
    return retry.delay(error, attempt=attempt, attempts=call.terms.attempts, left_s=left_s)


def _outcome(call: Call, error: ModelError | None) -> Outcome:
    if error is not None:
        return "failed"
    return "done" if call.builder.usage is not None else "cancelled"


def _may_be_billed(error: ModelError) -> bool:
    """Tell a request that was refused or never arrived, which is free, from a broken answer."""
    refused = error.status >= 400  # noqa: PLR2004 - HTTP
    return not refused and error.failure is not Failure.NETWORK


def _log_fields(call: Call, settlement: Settlement, error: ModelError | None) -> dict[str, object]:
    return {
        "purpose": call.terms.purpose,
        "model": settlement.model,
        "outcome": settlement.outcome,
        "failure": error.failure.name.lower() if error else None,
        "hit": settlement.usage.hit,
        "miss": settlement.usage.miss,
        "output": settlement.usage.output,
        "cost": str(settlement.cost) if settlement.cost is not None else "unpriced",
        "estimated": settlement.estimated,
        "first_event_ms": settlement.first_event_ms,
        "total_ms": settlement.total_ms,
    }
