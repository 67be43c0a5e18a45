"""Prices told and agreed to on the command line; what goes on is told on stderr."""

import asyncio
import sys

from tandem.engine.estimate import Quote
from tandem.spending import must_ask


def told(what: str) -> None:
    """Say what goes on."""
    print(what, file=sys.stderr, flush=True)


async def agreed(what: str, quote: Quote, threshold: str, *, yes: bool) -> bool:
    """Tell a price, and ask where it is over a threshold in dollars; nobody to ask means no."""
    told(f"{what} costs {quote}.")
    if yes or not must_ask(quote, threshold):
        return True
    if not sys.stdin.isatty():
        told("Say --yes to go on without being asked.")
        return False
    return await asyncio.to_thread(_answered)


def _answered() -> bool:
    print("Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
