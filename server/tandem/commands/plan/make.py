"""A plan from the command line: the evidence, Pro's plan on top, and on to its execution."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tandem.app import World
from tandem.commands.context.repository import (
    Place,
    PlaceError,
    Repository,
    indexed,
    place_of,
    root_of,
    site_for,
    text_of,
)
from tandem.commands.plan.consent import agreed, told
from tandem.commands.plan.deliver import carry, wants_run
from tandem.core.text import Encoding, Text
from tandem.features.refactor.evidence import Evidence, target_at
from tandem.features.refactor.plan import markdown
from tandem.features.refactor.reach import gathered
from tandem.features.refactor.report import report, to_json
from tandem.features.refactor.state import Run
from tandem.features.refactor.targets import named
from tandem.index.pack import focus
from tandem.planning import Site, Wish, drafted, planned
from tandem.spending import may_ask, open_gateway
from tandem.workspace.plans import PlanFolder
from tandem.workspace.vcs import history


async def made(world: World, arguments: argparse.Namespace) -> int:
    """Print the report, the plan, or what becomes of it."""
    place = place_of(arguments.at) if arguments.at else None
    if place is not None:
        text_of(place)  # says so if there is none
    root = place.root if place is not None else root_of(Path.cwd())
    async with indexed(world, root, place.name if place is not None else None) as repository:
        evidence = await _evidence(repository, place, arguments.what)
        wanted = arguments.ask or wants_run(arguments)
        if not wanted:
            said = report(evidence, arguments.what)
            value = to_json(evidence, arguments.what)
            print(json.dumps(value) if arguments.json else said, end="\n" if arguments.json else "")
            return 0
        site = site_for(world, repository)
        wish = _wish(site, place, evidence, arguments.what)
        return await _planned(world, site, wish, evidence, arguments)


async def _evidence(repository: Repository, place: Place | None, instruction: str) -> Evidence:
    code = repository.indexing.codebase
    targets = named(code, instruction)
    if place is not None:
        if place.name not in code.paths:
            raise PlaceError(f"{place.name} is not indexed: it is ignored, or of no known language")
        targets = (target_at(code, place.name, _offset(place)), *targets)
    if not targets:
        raise PlaceError("the words name nothing of this codebase; say where with --at FILE[:LINE]")
    past = await asyncio.to_thread(history, repository.root)
    return gathered(code, targets[0], targets[1:], past.together)


def _offset(place: Place) -> int | None:
    """Return where a place begins to say something: a line means what is first on it."""
    text = Text.of(text_of(place))
    if place.position is None:
        return None
    line = place.position.line
    shown = text.line(line)
    first = text.line_start(line) + len(shown) - len(shown.lstrip())
    return max(text.offset_at(place.position, Encoding.UTF32), first)


def _wish(site: Site, place: Place | None, evidence: Evidence, instruction: str) -> Wish:
    block = ""
    if place is not None:
        block = focus.joined(focus.of_place(site.code, place.name, _offset(place)))
    line = f":{place.position.line + 1}" if place is not None and place.position else ""
    where = f"{place.name}{line}" if place is not None else ""
    return Wish(instruction, where, report(evidence, instruction), block)


async def _planned(
    world: World, site: Site, wish: Wish, evidence: Evidence, arguments: argparse.Namespace
) -> int:
    if not may_ask(world, site.settings):
        raise PlaceError(f"there is no key in {site.settings.api.key_env} to ask Pro with")
    draft = await drafted(world, site, wish)
    if not await agreed(site, "The plan", draft.quote, yes=arguments.yes):
        raise PlaceError("nothing was asked")
    async with open_gateway(world, site.settings) as gateway:
        folder, run = await planned(world, site, draft, gateway, told)
        _print_plan(folder, run, evidence, arguments)
        if not wants_run(arguments):
            return 0
        return await carry(world, site, folder, gateway, arguments)


def _print_plan(
    folder: PlanFolder, run: Run, evidence: Evidence, arguments: argparse.Namespace
) -> None:
    for problem in run.problems:
        told(f"to be looked at: {problem}")
    told(f"plan {folder.number} cost {run.cost}; it can be edited: {folder.text}")
    if wants_run(arguments):
        return
    if arguments.json:
        value: dict[str, Any] = to_json(evidence, arguments.what)
        value |= {
            "number": folder.number,
            "plan": markdown(run.plan),
            "problems": list(run.problems),
            "cost_usd": run.cost.decimal(),
        }
        print(json.dumps(value))
    else:
        sys.stdout.write(markdown(run.plan))
        told(f"`tandem plan resume {folder.number} --apply` carries it out")
