"""The composition root: with ``spending`` and ``acting`` it names the classes of every layer.

It brings in the world (clock, environment, home) and hands it down; nothing below it reads the
environment or the time by itself.
"""

import asyncio
import gc
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tandem import __version__, spending
from tandem.core import bug
from tandem.core.money import Usd
from tandem.workspace import paths
from tandem.workspace.configuration import Configuration, Layer, read_layers, resolve
from tandem.workspace.progress import Progress, Report

if TYPE_CHECKING:
    from tandem.acting import Acting
    from tandem.engine.accounts import Accounts
    from tandem.engine.gateway import Gateway
    from tandem.features.inline.complete import Ports
    from tandem.features.inline.visits import Visits
    from tandem.lsp.ext import Status
    from tandem.lsp.handlers.actions import ActionPorts
    from tandem.lsp.handlers.lifecycle import Services
    from tandem.lsp.plan_ports import PlanPorts
    from tandem.lsp.review_ports import ReviewPorts
    from tandem.models.store import Installed
    from tandem.opened import Opened
    from tandem.workspace.documents import Change, Document
    from tandem.workspace.live_index import LiveIndex
    from tandem.workspace.paths import Paths
    from tandem.workspace.repository_engine import RepositoryEngine, Training
    from tandem.workspace.settings import Settings

logger = logging.getLogger(__name__)


class RealClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - here the clock is brought in

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class World:
    """What the process was given: environment, home, clock."""

    environment: Mapping[str, str]
    home: Path
    clock: RealClock = field(default_factory=RealClock)

    @classmethod
    def real(cls) -> "World":
        """Return this process's world."""
        return cls(os.environ, Path.home())  # noqa: TID251 - here the environment is brought in

    @property
    def paths(self) -> "Paths":
        """Where this user's things are."""
        return paths.find(self.environment, self.home)

    def configuration(self, root: Path | None, editor: Mapping[str, Any]) -> Configuration:
        """Read every layer of settings for a workspace."""
        layers, problems = read_layers(self.paths.config, root, self.environment)
        if editor:
            layers.append(Layer("editor", editor))
        return spending.with_dialect(resolve(layers, problems), self.paths.state)

    def key(self, settings: "Settings") -> str:
        """Return the API key, or an empty string. Read at each use, kept nowhere."""
        return self.environment.get(settings.api.key_env, "").strip()


class App:
    """One server process: what lives from ``initialize`` to ``exit``."""

    def __init__(self, world: World) -> None:
        """Begin without a workspace; nothing is opened, nothing heavy is imported."""
        from tandem.engine.outcomes import Outcomes  # noqa: PLC0415 - as those below
        from tandem.features.inline.flights import Flights  # noqa: PLC0415 - after those of `lsp`
        from tandem.features.inline.memo import Memo  # noqa: PLC0415
        from tandem.features.inline.typing_history import TypingHistory  # noqa: PLC0415
        from tandem.workspace.session import Session  # noqa: PLC0415

        self._world = world
        self._memo: Memo = Memo()
        self._history: TypingHistory = TypingHistory()
        self._flights: Flights = Flights(missed=self._history.missed)
        self._engine: RepositoryEngine | None = None
        self._accounts: Accounts | None = None
        self._gateway: Gateway | None = None
        self._acting: Acting | None = None
        self._planner: PlanPorts | None = None
        self._reviewer: ReviewPorts | None = None
        self._site: Opened | None = None
        self._local_model: Installed | None = None
        self._index: LiveIndex | None = None
        self._visits: Visits | None = None
        self._indexing: asyncio.Task[None] | None = None
        self.session: Session = Session()
        self._outcomes: Outcomes = Outcomes(
            world.paths.ledger, lambda: paths.workspace_tag(self.session.root), world.clock
        )

    def services(self) -> "Services":
        """Return what the protocol layer may use."""
        from tandem.lsp.handlers.lifecycle import Services  # noqa: PLC0415

        return Services(
            session=self.session,
            configure=self.configure,
            start=self.start,
            stop=self.stop,
            ports=self.ports,
            actions=self.actions,
            plans=self.plans,
            has_plans=self.has_plans,
            reviews=self.reviews,
            status=self.status,
            index=lambda: self._index,
            opened=self._opened,
            changed=self._changed,
            closed=self._closed,
            record=self._outcomes.note,
        )

    def configure(self, root: Path | None, editor: Mapping[str, Any]) -> tuple[str, ...]:
        """Read the settings again; return what could not be used."""
        configuration = self._world.configuration(root, editor)
        self.session.configure(spending.with_local_model(configuration, self._local_model))
        return configuration.problems

    async def start(self, report: Report, *, client_watches: bool) -> None:
        """Open the ledger, get a model ready, learn the workspace. After ``initialized``."""
        settings, root = self.session.configuration.settings, self.session.root
        if root is not None and settings.index.enabled:
            self._indexing = asyncio.create_task(
                self._run_index(root, settings, report, client_watches=client_watches)
            )
        self._local_model = spending.local_model(self._world, settings)
        if self._local_model is not None:
            configuration = self.session.configuration
            self.session.configure(spending.with_local_model(configuration, self._local_model))
            settings = self.session.configuration.settings
        if self._local_model is not None or spending.may_ask(self._world, settings):
            await self._start_models(settings, root)
        if settings.local.enabled:
            self._engine = self._make_engine(root)
            for document in self.session.snapshot().documents.values():
                self._engine.opened(document)
            if root is not None:
                await self._engine.start(root, settings.local.exclude, _training(report))

    async def _run_index(
        self, root: Path, settings: "Settings", report: Report, *, client_watches: bool
    ) -> None:
        from tandem.features.inline.visits import Visits  # noqa: PLC0415 - off the start-up path
        from tandem.workspace.live_index import LiveIndex  # noqa: PLC0415

        index = self._index = LiveIndex(root, self._world.paths.index(root), self._world.clock)
        self._visits = Visits(index, self._world.clock)
        for document in self.session.snapshot().documents.values():
            index.opened(document)
        try:
            exclude = settings.index.exclude
            await index.run(exclude, client_watches=client_watches, report=report)
        except Exception:
            # Completions go on with the open file alone, as with index.enabled off.
            bug.seen["index"] += 1
            logger.exception("index.crashed")
            self._visits = None

    async def _start_models(self, settings: "Settings", root: Path | None) -> None:
        self._accounts = await asyncio.to_thread(
            spending.open_accounts, self._world, settings, root, f"{os.getpid()}"
        )
        self._gateway = spending.make_gateway(
            self._world, settings, self._accounts, self._local_model
        )
        await self._gateway.warm()

    def _make_engine(self, root: Path | None) -> "RepositoryEngine":
        from tandem.workspace.repository_engine import RepositoryEngine  # noqa: PLC0415

        return RepositoryEngine(self._world.paths.repository_models(root) if root else None)

    def ports(self) -> "Ports":
        """Return who helps with a completion at this moment."""
        from tandem.features.inline.complete import Ports  # noqa: PLC0415

        return Ports(
            self._memo,
            self._engine,
            self._gateway,
            self._world.clock,
            self._flights,
            self._history,
            self._visits,
        )

    def actions(self, uri: str) -> "ActionPorts":
        """Return who helps with an action in a document at this moment."""
        from tandem.acting import Acting  # noqa: PLC0415 - with the first action

        if self._acting is None:
            world = self._world
            self._acting = Acting(self.session, world.clock, world.paths.state)
        gateway = self._gateway if self._local_model is None else None
        return self._acting.ports(uri, self._index, gateway)

    def has_plans(self) -> bool:
        """Tell whether there are plans of this workspace, without a look into them."""
        root = self.session.root
        return root is not None and self._world.paths.plans(root).is_dir()

    def plans(self) -> "PlanPorts":
        """Return who makes plans and carries them out."""
        from tandem.planner import Planner  # noqa: PLC0415 - with the first plan

        if self._planner is None:
            self._planner = Planner(self._opened_site())
        return self._planner

    def reviews(self) -> "ReviewPorts":
        """Return who reviews changes."""
        from tandem.reviewer import Reviewer  # noqa: PLC0415 - with the first review

        if self._reviewer is None:
            self._reviewer = Reviewer(self._opened_site())
        return self._reviewer

    def _opened_site(self) -> "Opened":
        from tandem.opened import Opened  # noqa: PLC0415 - as above

        if self._site is None:

            def gateway() -> "Gateway | None":
                return self._gateway if self._local_model is None else None

            self._site = Opened(self._world, self.session, lambda: self._index, gateway)
        return self._site

    async def status(self) -> "Status":
        """Sum up the state for an editor's status line."""
        from tandem.engine.budget import day_start  # noqa: PLC0415
        from tandem.ledger.ledger import Totals  # noqa: PLC0415
        from tandem.lsp.ext import Status  # noqa: PLC0415

        totals = Totals(0, Usd(), Usd(), 0, 0)
        if self._accounts is not None:
            totals = await self._accounts.totals(day_start(self._world.clock.now()))
        return Status(
            version=__version__,
            models=self._gateway is not None,
            learning=self._is_learning(),
            local_tokens=self._engine.tokens if self._engine else 0,
            indexing=self._index.summary.busy if self._index else False,
            indexed_files=self._index.summary.files if self._index else 0,
            spent_today_usd=totals.spent.decimal(),
            calls_today=totals.calls,
            calls_running=self._gateway.running if self._gateway else 0,
            estimated_today=totals.estimated,
        )

    def _is_learning(self) -> bool:
        if not self.session.configuration.settings.local.enabled:
            return False
        return self._engine is None or self._engine.learning

    def _opened(self, document: "Document") -> None:
        if self._engine is not None:
            self._engine.opened(document)
        if self._index is not None:
            self._index.opened(document)

    def _changed(self, document: "Document", changes: "Sequence[Change]") -> None:
        self._history.changed(document.uri, changes, self._world.clock.monotonic())
        if self._index is not None:
            self._index.changed(document, changes)

    def _closed(self, uri: str) -> None:
        self._memo.forget(uri)
        self._flights.drop(uri)
        self._history.closed(uri)
        if self._index is not None:
            self._index.closed(uri)
        if self._visits is not None:
            self._visits.forget(uri)
        if self._engine is not None:
            self._engine.closed(uri)

    async def stop(self) -> None:
        """Close connections, settle calls, end the training process, close the ledger."""
        self._flights.drop_all()
        if self._indexing is not None:
            self._indexing.cancel()
            await asyncio.wait([self._indexing])
        if self._index is not None:
            await self._index.aclose()
        if self._gateway is not None:
            await self._gateway.aclose()
        if self._engine is not None:
            await self._engine.aclose()
        if self._accounts is not None:
            self._accounts.close()
        await self._outcomes.aclose()
        self._gateway = self._engine = self._accounts = self._index = self._visits = None


def _training(report: Report) -> "Callable[[Training], Awaitable[None]]":
    """Return a report of training runs that moves a bar."""

    async def told(news: "Training") -> None:
        ended = news.tokens is not None
        message = f"{news.tokens:,} tokens learned" if ended else f"learning {news.files} files"
        await report(Progress("local", message, ended=ended))

    return told


def serve(world: World, *, tcp_port: int | None, announce: Callable[[int], None]) -> int:
    """Run the server until its client says exit or goes away; return the exit status."""
    from tandem.lsp.server import build  # noqa: PLC0415 - half a second; other commands go without
    from tandem.lsp.transport import serve_stdio, serve_tcp  # noqa: PLC0415

    app = App(world)
    endpoint = build(app.services())
    gc.freeze()  # what start-up made lives as long as the process
    gc.enable()

    async def run() -> int:
        try:
            if tcp_port is None:
                return await serve_stdio(endpoint)
            return await serve_tcp(endpoint, tcp_port, announce)
        finally:
            await app.stop()

    return asyncio.run(run())
