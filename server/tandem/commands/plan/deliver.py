"""A plan carried out from the command line, and its result where the user wants it."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tandem.app import World
from tandem.commands.consent import agreed, told
from tandem.commands.context.repository import PlaceError
from tandem.engine.asking import Asker
from tandem.features.refactor import result
from tandem.features.refactor.state import Phase, Run, Status
from tandem.planning.book import read_run
from tandem.planning.carry import carried_out, quote_of
from tandem.planning.deliver import branched, not_ready, written
from tandem.site import Site
from tandem.workspace.plans import PlanFolder


def wants_run(arguments: argparse.Namespace) -> bool:
    """Tell whether a plan is to be carried out, not only made."""
    return bool(arguments.apply or arguments.patch is not None or arguments.branch)


async def carry(
    world: World, site: Site, folder: PlanFolder, asker: Asker, arguments: argparse.Namespace
) -> int:
    """Carry a plan out and deliver what comes of it."""
    run = await asyncio.to_thread(read_run, folder)
    if run.phase is Phase.PROPOSED:
        quote = quote_of(world, site, run)
        if not await agreed(
            "To carry it out", quote, site.settings.refactor.confirm_usd, yes=arguments.yes
        ):
            raise PlaceError("nothing was asked")
    run = await carried_out(world, site, folder, asker, told)
    for name in run.named(Status.ASIDE):
        told(f"{name} was set aside: {run.steps[name].reason}")
    for note in run.notes:
        told(note)
    told(f"plan {folder.number} cost {run.cost} in all")
    if run.phase is not Phase.READY:
        told(f"tandem plan: {not_ready(run)}")
        if run.halted:
            told(f"`tandem plan resume {folder.number}` goes on")
        return 1
    return await deliver(site, folder, run, arguments)


async def deliver(site: Site, folder: PlanFolder, run: Run, arguments: argparse.Namespace) -> int:
    """Put a result where the user wants it. Raises RefusedError if it cannot be there."""
    aside = run.named(Status.ASIDE)
    if aside and not arguments.partial and (arguments.apply or arguments.branch):
        told(
            f"tandem plan: {len(aside)} of {len(run.plan.steps)} steps were set aside; nothing was "
            f"written. --partial takes the rest, the patch is {folder.patch}"
        )
        return 1
    if arguments.patch is not None:
        await asyncio.to_thread(_write_patch, arguments.patch, result.diff_of(run))
    if arguments.branch:
        commit = await branched(site, folder, arguments.branch)
        told(f"branch {arguments.branch} is at {commit[:12]}")
    elif arguments.apply:
        run = await written(site, folder)
        told(f"written: {', '.join(sorted(run.now))}")
    elif arguments.patch is None:
        told(f"ready; the patch is {folder.patch}")
    if arguments.json:
        print(json.dumps(run_json(folder, run)))
    return 0


def _write_patch(target: str, text: str) -> None:
    if target == "-":
        sys.stdout.write(text)
    else:
        Path(target).write_text(text, "utf-8")


def run_json(folder: PlanFolder, run: Run) -> dict[str, Any]:
    """Return a plan and what became of it for machines."""
    return {
        "number": folder.number,
        "instruction": run.instruction,
        "place": run.place,
        "at": run.at,
        "phase": run.phase.value,
        "reason": run.reason or run.halted,
        "cost_usd": run.cost.decimal(),
        "goal": run.plan.goal,
        "files": sorted(run.now),
        "notes": list(run.notes),
        "steps": [
            {
                "id": step.id,
                "title": step.title,
                "status": run.steps[step.id].status.value,
                "by": rung.value if (rung := run.steps[step.id].rung) is not None else None,
                "reason": run.steps[step.id].reason,
            }
            for step in run.plan.steps
        ],
    }
