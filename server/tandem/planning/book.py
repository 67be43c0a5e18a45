"""A plan in its folder: at the state that its journal tells, held against other processes."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from tandem.core.errors import RefusedError
from tandem.features.refactor import journal
from tandem.features.refactor.events import Event
from tandem.features.refactor.run import Book
from tandem.features.refactor.state import Run, TransitionError, fold
from tandem.workspace.plans import BusyError, PlanFolder

_BUSY: Final = "another process carries this plan on"


@contextmanager
def held(folder: PlanFolder) -> Generator[None]:
    """Keep other processes from a plan; say so in a sentence where one has it."""
    try:
        with folder.held():
            yield
    except BusyError:
        raise RefusedError(_BUSY) from None


async def opened(folder: PlanFolder) -> Book:
    """Open a plan at the state its journal tells. Raises RefusedError if it cannot be read."""

    def write(event: Event) -> None:
        append(folder, event)

    await asyncio.to_thread(folder.mend)
    return Book(await asyncio.to_thread(read_run, folder), write)


def append(folder: PlanFolder, event: Event) -> None:
    """Write an event into a plan's journal. Blocking. Raises RefusedError if the disk refuses."""
    try:
        folder.append(journal.line(event))
    except OSError as error:
        raise RefusedError(f"the plan's journal cannot be written: {error.strerror}") from None


def read_run(folder: PlanFolder) -> Run:
    """Return the run of a plan as its journal tells. Blocking. Raises RefusedError."""
    events = journal.events(folder.lines())
    if not events:
        raise RefusedError(f"plan {folder.number} has no journal")
    try:
        return fold(events)
    except TransitionError:
        raise RefusedError(f"the journal of plan {folder.number} is damaged") from None
