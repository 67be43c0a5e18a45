"""Questions to the codebase from a thread, while the event loop may change it.

The codebase belongs to the loop: a question that takes longer than a keystroke may (evidence: up to
0.7 s, gates over a plan: 50 ms) is asked in a thread, and asked again if what it looked through
changed under it. Python says so with a RuntimeError, and nothing is harmed.
"""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
P = TypeVarTuple("P")

_TRIES: Final = 5


async def steady(question: Callable[[Unpack[P]], T], *about: *P) -> T:
    """Return the answer of a function that only reads."""
    for _ in range(_TRIES - 1):
        try:
            return await asyncio.to_thread(question, *about)
        except RuntimeError as error:
            if "changed size during iteration" not in str(error):
                raise
    return await asyncio.to_thread(question, *about)
