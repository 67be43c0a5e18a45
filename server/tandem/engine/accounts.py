"""Reserve before a call, settle after it: prices and budget in front of the ledger.

The ledger blocks (SQLite), so everything here runs on one thread of its own, in order.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ParamSpec, TypeVar

from tandem.core.model import Request, Usage, prompt_tokens
from tandem.core.money import Usd
from tandem.engine import budget
from tandem.ledger.ledger import Ledger, Outcome, Settlement, Totals
from tandem.ledger.prices import Prices

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reservation:
    """A promise in the ledger: its number and the instant whose prices hold for the call."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended. `usage` is None where the API's count never came."""

    outcome: Outcome
    model: str
    usage: Usage | None
    sent: bool
    deltas: int
    first_event_ms: int | None
    total_ms: int


class Accounts:
    """The money side of the gateway."""

    def __init__(
        self, ledger: Ledger, prices: Prices, caps: budget.Caps, *, workspace: str = ""
    ) -> None:
        """Take an open ledger; `workspace` is an opaque tag for its rows."""
        self._ledger = ledger
        self._prices = prices
        self._caps = caps
        self._workspace = workspace
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tandem-ledger")

    def estimate(self, model: str, usage: Usage, at: datetime) -> Usd | None:
        """Return what so many tokens cost at an instant; None where no price is known."""
        return self._prices.cost(model, usage, at)

    async def reserve(self, request: Request, purpose: str, at: datetime) -> Reservation:
        """Promise the most that the call can cost. Raises BudgetError; then nothing is promised."""
        usage = Usage(miss=prompt_tokens(request), output=request.max_tokens)
        amount = self._prices.cost(request.model, usage, at)
        return await self._on_thread(self._reserve, purpose, request.model, at, amount)

    def _reserve(self, purpose: str, model: str, at: datetime, amount: Usd | None) -> Reservation:
        def allow() -> None:
            if amount == Usd():  # a cap is about money
                return
            today = self._committed(self._caps.daily, budget.day_start(at))
            month = self._committed(self._caps.monthly, budget.month_start(at))
            budget.check(self._caps, budget.Committed(today, month), amount or Usd())

        number = self._ledger.reserve(
            at=at,
            purpose=purpose,
            model=model,
            workspace=self._workspace,
            amount=amount,
            allow=allow,
        )
        return Reservation(number, at)

    def _committed(self, cap: Usd, since: datetime) -> Usd:
        """Ask the ledger only for what a cap needs: a month of completions is 50,000 rows."""
        return self._ledger.totals(since).committed if cap else Usd()

    async def settle(
        self, reservation: Reservation, request: Request, ending: Ending, at: datetime
    ) -> Settlement:
        """Record what the call cost: exactly where the API said it, else an upper estimate."""
        model = ending.model or request.model
        usage, estimated = ending.usage, False
        if usage is None and ending.sent:
            # All of the prompt as a miss, generously counted: an abort may cost less.
            usage = Usage(miss=prompt_tokens(request), output=ending.deltas)
            estimated = True
        usage = usage or Usage()
        settlement = Settlement(
            ending.outcome,
            model,
            usage,
            self._prices.cost(model, usage, reservation.at),
            estimated,
            ending.first_event_ms,
            ending.total_ms,
        )
        await self._on_thread(self._ledger.settle, reservation.number, at, settlement)
        return settlement

    async def totals(self, since: datetime) -> Totals:
        """Add up what all of the user's servers spent and reserved since an instant."""
        return await self._on_thread(self._ledger.totals, since)

    async def _on_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(call, *args, **kwargs))

    def close(self) -> None:
        """Finish what is queued, then close the ledger."""
        self._thread.shutdown()
        self._ledger.close()
