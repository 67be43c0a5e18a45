"""``tandem demo``: a real client drives a real ``tandem serve`` over stdio on a real repository.

Three ways: with no key (the default), the repository engine answers; ``--simulated`` lets the
simulated API of a source checkout answer and prints our ledger beside its bill; ``--live`` uses the
user's key, account and ledger. The places asked about are held out of the training, and the rest
of each line is hidden from the server.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import tandem
from tandem.app import World, free_pages
from tandem.commands import screen
from tandem.commands.client import Client, inline_params, started
from tandem.commands.places import HeldOut, Place, choose

_FILES: Final = 10
_PER_FILE: Final = 12
_ENOUGH: Final = 12  # completions shown; a demo is read, not studied
_PICO: Final = Decimal(10) ** 12
_SIMULATED_KEY: Final = "sk-sim-demo"
_CHECKOUT: Final = Path(tandem.__file__).parents[2]


class DemoError(Exception):
    """The demo cannot run; the sentence says why and what to do."""


@dataclass(slots=True)
class Result:
    """What the demo saw, for people and for ``--json``."""

    asked: int = 0
    shown: list[screen.Shown] = field(default_factory=list)
    ledger_total: Decimal = Decimal(0)
    bill_total: Decimal | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; totals are US dollars."""
        bill = self.bill_total
        return {
            "asked": self.asked,
            "completions": [
                {
                    "file": item.name,
                    "line": item.place.line + 1,
                    "text": item.text,
                    "source": item.source,
                    "latency_ms": round(item.latency_ms, 2),
                    "exact": item.exact,
                }
                for item in self.shown
            ],
            "ledger_total": float(self.ledger_total),
            "bill_total": None if bill is None else float(bill),
        }


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; status 1 with a sentence if it cannot run."""
    try:
        result = asyncio.run(_demo(arguments))
    except DemoError as error:
        print(f"tandem demo: {error}", file=sys.stderr)
        return 1
    except (TimeoutError, ConnectionError):
        print("tandem demo: the server stopped answering; see `tandem doctor`", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(result.to_json()))
    return 0


async def _demo(arguments: argparse.Namespace) -> Result:
    root = (arguments.path or _own_source()).resolve()
    if not root.is_dir():
        raise DemoError(f"{root} is not a folder; give the path of a repository")
    held = choose(root, _FILES, _PER_FILE)
    if not held:
        raise DemoError(f"there is no source file of 30 lines or more in {root}")
    world = World.real()
    palette = screen.Palette(color=sys.stdout.isatty() and "NO_COLOR" not in world.environment)
    say = (lambda _line: None) if arguments.json else print
    with tempfile.TemporaryDirectory(prefix="tandem-demo-") as scratch:
        async with _models(arguments, world, Path(scratch)) as models:
            say(screen.headline(f"{models.title}: {root}", palette))
            async with started(models.environment) as client:
                result = await _session(client, root, held, models, palette, say)
                await _account(client, models, result)
    for line in screen.summary(result.shown, result.asked, palette):
        say(line)
    for line in _money(result, models):
        say(line)
    return result


def _own_source() -> Path:
    """Return Tandem's checkout, or the installed package where there is none."""
    in_checkout = (_CHECKOUT / "pyproject.toml").is_file()
    return _CHECKOUT if in_checkout else Path(tandem.__file__).parent


@dataclass(frozen=True, slots=True)
class Models:
    """Who answers in this run, and with what environment the server is started."""

    title: str
    environment: Mapping[str, str]
    api: "SimulatedProcess | None" = None
    paid: bool = False


@asynccontextmanager
async def _models(
    arguments: argparse.Namespace, world: World, scratch: Path
) -> AsyncGenerator[Models]:
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


async def _session(  # noqa: PLR0917 - one story
    client: Client,
    root: Path,
    held: list[HeldOut],
    models: Models,
    palette: screen.Palette,
    say: Any,
) -> Result:
    names = [item.path.relative_to(root).as_posix() for item in held]
    await client.initialize(root, {"local": {"exclude": names}})
    status = await client.learned()
    say(f"learned {status['localTokens']:,} tokens; asking in {len(held)} files it has not seen\n")
    result = Result()
    for name, item in zip(names, held, strict=True):
        for place in item.places:
            if len(result.shown) == _ENOUGH:
                return result
            result.asked += 1
            shown = await _ask(client, name, item, place)
            if shown is not None:
                cost = (
                    await _cost(client, result) if models.paid and shown.source != "local" else ""
                )
                shown = screen.Shown(place, name, shown.text, shown.source, shown.latency_ms, cost)
                result.shown.append(shown)
                for line in [*screen.completion(shown, palette), ""]:
                    say(line)
    return result


async def _ask(client: Client, name: str, item: HeldOut, place: Place) -> screen.Shown | None:
    """Open the file with the rest of the line missing, ask at its end, close it again."""
    lines = item.text.split("\n")
    lines[place.line] = place.before
    uri = item.path.as_uri()
    client.open(uri, place.language, "\n".join(lines))
    begin = time.perf_counter()
    answer = await client.request(
        "textDocument/inlineCompletion", inline_params(uri, place.line, len(place.before))
    )
    took = (time.perf_counter() - begin) * 1000
    client.close_document(uri)
    items = (answer or {}).get("items", [])
    if not items:
        return None
    text = items[0]["insertText"].removeprefix(place.before)
    source = items[0]["command"]["arguments"][0]["source"]
    return screen.Shown(place, name, text, source, took, "")


async def _cost(client: Client, result: Result) -> str:
    """Return what the last completion cost: the ledger's growth, once the call is settled."""
    total = Decimal((await client.settled())["spentTodayUsd"])
    cost, result.ledger_total = total - result.ledger_total, total
    return f"${cost:.6f}"


async def _account(client: Client, models: Models, result: Result) -> None:
    if models.paid:
        result.ledger_total = Decimal((await client.settled())["spentTodayUsd"])
    if models.api is not None:
        result.bill_total = await models.api.bill()


def _money(result: Result, models: Models) -> list[str]:
    if not models.paid:
        return ["spent: $0 (nothing left this machine)"]
    if result.bill_total is None:
        return [f"our ledger: ${result.ledger_total:f}"]
    verdict = "equal" if result.ledger_total == result.bill_total else "NOT EQUAL"
    lines = [f"our ledger: ${result.ledger_total:f}", f"their bill: ${result.bill_total:f}"]
    return [*lines, verdict]


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
    if not (_CHECKOUT / "fixtures" / "api").is_dir():
        raise DemoError("--simulated needs a source checkout: the simulated API is a test fixture")
    now = World.real().clock.now().isoformat()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fixtures.api", "--port", "0", "--until-stdin-closes"),
        *("--first-token-ms", "150", "--tokens-per-second", "200", "--price-date", now),
        *("--replies", "fixtures.api.engine_replies:reply"),
        cwd=_CHECKOUT,
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
