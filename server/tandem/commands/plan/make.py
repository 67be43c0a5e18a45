"""A plan from the command line: the evidence, Pro's plan on top, and on to its execution."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tandem.app import World
from tandem.commands.consent import agreed, told
from tandem.commands.context.repository import (
    Place,
    PlaceError,
    indexed,
    place_of,
    root_of,
    site_for,
    text_of,
)
from tandem.commands.plan.deliver import carry, wants_run
from tandem.core.text import Encoding, Text
from tandem.features.refactor.evidence import Evidence
from tandem.features.refactor.plan import markdown
from tandem.features.refactor.report import report, to_json
from tandem.features.refactor.state import Run
from tandem.planning.evidence import Spot, evidence_of
from tandem.planning.make import Wish, drafted, planned, wish_of
from tandem.site import Site
from tandem.spending import may_ask, open_gateway
from tandem.workspace.plans import PlanFolder


async def made(world: World, arguments: argparse.Namespace) -> int:
    """Print the report, the plan, or what becomes of it."""
    place = place_of(arguments.at) if arguments.at else None
    spot = _spot(place)
    root = place.root if place is not None else root_of(Path.cwd())
    async with indexed(world, root, place.name if place is not None else None) as repository:
        site = site_for(world, repository)
        evidence = await _evidence(site, spot, arguments.what)
        wanted = arguments.ask or wants_run(arguments)
        if not wanted:
            said = report(evidence, arguments.what)
            value = to_json(evidence, arguments.what)
            print(json.dumps(value) if arguments.json else said, end="\n" if arguments.json else "")
            return 0
        wish = await wish_of(site, arguments.what, spot, evidence)
        return await _planned(world, site, wish, evidence, arguments)


async def _evidence(site: Site, spot: Spot | None, instruction: str) -> Evidence:
    if spot is not None and spot.path not in site.code.paths:
        raise PlaceError(f"{spot.path} is not indexed: it is ignored, or of no known language")
    found = await evidence_of(site, instruction, spot)
    if found is None:
        raise PlaceError("the words name nothing of this codebase; say where with --at FILE[:LINE]")
    return found


def _spot(place: Place | None) -> Spot | None:
    """Return where a place begins to say something: a line means what is first on it."""
    if place is None:
        return None
    text = Text.of(text_of(place))  # says so if there is none
    if place.position is None:
        return Spot(place.name, None, None)
    line = place.position.line
    shown = text.line(line)
    first = text.line_start(line) + len(shown) - len(shown.lstrip())
    return Spot(place.name, max(text.offset_at(place.position, Encoding.UTF32), first), line)


async def _planned(
    world: World, site: Site, wish: Wish, evidence: Evidence, arguments: argparse.Namespace
) -> int:
    if not may_ask(world, site.settings):
        raise PlaceError(f"there is no key in {site.settings.api.key_env} to ask Pro with")
    draft = await drafted(world, site, wish)
    threshold = site.settings.refactor.confirm_usd
    if not await agreed("The plan", draft.quote, threshold, yes=arguments.yes):
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
