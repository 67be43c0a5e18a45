"""Who answers in the demo: the repository engine, the checkout's simulated API, or the real one."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import tandem
from tandem.app import World
from tandem.spending import free_pages

CHECKOUT: Final = Path(tandem.__file__).parents[2]
_PICO: Final = Decimal(10) ** 12
_SIMULATED_KEY: Final = "sk-sim-demo"


class DemoError(Exception):
    """The demo cannot run; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Models:
    """Who answers in this run, and with what environment the server is started."""

    title: str
    environment: Mapping[str, str]
    api: "SimulatedProcess | None" = None
    paid: bool = False


@asynccontextmanager
async def models_of(
    arguments: argparse.Namespace, world: World, scratch: Path
) -> AsyncGenerator[Models]:
    """Prepare who answers, as the command line says; end it afterwards. Raises DemoError."""
    environment = dict(world.environment)
    key_name = world.configuration(None, {}).settings.api.key_env
    if arguments.live:
        if not environment.get(key_name):
            raise DemoError(f"--live needs your API key in the variable {key_name}")
        yield Models("Live, with your key", environment, paid=True)
        return
    environment["TANDEM_HOME"] = str(scratch)
    environment.pop(key_name, None)
    if not arguments.simulated:
        yield Models("No key, no network: the repository engine", environment)
        return
    async with simulated_api(environment) as api:
        environment |= {key_name: _SIMULATED_KEY, "TANDEM_API__BASE_URL": api.base_url}
        title = "Simulated API (its words come from the repository engine, its bill is real)"
        yield Models(title, environment, api, paid=True)


@dataclass(frozen=True, slots=True)
class SimulatedProcess:
    """A running simulated API."""

    base_url: str

    async def bill(self) -> Decimal:
        """Return its total in dollars, exact."""
        async with free_pages(self.base_url, lambda: _SIMULATED_KEY) as page:
            bill = await page("/_sim/bill")
        return Decimal(bill["total_pico"]) / _PICO


@asynccontextmanager
async def simulated_api(environment: Mapping[str, str]) -> AsyncGenerator[SimulatedProcess]:
    """Start the simulated API of the checkout at the speed of a real one; stop it afterwards."""
    if not (CHECKOUT / "fixtures" / "api").is_dir():
        raise DemoError("--simulated needs a source checkout: the simulated API is a test fixture")
    now = World.real().clock.now().isoformat()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fixtures.api", "--port", "0", "--until-stdin-closes"),
        *("--first-token-ms", "150", "--tokens-per-second", "200", "--price-date", now),
        *("--replies", "fixtures.api.engine_replies:reply"),
        cwd=CHECKOUT,
        env=dict(environment),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if process.stdout is None or process.stdin is None:
            raise DemoError("the simulated API has no pipes")
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        if not line:
            raise DemoError("the simulated API did not start; its message is above")
        yield SimulatedProcess(json.loads(line)["base_url"])
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
