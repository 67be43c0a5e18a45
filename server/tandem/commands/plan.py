"""``tandem plan``: what a change to a place would reach, as a report and a checklist.

The evidence that a plan stands on, from the index and the history: no key, no network, no cost.
"""

import argparse
import asyncio
import json
import sys

from tandem.app import World
from tandem.commands.context.repository import PlaceError, indexed, place_of, text_of
from tandem.core.text import Encoding, Text
from tandem.features.refactor.evidence import Evidence, gather, target_at
from tandem.features.refactor.report import report, to_json
from tandem.workspace.vcs import history


def run(arguments: argparse.Namespace) -> int:
    """Print the report; status 1 with a sentence if there is no such place."""
    try:
        evidence = asyncio.run(_evidence(World.real(), arguments.at))
    except PlaceError as error:
        print(f"tandem plan: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps(to_json(evidence, arguments.instruction)))
    else:
        print(report(evidence, arguments.instruction), end="")
    return 0


async def _evidence(world: World, at: str) -> Evidence:
    place = place_of(at)
    text = Text.of(text_of(place))
    async with indexed(world, place.root, place.name) as repository:
        code = repository.indexing.codebase
        if place.name not in code.paths:
            raise PlaceError(f"{place.name} is not indexed: it is ignored, or of no known language")
        offset = None
        if place.position is not None:
            line = text.line_start(place.position.line)
            shown = text.line(place.position.line)
            blank = len(shown) - len(shown.lstrip())
            offset = max(text.offset_at(place.position, Encoding.UTF32), line + blank)
        past = await asyncio.to_thread(history, place.root)
        return gather(code, target_at(code, place.name, offset), past.together)
