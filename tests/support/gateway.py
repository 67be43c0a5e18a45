"""A gateway over a scripted provider and a real ledger, for tests of what stands on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tandem.core.model import FimRequest, TextDelta
from tandem.core.money import Usd
from tandem.engine.accounts import Accounts
from tandem.engine.budget import Caps, day_start
from tandem.engine.gateway import Gateway, Terms
from tandem.ledger.ledger import Ledger, Totals
from tandem.ledger.prices import Prices
from tests.support.clock import NOON, LoopClock
from tests.support.script import ScriptedProvider

REQUEST = FimRequest("deepseek-flash", "def add(a, b):\n    ", "\n", 64, ("\n",))
TERMS = Terms("completion", deadline_s=3.0, grace_s=0.4)


class Bench:
    """A gateway over a scripted provider and a real ledger."""

    def __init__(self, folder: Path, *, daily: str = "1", concurrency: int = 4) -> None:
        self.provider = ScriptedProvider()
        self.ledger = Ledger(folder / "ledger.db", "test")
        caps = Caps(Usd.of(daily), Usd())
        self.accounts = Accounts(self.ledger, Prices({}), caps)
        self.gateway = Gateway(self.provider, self.accounts, LoopClock(), concurrency=concurrency)

    async def totals(self) -> Totals:
        return await self.accounts.totals(day_start(NOON))

    async def settled(self) -> None:
        """Wait until no call is under way."""
        while self.gateway.running:  # noqa: ASYNC110 - in virtual time
            await asyncio.sleep(0.01)

    async def read(self, terms: Terms = TERMS) -> str:
        async with self.gateway.call(REQUEST, terms) as call:
            return "".join([e.text async for e in call if isinstance(e, TextDelta)])


@asynccontextmanager
async def bench(folder: Path, **options: object) -> AsyncIterator[Bench]:
    made = Bench(folder, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.gateway.aclose()
        made.accounts.close()
