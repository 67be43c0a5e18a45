"""Composition of plans for the server: what the editor's plan handlers ask for.

Part of the composition root beside ``app`` and ``planning``; made when the first plan is wanted.
Everything that a plan is stays in its folder: this holds nothing.
"""

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from tandem.acting import kept_text
from tandem.core.errors import RefusedError
from tandem.engine.estimate import Quote
from tandem.features.refactor import result
from tandem.features.refactor.report import report
from tandem.features.refactor.state import WORKING, Phase, Run, Status
from tandem.lsp.plan_ports import Change, Look, Made, Ran, Told
from tandem.planning import book, carry, deliver, make
from tandem.planning.evidence import Spot, evidence_of, plans_of
from tandem.site import Site
from tandem.spending import must_ask
from tandem.workspace.plans import PlanFolder

if TYPE_CHECKING:
    from tandem.opened import Opened
    from tandem.planning.make import Draft

_NEVER: Final = timedelta(0)
_OFFERED: Final = {
    **dict.fromkeys((*WORKING, Phase.APPLYING), timedelta(days=7)),
    Phase.READY: timedelta(days=1),  # who said "Later" is not asked at every start for ever
}
"""How long a plan that did not end is offered again when the server starts."""


class Planner:
    """The plans of one server process; see `lsp.plan_ports.PlanPorts`."""

    def __init__(self, opened: "Opened") -> None:
        """Take the workspace that is open."""
        self._opened = opened
        self._world = opened.world

    # -- a plan is made ------------------------------------------------------------------------

    async def look(self, instruction: str, uri: str, offset: int | None) -> Look:
        """Return what is known for free, and the price of a plan."""
        site = self._opened.site()
        spot = self._spot(site, uri, offset)
        evidence = await evidence_of(site, instruction, spot)
        if evidence is None:
            raise RefusedError("the words name nothing of this workspace: say what should change")
        text = report(evidence, instruction)
        why = self._opened.without_model()
        if why:
            return Look(instruction, text, "", ask=False, without_model=why, draft=None)
        wish = await make.wish_of(site, instruction, spot, evidence)
        draft = await make.drafted(self._world, site, wish)
        ask = must_ask(draft.quote, site.settings.refactor.confirm_usd)
        return Look(instruction, text, f"a plan costs {draft.quote.brief}", ask, "", draft)

    async def make(self, look: Look, told: Told) -> Made:
        """Have Pro make a plan."""
        site, draft = self._opened.site(), cast("Draft", look.draft)
        folder, run = await make.planned(self._world, site, draft, self._opened.asker(), told)
        price = self._quote(site, run)
        return Made(
            folder.number,
            folder.text.as_uri(),
            len(run.plan.steps),
            run.problems,
            str(run.cost),
            f"to carry it out costs {price.brief}",
        )

    # -- a plan is carried out -----------------------------------------------------------------

    async def price(self, number: int) -> tuple[str, bool]:
        """Return what carrying a plan out costs, and whether to ask; what is begun goes on."""
        site, run = self._opened.site(), await self._run(number)
        if run.phase is not Phase.PROPOSED:
            return "", False
        quote = self._quote(site, run)
        return f"To carry it out costs {quote.brief}.", must_ask(
            quote, site.settings.refactor.confirm_usd
        )

    async def run(self, number: int, told: Told) -> Ran:
        """Carry a plan out, or go on with it; what is ready is only told."""
        site, folder = self._opened.site(), self._folder(number)
        run = await self._run(number)
        if run.phase in {*WORKING, Phase.PROPOSED}:
            run = await carry.carried_out(self._world, site, folder, self._opened.asker(), told)
        elif run.phase is Phase.WANTED:
            raise RefusedError("no plan came of that: ask for it again, what was answered is kept")
        elif run.phase is Phase.APPLYING:  # the editor went away: the files tell how far it came
            run = await deliver.settled(site, folder)
        return Ran(
            number,
            run.plan.goal,
            run.phase.value,
            run.phase is Phase.READY,
            run.reason or run.halted,
            tuple(f"{name}: {run.steps[name].reason}" for name in run.named(Status.ASIDE)),
            tuple(sorted(run.now)),
            str(run.cost),
            folder.patch.as_uri(),
        )

    async def begin(self, number: int) -> Change:
        """Note that the result is about to be applied, and return it."""
        run, found = await deliver.applying(self._opened.site(), self._folder(number), "the editor")
        return Change(run.plan.goal, found.before, found.texts, result.steps_of(run))

    async def end(self, number: int, refusal: str) -> None:
        """Note that the result was taken, or why not."""
        await deliver.applied(self._folder(number), refusal)

    async def discard(self, number: int) -> None:
        """Give a plan up."""
        await deliver.discarded(self._folder(number))

    async def latest(self) -> int:
        """Return the number of the plan that was made last."""
        folders = await asyncio.to_thread(plans_of(self._world.paths, self._opened.root()).all)
        if not folders:
            raise RefusedError("there is no plan of this workspace")
        return folders[-1].number

    async def unfinished(self) -> tuple[int, str] | None:
        """Return the last plan if it was begun and did not end."""
        try:
            number = await self.latest()
            run = await self._run(number)
        except RefusedError:
            return None
        age = self._world.clock.now() - datetime.fromisoformat(run.at)
        if age > _OFFERED.get(run.phase, _NEVER) or self._opened.without_model():
            return None
        if run.phase is Phase.READY:
            return number, f"Plan {number} is ready: {run.plan.goal}, {run.cost}."
        done, why = len(run.named(Status.DONE)), f" ({run.halted})" if run.halted else ""
        return number, (
            f"Plan {number} was interrupted{why}: {run.plan.goal}, {done} of "
            f"{len(run.plan.steps)} steps are done, {run.cost}."
        )

    async def keep(self, title: str, text: str) -> str:
        """Write a text for people to a file in the state directory; return its URI."""
        return await asyncio.to_thread(kept_text, self._world.paths.state, title, text)

    # -- the workspace -------------------------------------------------------------------------

    def _spot(self, site: Site, uri: str, offset: int | None) -> Spot | None:
        path = self._opened.path_of(uri)
        if path is None or path not in site.code.paths:
            return None
        document = self._opened.document(path)
        if document is None or offset is None:
            return Spot(path, offset, None)
        return Spot(path, offset, document.text.point_at(offset)[0])

    def _folder(self, number: int) -> PlanFolder:
        folder = plans_of(self._world.paths, self._opened.root()).get(number)
        if folder is None:
            raise RefusedError(f"there is no plan {number} of this workspace")
        return folder

    async def _run(self, number: int) -> Run:
        return await asyncio.to_thread(book.read_run, self._folder(number))

    def _quote(self, site: Site, run: Run) -> Quote:
        return carry.quote_of(self._world, site, run)
