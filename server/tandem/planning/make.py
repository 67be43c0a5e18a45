"""A plan is made: the prompt and its price, Pro's answer, what people are shown."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tandem.core.errors import RefusedError
from tandem.engine.dialogue import Pro, Prompt, Told
from tandem.engine.estimate import Quote
from tandem.engine.recorded import Recorded
from tandem.features.refactor import plan
from tandem.features.refactor.estimate import of_plan
from tandem.features.refactor.events import Proposed, Wanted
from tandem.features.refactor.evidence import Evidence
from tandem.features.refactor.propose import propose, task_of
from tandem.features.refactor.report import report
from tandem.features.refactor.state import Phase, Run
from tandem.index.pack import focus
from tandem.planning.book import append, held, opened, read_run
from tandem.planning.evidence import Spot, plans_of
from tandem.site import Site, packed_for
from tandem.spending import quoted
from tandem.workspace.plans import PlanFolder
from tandem.workspace.prompts import Packed
from tandem.workspace.steady import steady

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.engine.asking import Asker


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
    """Have Pro make a plan and keep it. Raises what the asker raises, and RefusedError.

    One that was wanted before and never came is gone on with: what was answered is paid for.
    """
    wish = draft.wish
    folder = await asyncio.to_thread(_wanted, site, wish)
    if folder is None:
        at = world.clock.now().isoformat(timespec="seconds")
        wanted = Wanted(wish.instruction, wish.place, at)
        folder = await asyncio.to_thread(_begun, site, wanted)
    return folder, await proposed(site, folder, draft, asker, told)


def _begun(site: Site, wanted: Wanted) -> PlanFolder:
    try:
        folder = plans_of(site.paths, site.root).new()
    except OSError as error:
        raise RefusedError(f"the plan cannot be kept: {error.strerror}") from None
    append(folder, wanted)
    return folder


def _wanted(site: Site, wish: Wish) -> PlanFolder | None:
    """Return the last plan, if it is of the same wish and none came of it."""
    for folder in plans_of(site.paths, site.root).all()[-1:]:
        with suppress(RefusedError):
            run = read_run(folder)
            if run.phase is Phase.WANTED and (run.instruction, run.place) == (
                wish.instruction,
                wish.place,
            ):
                return folder
    return None


async def proposed(site: Site, folder: PlanFolder, draft: Draft, asker: "Asker", told: Told) -> Run:
    """Have Pro make the plan that a folder is for. What was answered before is not paid again."""
    with held(folder):
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


async def wish_of(site: Site, instruction: str, spot: Spot | None, evidence: Evidence) -> Wish:
    """Return a wish with what is known of it, and the code in focus."""
    block = ""
    if spot is not None:
        block = focus.joined(await steady(focus.of_place, site.code, spot.path, spot.offset))
    where = "" if spot is None else str(spot)
    return Wish(instruction, where, report(evidence, instruction), block)
