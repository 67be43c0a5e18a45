"""Plans that are kept: listed, shown, gone on with, given up."""

import argparse
import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from tandem.app import World
from tandem.commands.consent import told
from tandem.commands.context.repository import PlaceError, indexed, root_of, site_for
from tandem.commands.plan.deliver import carry, deliver, run_json
from tandem.commands.plan.make import made
from tandem.core.errors import RefusedError
from tandem.features.refactor import result
from tandem.features.refactor.plan import markdown
from tandem.features.refactor.state import ENDED, Phase, Run
from tandem.planning.book import read_run
from tandem.planning.deliver import discarded, not_ready, written
from tandem.planning.evidence import plans_of
from tandem.spending import may_ask, open_gateway
from tandem.workspace.plans import PlanFolder


async def of_kept(world: World, arguments: argparse.Namespace) -> int:
    """Do what is asked with a plan that is kept."""
    root = root_of(Path.cwd())
    plans = plans_of(world.paths, root)
    if arguments.what == "list":
        return await asyncio.to_thread(_list, plans.all(), arguments)
    folder = plans.get(arguments.number)
    if folder is None:
        raise PlaceError(f"there is no plan {arguments.number} of this workspace")
    if arguments.what == "discard":
        await discarded(folder)
        told(f"plan {folder.number} is given up")
        return 0
    run = await asyncio.to_thread(read_run, folder)
    if arguments.what == "show":
        return _show(folder, run, arguments)
    return await _resume(world, root, folder, run, arguments)


def _list(folders: list[PlanFolder], arguments: argparse.Namespace) -> int:
    found = []
    for folder in folders:
        try:
            found.append((folder, read_run(folder)))
        except RefusedError as refused:
            told(f"{folder.number}: {refused}")
    if arguments.json:
        print(json.dumps([run_json(folder, run) for folder, run in found]))
        return 0
    for folder, run in found:
        print(f"{folder.number:>4}  {run.at[:16]}  {_state(run):<24} {run.cost!s:>9}  {_name(run)}")
    if not folders:
        print("no plans of this workspace")
    return 0


def _name(run: Run) -> str:
    return run.plan.goal or run.instruction


def _state(run: Run) -> str:
    if run.phase in ENDED or run.phase in {Phase.READY, Phase.PROPOSED}:
        return run.phase.value
    return f"{run.phase.value}, can go on"


def _show(folder: PlanFolder, run: Run, arguments: argparse.Namespace) -> int:
    if arguments.json:
        print(json.dumps(run_json(folder, run)))
    elif arguments.patch is not None:
        print(result.diff_of(run), end="")
    else:
        print("\n".join(_lines(folder, run)))
    return 0


def _lines(folder: PlanFolder, run: Run) -> Iterator[str]:
    yield f"plan {folder.number}, {_state(run)}, {run.cost}: {run.instruction}"
    why = run.reason or run.halted
    if why:
        yield why
    for step in run.plan.steps:
        state = run.steps[step.id]
        by = f", {state.rung.value}" if state.rung is not None else ""
        yield f"  {step.id} {state.status.value}{by}: {step.title}"
        if state.reason:
            yield f"     {state.reason}"
    yield from (f"  {note}" for note in run.notes)
    yield ""
    yield markdown(run.plan)


async def _resume(
    world: World, root: Path, folder: PlanFolder, run: Run, arguments: argparse.Namespace
) -> int:
    if run.phase in ENDED:
        raise PlaceError(not_ready(run))
    if run.phase is Phase.WANTED:
        arguments.what, arguments.at, arguments.ask = run.instruction, run.place or None, True
        return await made(world, arguments)
    async with indexed(world, root) as repository:
        site = site_for(world, repository)
        if run.phase is Phase.APPLYING:
            run = await written(site, folder)
            told(f"written: {', '.join(sorted(run.now))}")
            return 0
        if run.phase is Phase.READY:
            return await deliver(site, folder, run, arguments)
        if not may_ask(world, site.settings):
            raise PlaceError(f"there is no key in {site.settings.api.key_env} to ask models with")
        async with open_gateway(world, site.settings) as gateway:
            return await carry(world, site, folder, gateway, arguments)
