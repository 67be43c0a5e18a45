"""Composition of plans for the server: what the editor's plan handlers ask for.

Part of the composition root beside ``app`` and ``planning``; made when the first plan is wanted.
Everything that a plan is stays in its folder: this holds the pack of the workspace and no more.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
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
from tandem.site import Site, site_of
from tandem.spending import must_ask
from tandem.workspace.files import FileEntry, list_files
from tandem.workspace.ignore import read_rules
from tandem.workspace.plans import PlanFolder

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.engine.gateway import Gateway
    from tandem.planning.make import Draft
    from tandem.workspace.live_index import LiveIndex
    from tandem.workspace.packing import Packing
    from tandem.workspace.session import Session

_NEVER: Final = timedelta(0)
_OFFERED: Final = {
    **dict.fromkeys((*WORKING, Phase.APPLYING), timedelta(days=7)),
    Phase.READY: timedelta(days=1),  # who said "Later" is not asked at every start for ever
}
"""How long a plan that did not end is offered again when the server starts."""


class Planner:
    """The plans of one server process; see `lsp.plan_ports.PlanPorts`."""

    def __init__(
        self,
        world: "World",
        session: "Session",
        index: "Callable[[], LiveIndex | None]",
        gateway: "Callable[[], Gateway | None]",
    ) -> None:
        """Take who knows the workspace, and the way to a model, as they are when it is asked."""
        self._world = world
        self._session = session
        self._index = index
        self._gateway = gateway
        self._packing: Packing | None = None

    # -- a plan is made ------------------------------------------------------------------------

    async def look(self, instruction: str, uri: str, offset: int | None) -> Look:
        """Return what is known for free, and the price of a plan."""
        site = self._site()
        spot = self._spot(site, uri, offset)
        evidence = await evidence_of(site, instruction, spot)
        if evidence is None:
            raise RefusedError("the words name nothing of this workspace: say what should change")
        text = report(evidence, instruction)
        if self._gateway() is None:
            name = site.settings.api.key_env or "api.key_env"
            why = f"no API key: set {name} and restart"
            return Look(instruction, text, "", ask=False, without_model=why, draft=None)
        wish = await make.wish_of(site, instruction, spot, evidence)
        draft = await make.drafted(self._world, site, wish)
        ask = must_ask(draft.quote, site.settings.refactor.confirm_usd)
        return Look(instruction, text, f"a plan costs {draft.quote.brief}", ask, "", draft)

    async def make(self, look: Look, told: Told) -> Made:
        """Have Pro make a plan."""
        site, draft = self._site(), cast("Draft", look.draft)
        folder, run = await make.planned(self._world, site, draft, self._asker(), told)
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
        site, run = self._site(), await self._run(number)
        if run.phase is not Phase.PROPOSED:
            return "", False
        quote = self._quote(site, run)
        return f"To carry it out costs {quote.brief}.", must_ask(
            quote, site.settings.refactor.confirm_usd
        )

    async def run(self, number: int, told: Told) -> Ran:
        """Carry a plan out, or go on with it; what is ready is only told."""
        site, folder = self._site(), self._folder(number)
        run = await self._run(number)
        if run.phase in {*WORKING, Phase.PROPOSED}:
            run = await carry.carried_out(self._world, site, folder, self._asker(), told)
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
        run, found = await deliver.applying(self._site(), self._folder(number), "the editor")
        return Change(run.plan.goal, found.before, found.texts, result.steps_of(run))

    async def end(self, number: int, refusal: str) -> None:
        """Note that the result was taken, or why not."""
        await deliver.applied(self._folder(number), refusal)

    async def discard(self, number: int) -> None:
        """Give a plan up."""
        await deliver.discarded(self._folder(number))

    async def latest(self) -> int:
        """Return the number of the plan that was made last."""
        folders = await asyncio.to_thread(plans_of(self._world.paths, self._root()).all)
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
        if age > _OFFERED.get(run.phase, _NEVER) or self._gateway() is None:
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

    def _root(self) -> Path:
        if self._session.root is None:
            raise RefusedError("there is no workspace: open a folder to plan changes of it")
        return self._session.root

    def _site(self) -> Site:
        root, index = self._root(), self._index()
        if index is None:
            raise RefusedError("the workspace is not indexed: index.enabled is off")
        settings = self._session.configuration.settings

        def files() -> list[FileEntry]:
            return list(list_files(root, read_rules(root, settings.index.exclude)).files)

        site = site_of(self._world.paths, root, settings, index.codebase, files, self._packing)
        self._packing = site.packing
        return replace(site, open=self._open, buffer=self._buffer)

    def _buffer(self, path: str) -> str | None:
        """Return what is typed in a document this moment: the index knows it at the next pause."""
        index = self._index()
        for uri, document in self._session.snapshot().documents.items():
            if index is not None and index.path_of(uri) == path:
                return str(document.text)
        return None

    def _open(self) -> Mapping[str, str]:
        index = self._index()
        documents = self._session.snapshot().documents.items()
        found = {index.path_of(uri): document for uri, document in documents} if index else {}
        return {path: str(document.text) for path, document in found.items() if path is not None}

    def _spot(self, site: Site, uri: str, offset: int | None) -> Spot | None:
        index = self._index()
        path = index.path_of(uri) if index is not None and uri else None
        if path is None or path not in site.code.paths:
            return None
        document = self._session.snapshot().documents.get(uri)
        if document is None or offset is None:
            return Spot(path, offset, None)
        return Spot(path, offset, document.text.point_at(offset)[0])

    def _asker(self) -> "Gateway":
        gateway = self._gateway()
        if gateway is None:
            raise RefusedError("there is no API key to ask models with")
        return gateway

    def _folder(self, number: int) -> PlanFolder:
        folder = plans_of(self._world.paths, self._root()).get(number)
        if folder is None:
            raise RefusedError(f"there is no plan {number} of this workspace")
        return folder

    async def _run(self, number: int) -> Run:
        return await asyncio.to_thread(book.read_run, self._folder(number))

    def _quote(self, site: Site, run: Run) -> Quote:
        return carry.quote_of(self._world, site, run)
