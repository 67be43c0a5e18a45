"""``tandem doctor --probe-cache``: measure how the API's prefix cache behaves, for 5 cents at most.

Drives the pure machine of ``engine.probe``: sends what it says through the gateway, waits as long
as it says. Invariants: nothing is sent before the user agreed; a request is not sent if the most
it can cost, added to what was spent, is over the cap; what was learned is reported however the
probe ends.
"""

import asyncio
import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tandem.app import World
from tandem.core.clock import Clock
from tandem.core.errors import Failure, ModelError, TandemError
from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.engine import retry
from tandem.engine.gateway import Gateway, Receipt, Terms
from tandem.engine.probe.machine import Setup, State, advance, begin
from tandem.engine.probe.sentences import sentences
from tandem.engine.probe.steps import Answered, Event, Halted, Over, Pause, Refused, Send, Waited
from tandem.ledger.prices import Prices
from tandem.spending import may_ask, open_gateway, price_table
from tandem.workspace.settings import Settings

CAP: Final = Usd.of("0.05")
# What a probe of the simulated API is billed for, with hits in steps of 128 (a test holds it).
USUAL: Final = Usage(hit=27_000, miss=46_000, output=700)
_MINUTE_S: Final = 60
_DEADLINE_S: Final = 60.0
_ATTEMPTS: Final = 4
_CLIENT_ERROR: Final = 400
_INVALID: Final = frozenset([Failure.REQUEST, Failure.MODEL, Failure.MALFORMED])


@dataclass(slots=True)
class Probe:
    """A probe under way.

    `why` says why it ended early, `failed` that a request failed (that of FIM may, and it goes on).
    """

    setup: Setup
    prices: Prices
    clock: Clock
    state: State | None = None
    spent: Usd = field(default_factory=Usd)
    requests: int = 0
    why: str = ""
    failed: bool = False

    async def run(self, gateway: Gateway, tell: Callable[[str], None]) -> None:
        """Measure until everything is known, or money, time or the API end it."""
        self.state, step = begin(self.setup, self.clock.monotonic())
        title = ""
        while not isinstance(step, Over):
            if self.state.title != title:
                title = self.state.title
                tell(f"{title} ({self.requests} requests, {self.spent} so far)")
            event = await self._do(step, gateway)
            self.state, step = advance(self.state, event)
        self.why = step.why

    async def _do(self, step: Send | Pause, gateway: Gateway) -> Event:
        if isinstance(step, Send):
            return await self._send(step, gateway)
        await self.clock.sleep(step.seconds)
        return Waited(self.clock.monotonic())

    async def _send(self, send: Send, gateway: Gateway) -> Event:
        """Send a request; again only if it was surely not read, or it would hit itself."""
        end = self.clock.monotonic() + _DEADLINE_S
        attempt = 1
        while True:
            most = self.prices.cost(send.request.model, send.most, self.clock.now())
            if most is None:
                return Halted(f"no price is known for {send.request.model}")
            if self.spent + most > CAP:
                return Halted(f"another request might cost more than is left of {CAP}")
            try:
                return await self._call(send, gateway)
            except TandemError as error:
                wait = _wait(error, attempt, end - self.clock.monotonic())
                if wait is None:
                    return self._ended(error)
            await self.clock.sleep(wait)
            attempt += 1

    async def _call(self, send: Send, gateway: Gateway) -> Event:
        receipts: list[Receipt] = []
        sent_at, now = self.clock.monotonic(), self.clock.now()
        self.requests += 1
        try:
            terms = Terms("probe", _DEADLINE_S, attempts=1)
            async with gateway.call(send.request, terms) as call:
                call.on_settled(receipts.append)
                async for _ in call:
                    pass
        finally:
            for receipt in receipts:
                # An API may answer by a name that has no price; it was asked by one that has.
                usage = receipt.settlement.usage
                same = self.prices.cost(send.request.model, usage, now)
                self.spent += receipt.settlement.cost or same or Usd()
        reply = receipts[-1].reply
        return Answered(reply.usage or Usage(), reply.text, sent_at, self.clock.monotonic())

    def _ended(self, error: TandemError) -> Event:
        self.failed = True
        if not isinstance(error, ModelError) or error.status < _CLIENT_ERROR:
            return Halted(str(error))
        return (Refused if error.failure in _INVALID else Halted)(str(error))

    def report(self) -> dict[str, Any]:
        """Return what was learned, for ``--json`` and, under `sentences`, for people."""
        state = self.state
        if state is None:
            return {}
        findings = state.findings()
        said = list(sentences(findings, state.no_fim))
        if self.why:
            said.append(f"ended early: {self.why}")
        counts = f"{self.requests} requests to {self.setup.model}, {self.spent} spent"
        said.append(f"{counts}, {state.waited_s:.0f} s waited")
        return {
            "sentences": said,
            **asdict(findings),
            "model": self.setup.model,
            "requests": self.requests,
            "spent_usd": self.spent.decimal(),
            "waited_s": round(state.waited_s),
            "fim_refused": state.no_fim,
            "ended_early": self.why,
        }


def _wait(error: TandemError, attempt: int, left_s: float) -> float | None:
    """Return how long to wait before another attempt; None where there may be none."""
    if not isinstance(error, ModelError):
        return None
    if error.status < _CLIENT_ERROR and error.failure is not Failure.NETWORK:
        return None  # it may have been read
    return retry.delay(error, attempt=attempt, attempts=_ATTEMPTS, left_s=left_s)


def run(
    world: World, settings: Settings, *, yes: bool, minutes: int
) -> tuple[dict[str, Any], list[str]]:
    """Ask, measure; return the report (empty if nothing was done) and what needs the user."""
    prices, model = price_table(settings), settings.models.flash
    usual = prices.cost(model, USUAL, world.clock.now())
    if not may_ask(world, settings):
        return {}, [f"--probe-cache needs your API key in the variable {settings.api.key_env}"]
    if usual is None:
        return {}, [f"--probe-cache needs a price for {model!r} to keep to: set prices.{model}"]
    _tell(
        f"this sends random words to {model} at {settings.api.base_url}; it will spend at most "
        f"{CAP}, usually about {usual}, and wait up to {minutes} minutes"
    )
    if not yes and not sys.stdin.isatty():
        return {}, ["--probe-cache spends money: say --yes where nobody can be asked"]
    if not yes and not _agreed():
        return {}, []
    setup = Setup(model, secrets.token_hex(8), float(minutes * _MINUTE_S))
    probe = Probe(setup, prices, world.clock)
    try:
        asyncio.run(_measure(world, settings, probe))
    except KeyboardInterrupt:
        probe.why = "you stopped it"
    problems = [f"--probe-cache: {probe.why}"] if probe.failed and probe.why else []
    return probe.report(), problems


async def _measure(world: World, settings: Settings, probe: Probe) -> None:
    async with open_gateway(world, settings) as gateway:
        await gateway.warm()
        await probe.run(gateway, _tell)


def _agreed() -> bool:
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _tell(line: str) -> None:
    print(f"probe: {line}", file=sys.stderr, flush=True)
