"""``tandem plan``: what a change to a place would reach, and with ``--ask`` Pro's plan for it.

The evidence comes from the index and the history: no key, no network, no cost. A plan is asked for
only when that is said, after its price was told and agreed to; it is checked against the index and
printed as Markdown. Nothing is changed.
"""

import argparse
import asyncio
import json
import sys
from typing import Any

from tandem.app import World
from tandem.commands.context.packed import Packed, Whole, packed
from tandem.commands.context.repository import (
    Place,
    PlaceError,
    Repository,
    indexed,
    place_of,
    text_of,
)
from tandem.core.errors import TandemError
from tandem.core.text import Encoding, Text
from tandem.features.refactor.evidence import Evidence, gather, target_at
from tandem.features.refactor.plan import markdown
from tandem.features.refactor.propose import Proposed, propose, task_of
from tandem.features.refactor.report import report, to_json
from tandem.index.pack import focus
from tandem.index.pack.forecast import Forecast, forecast
from tandem.spending import may_ask, open_gateway
from tandem.workspace.vcs import history


def run(arguments: argparse.Namespace) -> int:
    """Print the report or the plan; status 1 with a sentence if there is none."""
    try:
        evidence, found = asyncio.run(_planned(World.real(), arguments))
    except (PlaceError, TandemError) as error:
        print(f"tandem plan: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(_json(evidence, found, arguments.instruction)))
    elif found is None:
        print(report(evidence, arguments.instruction), end="")
    else:
        print(markdown(found.plan), end="")
    if found is not None:
        for problem in found.problems:
            print(f"to be looked at: {problem}", file=sys.stderr)
        print(f"the plan cost {found.cost}", file=sys.stderr)
    return 0


def _json(evidence: Evidence, found: Proposed | None, instruction: str) -> dict[str, Any]:
    value = to_json(evidence, instruction)
    if found is not None:
        value["plan"] = markdown(found.plan)
        value["problems"] = list(found.problems)
        value["cost_usd"] = found.cost.decimal()
    return value


async def _planned(world: World, arguments: argparse.Namespace) -> tuple[Evidence, Proposed | None]:
    place = place_of(arguments.at)
    text = Text.of(text_of(place))
    async with indexed(world, place.root, place.name) as repository:
        code = repository.indexing.codebase
        if place.name not in code.paths:
            raise PlaceError(f"{place.name} is not indexed: it is ignored, or of no known language")
        offset = _offset(place, text)
        past = await asyncio.to_thread(history, place.root)
        evidence = gather(code, target_at(code, place.name, offset), past.together)
        if not arguments.ask:
            return evidence, None
        if not may_ask(world, repository.settings):
            raise PlaceError(
                f"there is no key in {repository.settings.api.key_env} to ask Pro with"
            )
        start = await packed(world, repository)
        parts = await asyncio.to_thread(focus.of_place, code, place.name, offset)
        task = task_of(arguments.instruction, report(evidence, arguments.instruction))
        whole = start.ending(focus.joined(parts), task)
        cost = forecast(whole.prompt.sections, whole.held, start.rate)
        if not arguments.yes and not await asyncio.to_thread(_agreed, cost):
            raise PlaceError("nothing was asked")
        return evidence, await _proposed(world, repository, start, whole)


def _offset(place: Place, text: Text) -> int | None:
    """Return where a place begins to say something: a line means what is first on it."""
    if place.position is None:
        return None
    line = place.position.line
    shown = text.line(line)
    first = text.line_start(line) + len(shown) - len(shown.lstrip())
    return max(text.offset_at(place.position, Encoding.UTF32), first)


def _agreed(cost: Forecast) -> bool:
    """Tell the price and ask; nobody to ask means no."""
    price = f"about {cost.first}" if cost.first is not None else "at a price that is not known"
    print(f"Pro would read {cost.tokens:,} tokens, {price}, and answer on top.", file=sys.stderr)
    if not sys.stdin.isatty():
        print("Say --yes to go on without being asked.", file=sys.stderr)
        return False
    print("Ask? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


async def _proposed(world: World, repository: Repository, start: Packed, whole: Whole) -> Proposed:
    code, model = repository.indexing.codebase, repository.settings.models.pro

    def told(what: str) -> None:
        print(what, file=sys.stderr)

    async with open_gateway(world, repository.settings) as gateway:
        found = await propose(whole.messages, code, model, gateway, told)
    if start.pack is not None:
        await start.packing.sent(start.pack, start.moment)
    return found
