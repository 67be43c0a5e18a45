"""``tandem context``: what a model would be told at a place or for a task, and what it costs.

Three kinds: a completion, a plan, a review. Nothing is sent and nothing is spent.
"""

import argparse
import asyncio
import json
import sys

from tandem.app import World
from tandem.commands.context import completion, task, told
from tandem.commands.context.repository import PlaceError, place_of


def run(arguments: argparse.Namespace) -> int:
    """Show the context; status 1 with a sentence if there is no such place or nothing to show."""
    try:
        text = asyncio.run(_shown(World.real(), arguments))
    except PlaceError as error:
        print(f"tandem context: {error}", file=sys.stderr)
        return 1
    print(text)
    return 0


async def _shown(world: World, arguments: argparse.Namespace) -> str:
    kind, place = arguments.kind, arguments.place
    if arguments.base is not None and kind != "review":
        raise PlaceError("--base goes with --for review")
    if arguments.explain and kind == "completion":
        raise PlaceError("--explain goes with --for plan and --for review")
    if kind == "completion":
        if place is None:
            raise PlaceError("a completion needs a place: FILE:LINE:COLUMN")
        found = await completion.of_place(world, place_of(place, least=3))
        return json.dumps(found.to_json()) if arguments.json else found.to_text(arguments.prompt)
    if kind == "review" and place is not None:
        raise PlaceError("a review is of the working tree and takes no place; see --base")
    at = None if place is None else place_of(place)
    made = await task.of_task(world, task.Asked(kind, at, arguments.base or "HEAD"))
    wanted = {"explained": arguments.explain, "prompt": arguments.prompt}
    return (
        json.dumps(told.to_json(made, **wanted)) if arguments.json else told.to_text(made, **wanted)
    )
