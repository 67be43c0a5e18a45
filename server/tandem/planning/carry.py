"""A plan is carried out: its price, who helps, the user's own check."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from tandem.core import tokens
from tandem.core.errors import RefusedError
from tandem.core.money import Usd
from tandem.core.redact import redact
from tandem.engine.dialogue import Prompt, Told
from tandem.engine.estimate import Quote
from tandem.engine.recorded import Recorded
from tandem.features.refactor import plan, result
from tandem.features.refactor.estimate import of_run
from tandem.features.refactor.events import Begun, Edited, Texts
from tandem.features.refactor.run import Book, Check, Ports, execute
from tandem.features.refactor.state import Phase, Run
from tandem.index.pack import layout
from tandem.planning.book import held, opened
from tandem.planning.make import shown
from tandem.site import Site
from tandem.spending import quoted
from tandem.workspace import scratch
from tandem.workspace.checks import is_trusted
from tandem.workspace.packing import SYSTEM
from tandem.workspace.plans import PlanFolder

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.engine.asking import Asker


async def edited(site: Site, folder: PlanFolder, book: Book) -> None:
    """Take in what somebody changed in the plan's text."""
    text = await asyncio.to_thread(folder.read, folder.text)
    # What was wrong may have been mended in the code instead.
    if text is None or (text == shown(book.run) and not book.run.problems):
        return
    read, wrong = plan.parsed(text)
    if read != book.run.plan or wrong or book.run.problems:
        await book.happened(Edited(read, (*wrong, *plan.problems(read, site.code))))


def quote_of(world: "World", site: Site, run: Run) -> Quote:
    """Return what carrying a plan out will cost."""
    settings = site.settings

    def size(path: str) -> int:
        with suppress(RefusedError):
            return tokens.estimate(site.text(path) or "")
        return 0

    judged = settings.refactor.accept
    return quoted(world, settings, of_run(run.plan, settings.models, size, judged=judged))


async def carried_out(
    world: "World", site: Site, folder: PlanFolder, asker: "Asker", told: Told
) -> Run:
    """Begin a plan, or go on with it, until it is ready, failed or halted.

    Raises RefusedError if it cannot be begun; what was cancelled can go on.
    """
    with held(folder):
        book = await opened(folder)
        if book.run.phase is Phase.PROPOSED:
            await edited(site, folder, book)
            if book.run.problems:
                raise RefusedError(f"the plan cannot be carried out: {book.run.problems[0]}")
            await book.happened(Begun(Usd.of(site.settings.refactor.most_usd)))
        run = await execute(book, _ports(world, site, folder, asker, told))
        await asyncio.to_thread(folder.write, folder.patch, result.diff_of(run))
        return run


def _ports(world: "World", site: Site, folder: PlanFolder, asker: "Asker", told: Told) -> Ports:
    def prompt(block: str, task: str) -> Prompt:
        return Prompt(layout.without_pack(SYSTEM, block, task))

    async def check(texts: Texts) -> Check | None:
        return await _checked(world, site, texts)

    return Ports(Recorded(asker, folder), site.settings, site.code, site.text, prompt, told, check)


async def _checked(world: "World", site: Site, texts: Texts) -> Check | None:
    """Run the user's check on a result; where it fails without the result too, it says nothing."""
    settings = site.settings
    if not settings.refactor.check or not is_trusted(site.root, settings.fix.trusted):
        return None
    own = {k: v for k, v in world.environment.items() if k != settings.api.key_env}
    command = scratch.command_of(
        settings.refactor.check, settings.refactor.check_s, settings.refactor.link, own
    )
    if command is None:
        raise RefusedError("refactor.check is no command: a quote is left open")
    ran = await scratch.run_with(command, site.root, texts)
    if ran.status == 0:
        return Check(passed=True, said="", note=f"gates and `{settings.refactor.check}` passed")
    before = await scratch.run_with(command, site.root, {})
    if before.status != 0:
        note = f"`{settings.refactor.check}` fails without the change too; gates passed"
        return Check(passed=True, said="", note=note)
    said = redact(ran.output)
    status = "ran out of time" if ran.status is None else f"ended with {ran.status}"
    return Check(passed=False, said=f"the check {status}:\n{said}", note=f"the check {status}")
