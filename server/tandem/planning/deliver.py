"""The result of a plan goes where it belongs: the editor, the files, a branch; or is given up."""

import asyncio

from tandem.core.errors import RefusedError
from tandem.features.refactor import result
from tandem.features.refactor.events import Applied, Applying, Discarded, NotApplied
from tandem.features.refactor.run import Book
from tandem.features.refactor.state import Phase, Run
from tandem.planning.book import held, opened, read_run
from tandem.site import Site
from tandem.workspace import delivery
from tandem.workspace.plans import PlanFolder


async def applying(site: Site, folder: PlanFolder, how: str) -> tuple[Run, result.Delivery]:
    """Note that the result is about to be applied to the files as they are; return both.

    Raises RefusedError with the reason if it cannot be; then nothing is noted.
    """
    with held(folder):
        book = await opened(folder)
        return book.run, await _begun(site, book, how)


async def _begun(site: Site, book: Book, how: str) -> result.Delivery:
    if book.run.phase is not Phase.READY:
        raise RefusedError(not_ready(book.run))
    found = result.delivery(book.run, site.text)
    if found.conflicts:
        raise RefusedError("; ".join(found.conflicts))
    await book.happened(Applying(how, found.before, found.texts))
    return found


async def applied(folder: PlanFolder, refusal: str) -> None:
    """Note that a result was taken, or why not."""
    with held(folder):
        book = await opened(folder)
        await book.happened(NotApplied(refusal) if refusal else Applied())


async def settled(site: Site, folder: PlanFolder) -> Run:
    """Note how far an edit came whose editor went away: the files tell. Half of it is finished.

    Raises RefusedError where a file is neither as it was nor as it should be.
    """
    run = await asyncio.to_thread(read_run, folder)
    found = run.applying
    if run.phase is Phase.APPLYING and found is not None:
        if all(site.text(path) == found.before.get(path) for path in found.texts):
            await applied(folder, "the editor went away before it took the edit")
            return await asyncio.to_thread(read_run, folder)
        return await written(site, folder)
    return run


async def written(site: Site, folder: PlanFolder) -> Run:
    """Write the result into the workspace, all or nothing; also what a dead process began.

    Raises RefusedError with the reason if it is not written.
    """
    with held(folder):
        book = await opened(folder)
        if book.run.phase is Phase.APPLYING and book.run.applying is not None:
            before, texts = book.run.applying.before, book.run.applying.texts
        else:
            found = await _begun(site, book, "files")
            before, texts = found.before, found.texts
        try:
            await asyncio.to_thread(delivery.write, site.root, before, texts)
        except RefusedError as refused:
            await book.happened(NotApplied(str(refused)))
            raise
        await book.happened(Applied())
        return book.run


async def branched(site: Site, folder: PlanFolder, branch: str) -> str:
    """Commit the result to a new branch; return the commit. Raises RefusedError."""
    with held(folder):
        book = await opened(folder)
        run = book.run
        if run.phase is not Phase.READY:
            raise RefusedError(not_ready(run))
        made = await asyncio.to_thread(
            delivery.commit, site.root, branch, run.base, run.now, message_of(run)
        )
        await book.happened(Applying(f"branch {branch}"))
        await book.happened(Applied())
        return made


def message_of(run: Run) -> str:
    """Return a commit's message: the goal, then the steps."""
    steps = "".join(f"- {step.title}\n" for step in run.plan.steps)
    return f"{run.plan.goal}\n\n{steps}"


def not_ready(run: Run) -> str:
    """Say why a run has no result to deliver."""
    why = run.reason or run.halted
    return f"the plan is {run.phase.value}{f': {why}' if why else ''}"


async def discarded(folder: PlanFolder) -> None:
    """Give a plan up; what it cost stays in the ledger. Raises RefusedError."""
    with held(folder):
        book = await opened(folder)
        if book.run.phase in {Phase.APPLIED, Phase.DISCARDED, Phase.APPLYING}:
            raise RefusedError(not_ready(book.run))
        await book.happened(Discarded())
