"""Act two: a real client drives a real ``tandem serve`` over stdio, and lines complete.

The places asked about are held out of the training, and the rest of each line is hidden from the
server.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tandem.app import World
from tandem.commands import screen
from tandem.commands.client import Client, inline_params, started
from tandem.commands.demo.models import DemoError, Models, models_of
from tandem.commands.places import HeldOut, Place, choose

_FILES: Final = 10
_PER_FILE: Final = 12
_ENOUGH: Final = 12  # completions shown; a demo is read, not studied

Say = Callable[[str], None]


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


async def show(
    arguments: argparse.Namespace, world: World, root: Path, palette: screen.Palette, say: Say
) -> Result:
    """Play the act; DemoError if there is no place to ask about."""
    held = choose(root, _FILES, _PER_FILE)
    if not held:
        raise DemoError(f"there is no source file of 30 lines or more in {root}")
    with tempfile.TemporaryDirectory(prefix="tandem-demo-") as scratch:
        async with models_of(arguments, world, Path(scratch)) as models:
            say(screen.headline(f"{models.title}: {root}", palette))
            async with started(models.environment) as client:
                result = await _session(client, root, held, models, palette, say)
                await _account(client, models, result)
    for line in screen.summary(result.shown, result.asked, palette):
        say(line)
    for line in _money(result, models):
        say(line)
    return result


async def _session(  # noqa: PLR0917 - one story
    client: Client,
    root: Path,
    held: list[HeldOut],
    models: Models,
    palette: screen.Palette,
    say: Say,
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
