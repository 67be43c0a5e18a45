"""``tandem plan``: what a change would reach, Pro's plan for it, and the plan carried out.

    tandem plan "what should change" [--at FILE[:LINE]]   the evidence: free, no key
    ... --ask                                             Pro makes a plan of it
    ... --apply | --patch | --branch NAME                 and it is carried out
    tandem plan list | show N | resume N | discard N

The evidence comes from the index and the history. Whatever costs more than `refactor.confirm_usd`
is asked about first. A plan is kept in the state directory, journal and all: one that was stopped
or killed goes on with ``resume``, and nothing is paid for twice. Status 0 when it is done, 1 with a
sentence when not.
"""

import argparse
import asyncio
import sys

from tandem.app import World
from tandem.commands.context.repository import PlaceError
from tandem.commands.plan import kept, make
from tandem.core.errors import TandemError

_KEPT = ("list", "show", "resume", "discard")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for; status 1 with a sentence if there is nothing."""
    action, number = arguments.what, arguments.number
    try:
        of_kept = action in _KEPT and (action == "list" or number is not None)
        return asyncio.run((kept.of_kept if of_kept else make.made)(World.real(), arguments))
    except (PlaceError, TandemError) as error:
        print(f"tandem plan: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("tandem plan: stopped; `tandem plan resume` goes on", file=sys.stderr)
    return 1
