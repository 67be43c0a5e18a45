"""Composition of what may spend: who can be asked, at what price, through which gateway.

Part of the composition root beside ``app``: it names the concrete classes of the engine, the ledger
and the providers, for the server and for the commands alike. It does not read the clock or the
environment; ``app.World`` brings them.

Invariant: whoever asks a model comes through a gateway that was made here.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tandem.core.model import LOCAL, Dialect
from tandem.core.money import Usd
from tandem.workspace import paths
from tandem.workspace.configuration import Configuration

if TYPE_CHECKING:
    from datetime import datetime

    from tandem.app import World
    from tandem.engine.accounts import Accounts
    from tandem.engine.estimate import Estimate, Quote
    from tandem.engine.gateway import Gateway
    from tandem.ledger.prices import Prices
    from tandem.models.store import Installed
    from tandem.providers.base import Provider
    from tandem.workspace.settings import Settings

logger = logging.getLogger(__name__)

# One core reads what is sent in 7.5 s (median, 0.5B) the first time, and in none from then on.
_LOCAL_TIMEOUT_MS: Final = 10_000


def with_dialect(configuration: Configuration, state: Path) -> Configuration:
    """Put what was found out about a server in the place of ``api.fim = "auto"``."""
    settings = configuration.settings
    if settings.api.fim != "auto" or configuration.origins["api.base_url"] == "default":
        return configuration
    from tandem.providers import found  # noqa: PLC0415 - only for another server

    dialect = found.look_up(state, settings.api.base_url)
    if dialect is None:
        return configuration
    api = replace(settings.api, fim=dialect.value)
    origins = {**configuration.origins, "api.fim": "tandem doctor --probe-fim"}
    return replace(configuration, settings=replace(settings, api=api), origins=origins)


def remember(world: "World", base_url: str, dialect: Dialect) -> None:
    """Keep what was found out about a server, for ``api.fim = "auto"``. Raises OSError."""
    from tandem.providers import found  # noqa: PLC0415 - only for another server

    found.remember(world.paths.state, base_url, dialect)


def may_ask(world: "World", settings: "Settings") -> bool:
    """Tell whether a model can be asked: there is a key, or the server needs none."""
    if world.key(settings) or not settings.api.key_env:
        return True
    if settings.api.dialect is Dialect.DEEPSEEK:
        return False
    from tandem.providers import address  # noqa: PLC0415 - only for another server

    return address.is_loopback(settings.api.base_url)


def local_model(world: "World", settings: "Settings") -> "Installed | None":
    """Return the model on this machine that completes: one is chosen, and no API can be asked."""
    if may_ask(world, settings):
        return None
    from tandem.models import store  # noqa: PLC0415 - only without a key

    return store.chosen(world.paths.state, settings.local.model)


def with_local_model(configuration: Configuration, model: "Installed | None") -> Configuration:
    """Have completions ask a local model: by its name, which has no price, and with more time."""
    if model is None:
        return configuration
    settings, origins = configuration.settings, configuration.origins
    models = replace(settings.models, flash=model.model)
    completion = settings.completion
    if origins["completion.timeout_ms"] == "default":
        completion = replace(completion, timeout_ms=_LOCAL_TIMEOUT_MS)
    settings = replace(settings, models=models, completion=completion)
    origins = {**origins, "models.flash": "tandem model use"}
    return replace(configuration, settings=settings, origins=origins)


def price_table(settings: "Settings") -> "Prices":
    """Return the dated table with the user's own rates in front; one's own costs nothing."""
    from tandem.ledger.prices import Prices, Rate  # noqa: PLC0415 - off the start-up path

    own = {
        model: Rate(*(Usd.of(rate[kind]).pico // 10**6 for kind in ("hit", "miss", "output")))
        for model, rate in settings.prices.items()
    }
    if settings.api.dialect is not Dialect.DEEPSEEK:
        from tandem.providers import address  # noqa: PLC0415 - only for another server

        if address.is_own(settings.api.base_url):
            models = (settings.models.flash, settings.models.pro)
            own = dict.fromkeys(models, Rate(0, 0, 0)) | own
    if settings.models.flash.startswith(LOCAL):
        own[settings.models.flash] = Rate(0, 0, 0)
    return Prices(own)


def quoted(world: "World", settings: "Settings", estimate: "Estimate") -> "Quote":
    """Return an estimate with its prices, now and in the other hours."""
    from tandem.engine.estimate import Quote  # noqa: PLC0415 - off the start-up path
    from tandem.ledger.prices import is_peak, turn  # noqa: PLC0415

    prices, now = price_table(settings), world.clock.now()
    then = turn(now)

    def at(when: "datetime") -> Usd | None:
        return estimate.cost(lambda model, usage: prices.cost(model, usage, when))

    return Quote(estimate, at(now), at(then) if is_peak(then) is not is_peak(now) else None, then)


def must_ask(quote: "Quote", threshold: str) -> bool:
    """Tell whether the user has to agree to a price first; `threshold` is in US dollars."""
    return quote.now is None or quote.now >= Usd.of(threshold)


def open_accounts(
    world: "World", settings: "Settings", root: Path | None, process: str
) -> "Accounts":
    """Open the user's ledger with prices and budget in front, and sweep what a crash left."""
    from tandem.engine.accounts import Accounts  # noqa: PLC0415 - sqlite3, off the start-up path
    from tandem.engine.budget import Caps  # noqa: PLC0415
    from tandem.ledger.ledger import Ledger  # noqa: PLC0415

    ledger = Ledger(world.paths.ledger, process)
    swept = ledger.sweep(world.clock.now())
    if swept:
        logger.warning("ledger.swept", extra={"fields": {"reservations": swept}})
    caps = Caps(Usd.of(settings.budget.daily_usd), Usd.of(settings.budget.monthly_usd))
    workspace = paths.workspace_tag(root)
    return Accounts(ledger, price_table(settings), caps, workspace=workspace)


def make_gateway(
    world: "World", settings: "Settings", accounts: "Accounts", local: "Installed | None" = None
) -> "Gateway":
    """Join a provider for the server that the settings name, or a local model, to the accounts."""
    from tandem.engine.gateway import Gateway  # noqa: PLC0415 - only where a model can be asked

    provider = _provider(world, settings, local)
    return Gateway(provider, accounts, world.clock, concurrency=settings.api.concurrency)


def _provider(world: "World", settings: "Settings", local: "Installed | None") -> "Provider":
    if local is not None:
        from tandem.models.process import ModelProcess  # noqa: PLC0415 - as above
        from tandem.providers.local_model import LocalModelProvider  # noqa: PLC0415

        return LocalModelProvider(ModelProcess(local.path), local.model)
    from tandem.providers.openai_api import OpenAIProvider  # noqa: PLC0415 - as above

    api = settings.api
    return OpenAIProvider(api.base_url, lambda: world.key(settings), api.dialect)


@asynccontextmanager
async def open_gateway(world: "World", settings: "Settings") -> AsyncGenerator["Gateway"]:
    """Offer a command the one path to a model: what it spends is in the ledger and capped."""
    accounts = await asyncio.to_thread(open_accounts, world, settings, None, f"{os.getpid()}")
    gateway = make_gateway(world, settings, accounts)
    try:
        yield gateway
    finally:
        await gateway.aclose()
        accounts.close()


@asynccontextmanager
async def free_pages(
    base_url: str, key: Callable[[], str], dialect: Dialect = Dialect.DEEPSEEK
) -> AsyncGenerator[Callable[[str], Awaitable[Any]]]:
    """Offer a way to read the API's pages that cost nothing, such as ``/models``, as JSON.

    What it returns raises ModelError. Spending goes through the gateway.
    """
    from tandem.providers.openai_api import OpenAIProvider  # noqa: PLC0415 - a second of CPU

    provider = OpenAIProvider(base_url, key, dialect)
    try:
        yield provider.get
    finally:
        await provider.aclose()
