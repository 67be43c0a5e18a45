"""Composition of plans: who makes one, carries it out and delivers it, for commands and the server.

Part of the composition root beside ``app``, ``spending`` and ``acting``. A plan lives in a folder
of the state directory; whatever a process does for it goes through its journal.
"""

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tandem.core import tokens
from tandem.core.errors import RefusedError
from tandem.core.money import Usd
from tandem.core.redact import redact
from tandem.engine.recorded import Recorded
from tandem.features.refactor import journal, plan, result
from tandem.features.refactor.dialogue import Pro, Prompt
from tandem.features.refactor.estimate import Estimate, Quote, of_plan, of_run
from tandem.features.refactor.events import (
    Applied,
    Applying,
    Begun,
    Discarded,
    Edited,
    Event,
    NotApplied,
    Proposed,
    Texts,
    Wanted,
)
from tandem.features.refactor.propose import propose, task_of
from tandem.features.refactor.run import Book, Check, Ports, execute
from tandem.features.refactor.state import Phase, Run, fold
from tandem.index.code import Code
from tandem.ledger.prices import is_peak, turn
from tandem.spending import price_table
from tandem.workspace import delivery, scratch
from tandem.workspace.checks import is_trusted
from tandem.workspace.files import FileEntry, reason_by_name
from tandem.workspace.packing import Packing, Sources, folder_of, moment_of, sources
from tandem.workspace.paths import Paths, workspace_tag
from tandem.workspace.plans import BusyError, PlanFolder, Plans
from tandem.workspace.prompts import Packed, packed

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.engine.asking import Asker
    from tandem.workspace.settings import Settings

Told = Callable[[str], None]
_BUSY: Final = "another process carries this plan on"


@dataclass(frozen=True, slots=True)
class Site:
    """A workspace that plans are made for. `text` gives a file as it is now: its open buffer first.

    `files` lists what may be told; it may block. `open` are the texts of open documents.
    """

    root: Path
    settings: "Settings"
    code: Code = field(repr=False)
    packing: Packing = field(repr=False)
    plans: Plans
    files: Callable[[], Sequence[FileEntry]]
    open: Callable[[], Mapping[str, str]] = dict

    def text(self, path: str) -> str | None:
        """Return a file's text; None where there is none. Raises RefusedError if it is kept out."""
        if path in self.code.paths:
            return self.code.text(path)
        if reason_by_name(path) is not None or (self.root / path).exists():
            raise RefusedError(f"{path} is kept out of what models are told and may change")
        return None


def site_of(  # noqa: PLR0917 - a composition
    paths: Paths,
    root: Path,
    settings: "Settings",
    code: Code,
    files: Callable[[], Sequence[FileEntry]],
    open_texts: Callable[[], Mapping[str, str]] = dict,
) -> Site:
    """Return the site of a workspace, with its pack and its plans."""
    packing = Packing(root, code, folder_of(paths, root))
    return Site(root, settings, code, packing, plans_of(paths, root), files, open_texts)


def plans_of(paths: Paths, root: Path) -> Plans:
    """Return the plans that are kept of a workspace."""
    return Plans(paths.state / "plans" / workspace_tag(root))


async def packed_for(world: "World", site: Site) -> Packed:
    """Carry the pack of a workspace on, at the prices of now."""
    settings, now = site.settings, world.clock.now()
    model = settings.models.pro
    price = price_table(settings).rate(model, now)
    moment = moment_of(model, price, now)
    rate = None if price is None else moment.rate

    def read() -> Sources:
        return sources(site.root, site.files(), site.open())

    return await packed(site.packing, read if settings.context.pack else None, moment, rate)


# -- prices ------------------------------------------------------------------------------------


def quoted(world: "World", settings: "Settings", estimate: Estimate) -> Quote:
    """Return an estimate with its prices, now and in the other hours."""
    prices, now = price_table(settings), world.clock.now()
    then = turn(now)

    def at(when: datetime) -> Usd | None:
        return estimate.cost(lambda model, usage: prices.cost(model, usage, when))

    return Quote(estimate, at(now), at(then) if is_peak(then) is not is_peak(now) else None, then)


def must_ask(settings: "Settings", quote: Quote) -> bool:
    """Tell whether the user has to agree to a price first."""
    return quote.now is None or quote.now >= Usd.of(settings.refactor.confirm_usd)


# -- a plan is made ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants: in words, where, and what is known of it (Markdown, and code)."""

    instruction: str
    place: str
    evidence: str = field(repr=False)
    focus: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A wish with the prompt that would be sent for it, and its price."""

    wish: Wish
    start: Packed = field(repr=False)
    prompt: Prompt = field(repr=False)
    quote: Quote


async def drafted(world: "World", site: Site, wish: Wish) -> Draft:
    """Assemble the prompt for a plan. Nothing is sent."""
    start = await packed_for(world, site)
    whole = start.ending(wish.focus, task_of(wish.instruction, wish.evidence))
    parts = whole.prompt.sections
    total = sum(part.tokens for part in parts)
    hit = sum(part.tokens for part in parts[: whole.held])
    estimate = of_plan(site.settings.models, total, hit)
    prompt = Prompt(whole.messages, whole.primes)
    return Draft(wish, start, prompt, quoted(world, site.settings, estimate))


async def planned(
    world: "World", site: Site, draft: Draft, asker: "Asker", told: Told
) -> tuple[PlanFolder, Run]:
    """Have Pro make a plan and keep it. Raises what the asker raises, RefusedError, OSError."""
    folder = await asyncio.to_thread(site.plans.new)
    wish = draft.wish
    at = world.clock.now().isoformat(timespec="seconds")
    wanted = Wanted(wish.instruction, wish.place, at)
    await asyncio.to_thread(folder.append, journal.line(wanted))
    return folder, await proposed(site, folder, draft, asker, told)


async def proposed(site: Site, folder: PlanFolder, draft: Draft, asker: "Asker", told: Told) -> Run:
    """Have Pro make the plan that a folder is for. What was answered before is not paid again."""
    with _held(folder):
        book = await opened(folder)
        pro = Pro(site.settings.models.pro, Recorded(asker, folder), told)
        said = await propose(draft.prompt, site.code, pro)
        await draft.start.sent()
        await book.happened(Proposed(said.value, said.problems, said.cost))
        await asyncio.to_thread(folder.write, folder.text, shown(book.run))
        return book.run


def shown(run: Run) -> str:
    """Return a plan for people: what is wrong with it first, as comments."""
    problems = "".join(f"> To be looked at: {one}\n" for one in run.problems)
    return f"{problems}{chr(10) if problems else ''}{plan.markdown(run.plan)}"


# -- a plan is carried out ---------------------------------------------------------------------


@contextmanager
def _held(folder: PlanFolder) -> Generator[None]:
    """Keep other processes from a plan; say so in a sentence where one has it."""
    try:
        with folder.held():
            yield
    except BusyError:
        raise RefusedError(_BUSY) from None


async def opened(folder: PlanFolder) -> Book:
    """Open a plan at the state its journal tells. Raises RefusedError if it cannot be read."""

    def write(event: Event) -> None:
        folder.append(journal.line(event))

    await asyncio.to_thread(folder.mend)
    return Book(await asyncio.to_thread(read_run, folder), write)


def read_run(folder: PlanFolder) -> Run:
    """Return the run of a plan as its journal tells. Blocking. Raises RefusedError."""
    events = journal.events(folder.lines())
    if not events:
        raise RefusedError(f"plan {folder.number} has no journal")
    return fold(events)


async def edited(site: Site, folder: PlanFolder, book: Book) -> None:
    """Take in what somebody changed in the plan's text."""
    text = await asyncio.to_thread(folder.read, folder.text)
    if text is None or text == shown(book.run):
        return
    read, wrong = plan.parsed(text)
    if read != book.run.plan or wrong:
        await book.happened(Edited(read, (*wrong, *plan.problems(read, site.code))))


def run_quote(world: "World", site: Site, run: Run, pack_tokens: int) -> Quote:
    """Return what carrying a plan out will cost."""
    settings = site.settings

    def size(path: str) -> int:
        with suppress(RefusedError):
            return tokens.estimate(site.text(path) or "")
        return 0

    pack = pack_tokens if settings.refactor.accept else None
    return quoted(world, settings, of_run(run.plan, settings.models, size, pack))


async def carried_out(
    world: "World", site: Site, folder: PlanFolder, asker: "Asker", told: Told
) -> Run:
    """Begin a plan, or go on with it, until it is ready, failed or halted.

    Raises RefusedError if it cannot be begun; what was cancelled can go on.
    """
    with _held(folder):
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
    async def prompt(block: str, task: str) -> Prompt:
        start = await packed_for(world, site)
        whole = start.ending(block, task)
        await start.sent()
        return Prompt(whole.messages, whole.primes)

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


# -- the result goes where it belongs ----------------------------------------------------------


async def written(site: Site, folder: PlanFolder) -> Run:
    """Write the result into the workspace, all or nothing; also what a dead process began.

    Raises RefusedError with the reason if it is not written.
    """
    with _held(folder):
        book = await opened(folder)
        if book.run.phase is Phase.READY:
            found = result.delivery(book.run, site.text)
            if found.conflicts:
                raise RefusedError("; ".join(found.conflicts))
            await book.happened(Applying("files", found.before, found.texts))
        elif book.run.phase is not Phase.APPLYING or book.run.applying is None:
            raise RefusedError(not_ready(book.run))
        applying = book.run.applying
        if applying is None:  # pragma: no cover - the phase says so
            raise RefusedError(not_ready(book.run))
        try:
            await asyncio.to_thread(delivery.write, site.root, applying.before, applying.texts)
        except RefusedError as refused:
            await book.happened(NotApplied(str(refused)))
            raise
        await book.happened(Applied())
        return book.run


async def branched(site: Site, folder: PlanFolder, branch: str) -> str:
    """Commit the result to a new branch; return the commit. Raises RefusedError."""
    with _held(folder):
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
    with _held(folder):
        book = await opened(folder)
        if book.run.phase in {Phase.APPLIED, Phase.DISCARDED, Phase.APPLYING}:
            raise RefusedError(not_ready(book.run))
        await book.happened(Discarded())
